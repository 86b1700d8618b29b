"""Clear goods: glasses, bottles, vases, bulbs. Their truth is the silhouette."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def tumbler(rng: np.random.Generator) -> None:
    """A heavy ribbed water glass."""
    outer = shapes.rounded([(0, 0), (0.27, 0), (0.3, 0.03), (0.38, 0.95)], 1)
    inner = [(0.372, 0.965), (0.355, 0.95), (0.275, 0.14), (0.24, 0.1), (0, 0.09)]
    rings = []
    for index, (r, z) in enumerate([*outer, *inner]):
        ring = shapes.circle(max(r, 1e-4), 144, z)
        if index < len(outer) and 0.04 < z < 0.7:
            ring[:, :2] *= 1 - 0.02 * (np.cos(np.arange(144) * 2 * np.pi * 16 / 144) > 0.4)[:, None]
        rings.append(ring)
    shapes.loft(rings, materials.glass(), caps=False, sharp=60)


def wine_glass(rng: np.random.Generator) -> None:
    """A stemmed glass with some red wine."""
    outer = [
        (0, 0),
        (0.3, 0),
        (0.3, 0.01),
        (0.05, 0.04),
        (0.025, 0.12),
        (0.025, 0.5),
        (0.1, 0.6),
        (0.27, 0.8),
        (0.3, 1.0),
        (0.24, 1.3),
    ]
    inner = [(0.232, 1.3), (0.29, 1.0), (0.26, 0.81), (0.09, 0.615), (0, 0.6)]
    shapes.lathe([*outer, *inner], materials.glass(), smooth=2)
    wine = [(0, 0.61), (0.088, 0.622), (0.25, 0.8), (0.262, 0.86), (0, 0.86)]
    shapes.lathe(wine, materials.glass((0.5, 0.02, 0.04), index=1.34), smooth=1)


def oil_bottle(rng: np.random.Generator) -> None:
    """A square olive-oil bottle with a label and a cork."""
    rings = []
    for r, z, q in (
        (1e-3, 0, 4),
        (0.2, 0, 5),
        (0.22, 0.03, 6),
        (0.22, 0.75, 6),
        (0.16, 0.92, 3),
        (0.07, 1.0, 2),
        (0.065, 1.25, 2),
        (0.085, 1.26, 2),
        (0.085, 1.31, 2),
        (0.05, 1.31, 2),
        (0.05, 1.0, 2),
        (0.14, 0.9, 3),
        (0.2, 0.74, 6),
        (0.2, 0.07, 6),
        (1e-3, 0.06, 4),
    ):
        rings.append(shapes.circle(r, 96, z, q))
    shapes.loft(rings, materials.glass((0.75, 0.9, 0.7)), caps=False)
    oil = [shapes.circle(r, 96, z, 6) for r, z in ((1e-3, 0.065), (0.197, 0.075), (0.197, 0.68), (1e-3, 0.68))]
    shapes.loft(oil, materials.glass((0.75, 0.6, 0.05), index=1.46), caps=False)
    label = materials.paint((0.75, 0.7, 0.55), 0.7, pattern="print", second=(0.1, 0.2, 0.06), scale=9)
    shapes.box((0.34, 0.004, 0.36), (0, -0.224, 0.38), label, bevel=0.001)
    shapes.rod(0.052, 0.16, (0, 0, 1.2), materials.paint((0.4, 0.24, 0.12), 0.9, bump=0.5, bump_scale=40))


def light_bulb(rng: np.random.Generator) -> None:
    """A clear filament bulb with a brass screw cap, lying on its side."""
    turn = (0, 78, 25)
    clear = [(0.13, 0.3), (0.14, 0.36), (0.3, 0.66), (0.33, 0.85), (0.24, 1.08), (0, 1.17)]
    inside = [(0, 1.16), (0.235, 1.07), (0.322, 0.85), (0.292, 0.66), (0.13, 0.36), (0.12, 0.3)]
    at = (-0.5, 0, 0.33)
    shapes.lathe([*clear, *inside], materials.glass(), at, turn, smooth=2)
    thread = [
        (0, 0),
        (0.05, 0),
        (0.08, 0.05),
        (0.13, 0.06),
        *[(0.13 + 0.01 * (i % 2), 0.08 + 0.028 * i) for i in range(9)],
        (0.1, 0.34),
    ]
    shapes.lathe(thread, materials.gold(0.25), at, turn, smooth=1)
    wire = materials.shine((1.0, 0.55, 0.2), 4)
    line = [
        (0.12 * np.cos(a), 0.12 * np.sin(a), 0.55 + 0.35 * (i % 2)) for i, a in enumerate(np.linspace(0, 2 * np.pi, 9))
    ]
    shapes.wires([shapes.place(line, at, turn)], 0.004, wire)


def perfume(rng: np.random.Generator) -> None:
    """A thick-walled perfume flacon with amber liquid and a gold cap."""
    outer = [
        shapes.circle(r, 80, z, 8, 0.5)
        for r, z in ((1e-3, 0), (0.36, 0), (0.38, 0.03), (0.38, 0.75), (0.34, 0.8), (0.1, 0.81))
    ]
    inner = [shapes.circle(r, 80, z, 6, 0.45) for r, z in ((0.09, 0.78), (0.3, 0.72), (0.3, 0.12), (1e-3, 0.12))]
    shapes.loft([*outer, *inner], materials.glass(), caps=False)
    juice = [shapes.circle(r, 80, z, 6, 0.45) for r, z in ((1e-3, 0.125), (0.297, 0.125), (0.297, 0.62), (1e-3, 0.62))]
    shapes.loft(juice, materials.glass((0.95, 0.6, 0.3), index=1.36), caps=False)
    shapes.rod(0.1, 0.06, (0, 0, 0.81), materials.gold())
    shapes.box((0.28, 0.2, 0.28), (0, 0, 1.0), materials.gold(0.08), bevel=0.03)


def glass_bowl(rng: np.random.Generator) -> None:
    """A blue glass salad bowl."""
    profile = [
        (0, 0),
        (0.2, 0),
        (0.24, 0.02),
        (0.5, 0.2),
        (0.62, 0.45),
        (0.605, 0.455),
        (0.48, 0.215),
        (0.22, 0.05),
        (0, 0.04),
    ]
    shapes.lathe(profile, materials.glass((0.55, 0.8, 0.95)), smooth=2)


def reading_glasses(rng: np.random.Generator) -> None:
    """Round spectacles of thin gold wire."""
    gold, lens = materials.gold(0.15), materials.glass()
    for side in (-1, 1):
        rim = shapes.place(shapes.circle(0.25, 60), (side * 0.33, 0, 0.27), (90, 0, 0))
        shapes.wires([rim], 0.011, gold, closed=True)
        shapes.lathe([(0, -0.012), (0.247, -0.004), (0.247, 0.004), (0, 0.0)], lens, (side * 0.33, 0, 0.27), (90, 0, 0))
        arm = [
            (side * 0.57, 0.0, 0.33),
            (side * 0.6, 0.06, 0.34),
            (side * 0.58, 0.7, 0.33),
            (side * 0.57, 0.9, 0.24),
            (side * 0.57, 1.0, 0.1),
        ]
        shapes.wires([shapes.bend(arm, 50)], 0.009, gold)
        pad = [(side * 0.09, 0.0, 0.3), (side * 0.06, 0.06, 0.28), (side * 0.07, 0.08, 0.22)]
        shapes.wires([shapes.bend(pad, 14)], 0.005, gold)
    shapes.wires([shapes.bend([(-0.09, 0, 0.33), (0, -0.02, 0.37), (0.09, 0, 0.33)], 20)], 0.011, gold)
