"""Furniture: thin legs, slats, open shelves."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes

OAK = ((0.45, 0.28, 0.13), (0.3, 0.17, 0.07))
WALNUT = ((0.2, 0.1, 0.05), (0.1, 0.045, 0.02))


def bar_stool(rng: np.random.Generator) -> None:
    """A round stool on four thin black legs with a foot ring."""
    black = materials.paint((0.012, 0.012, 0.013), 0.4)
    shapes.lathe([(0, 1.3), (0.3, 1.3), (0.33, 1.33), (0.33, 1.37), (0.28, 1.4), (0, 1.385)], _wood(OAK), smooth=1)
    corners = [(x, y) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    shapes.wires([[(0.32 * x, 0.32 * y, 0), (0.17 * x, 0.17 * y, 1.31)] for x, y in corners], 0.016, black)
    ring = shapes.circle(0.385, 60, 0.38)
    shapes.wires([ring, shapes.circle(0.25, 60, 1.28)], 0.013, black, closed=True)


def spindle_chair(rng: np.random.Generator) -> None:
    """A wooden chair with a bowed back of thin spindles."""
    wood = _wood(WALNUT)
    seat = [shapes.circle(r, 60, z, 3, 0.92) for r, z in ((0.34, 0.8), (0.38, 0.83), (0.38, 0.85), (0.33, 0.86))]
    shapes.loft(seat, wood)
    legs = [[(0.36 * x, 0.34 * y, 0), (0.25 * x, 0.24 * y, 0.81)] for x in (-1, 1) for y in (-1, 1)]
    shapes.wires(legs, 0.026, wood, taper=[0.7, 1.2, 0.9], round_=5)
    shapes.wires(
        [[(0.32 * x, -0.3, 0.3), (0.32 * x, 0.3, 0.3)] for x in (-1, 1)] + [[(-0.32, 0, 0.3), (0.32, 0, 0.3)]],
        0.014,
        wood,
    )
    bow = [
        (-0.33, 0.2, 0.84),
        (-0.38, 0.32, 1.3),
        (-0.26, 0.42, 1.62),
        (0, 0.45, 1.7),
        (0.26, 0.42, 1.62),
        (0.38, 0.32, 1.3),
        (0.33, 0.2, 0.84),
    ]
    line = shapes.bend(bow, 70)
    shapes.wires([line], 0.02, wood, round_=5)
    tops = line[np.linspace(18, 51, 8).astype(int)]
    shapes.wires([[(0.62 * x, 0.29, 0.85), (x, y, z)] for x, y, z in tops], 0.01, wood)


def ladder_shelf(rng: np.random.Generator) -> None:
    """An open shelf of steel tube with five thin boards and a few books."""
    steel, board = materials.paint((0.6, 0.6, 0.58), 0.4), _wood(OAK)
    for x in (-0.4, 0.4):
        shapes.wires([[(x, -0.18, 0), (x, -0.18, 1.7), (x, 0.18, 1.7), (x, 0.18, 0)]], 0.013, steel)
    for z in (0.15, 0.53, 0.91, 1.29, 1.66):
        shapes.box((0.82, 0.37, 0.022), (0, 0, z), board, bevel=0.004)
    shapes.wires([[(-0.4, 0.18, 0.2), (0.4, 0.18, 1.6)], [(0.4, 0.18, 0.2), (-0.4, 0.18, 1.6)]], 0.006, steel)
    x = -0.34
    for _ in range(6):
        wide, tall = rng.uniform(0.02, 0.05), rng.uniform(0.18, 0.28)
        colour = tuple(0.05 + 0.6 * rng.random(3))
        shapes.box((wide, 0.2, tall), (x, 0, 0.541 + tall / 2), materials.paint(colour, 0.6), bevel=0.004)
        x += wide + 0.004


def side_table(rng: np.random.Generator) -> None:
    """A white table on hairpin legs; made for a white backdrop."""
    white = materials.paint((0.8, 0.8, 0.79), 0.3)
    shapes.lathe([(0, 0.75), (0.44, 0.75), (0.46, 0.765), (0.44, 0.79), (0, 0.79)], white)
    for angle in (20, 140, 260):
        pin = shapes.bend(
            [(0.22, -0.07, 0.75), (0.32, -0.03, 0.2), (0.36, 0, 0.012), (0.32, 0.03, 0.2), (0.22, 0.07, 0.75)], 40
        )
        shapes.wires([shapes.place(pin, turn=(0, 0, angle))], 0.012, white)


def coat_stand(rng: np.random.Generator) -> None:
    """A coat stand with curled hooks and a felt hat on one."""
    black = materials.paint((0.02, 0.02, 0.02), 0.3)
    shapes.wires([[(0, 0, 0.1), (0, 0, 1.75)]], 0.022, black)
    shapes.ball(0.035, (0, 0, 1.77), black)
    for angle in range(0, 360, 60):
        hook = shapes.bend([(0, 0, 1.5), (0.12, 0, 1.42), (0.24, 0, 1.55), (0.2, 0, 1.68), (0.15, 0, 1.66)], 34)
        shapes.wires([shapes.place(hook, turn=(0, 0, angle))], 0.012, black)
    for angle in (30, 120, 210, 300):
        foot = shapes.bend([(0, 0, 0.4), (0.1, 0, 0.15), (0.3, 0, 0.06), (0.36, 0, 0.015)], 24)
        shapes.wires([shapes.place(foot, turn=(0, 0, angle))], 0.018, black)
    felt = materials.paint((0.25, 0.14, 0.07), 0.95, sheen=0.4, bump=0.2, bump_scale=120)
    hat = [(0.32, -0.02), (0.2, 0.0), (0.155, 0.03), (0.14, 0.16), (0.08, 0.2), (0, 0.19)]
    shapes.thicken(shapes.lathe(hat, felt, (0.17, -0.1, 1.62), (12, 14, 0), smooth=2), 0.012)


def _wood(tones: tuple[materials.Colour, materials.Colour]) -> shapes.Material:
    return materials.paint(tones[0], 0.4, pattern="wood", second=tones[1], scale=5, coat=0.15, bump=0.05)
