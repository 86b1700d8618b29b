"""Spokes, blades and grilles."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def bicycle_wheel(rng: np.random.Generator) -> None:
    """A wheel with tyre, rim, hub and 32 crossed spokes."""
    at, turn = (0, 0, 0.72), (90, 0, 0)
    tyre, rim = materials.paint((0.02, 0.02, 0.02), 0.8, bump=0.3, bump_scale=60), materials.chrome(rough=0.2)
    shapes.wires([shapes.place(shapes.circle(0.68, 140), at, turn)], 0.038, tyre, closed=True, round_=6)
    shapes.wires([shapes.place(shapes.circle(0.635, 140), at, turn)], 0.02, rim, closed=True)
    shapes.rod(0.035, 0.16, (0, 0.08, 0.72), rim, turn)
    spokes = []
    for index in range(32):
        outer = 2 * np.pi * index / 32
        inner = outer + (0.9 if index % 4 < 2 else -0.9)
        y = 0.06 * (-1) ** index
        spokes.append(
            [
                (0.04 * np.cos(inner), y, 0.72 + 0.04 * np.sin(inner)),
                (0.63 * np.cos(outer), 0, 0.72 + 0.63 * np.sin(outer)),
            ]
        )
        if index % 2:
            shapes.wires([shapes.place(shapes.circle(0.045, 30), (0, y, 0.72), turn)], 0.005, rim, closed=True)
    shapes.wires(spokes, 0.0035, rim)
    shapes.wires([[(0.6, -0.02, 0.72), (0.64, -0.05, 0.72)]], 0.006, tyre)


def desk_fan(rng: np.random.Generator) -> None:
    """A desk fan: blades behind a wire grille."""
    grey, blade = materials.paint((0.25, 0.28, 0.3), 0.35), materials.paint((0.05, 0.3, 0.4), 0.25, coat=0.4)
    steel = materials.chrome(rough=0.15)
    shapes.lathe([(0, 0), (0.28, 0), (0.28, 0.04), (0.08, 0.08), (0.05, 0.12), (0.05, 0.45), (0, 0.45)], grey, smooth=1)
    middle = (0, 0, 0.85)
    shapes.lathe([(0, -0.3), (0.09, -0.28), (0.12, -0.1), (0, -0.1)], grey, middle, (90, 0, 0), smooth=1)
    for angle in (0, 120, 240):
        u, v = np.mgrid[0:1:12j, 0:1:10j]
        reach, spread = 0.06 + 0.3 * u, (v - 0.5) * (0.5 + 1.0 * np.sin(np.pi * np.clip(u, 0, 0.85)))
        grid = np.stack([reach * np.cos(spread), reach * np.sin(spread), 0.09 * (v - 0.5)], 2)
        shapes.sheet(shapes.place(shapes.place(grid, turn=(0, 0, angle)), middle, (90, 0, 0)), blade, 0.006)
    shapes.rod(0.07, 0.08, (0, 0.02, 0.85), blade, (90, 0, 0))
    wires = []
    for angle in np.linspace(0, 360, 56, endpoint=False):
        for front in (-1, 1):
            line = shapes.bend(
                [(0.06, 0, front * 0.13), (0.25, 0, front * 0.12), (0.4, 0, front * 0.03), (0.41, 0, 0)], 16
            )
            wires.append(shapes.place(shapes.place(line, turn=(0, 0, angle)), middle, (90, 0, 0)))
    shapes.wires(wires, 0.0035, steel)
    for radius, depth in ((0.41, 0.0), (0.25, 0.12), (0.25, -0.12)):
        ring = shapes.place(shapes.circle(radius, 90, depth), middle, (90, 0, 0))
        shapes.wires([ring], 0.008, steel, closed=True)
    shapes.rod(0.07, 0.012, (0, -0.125, 0.85), grey, (90, 0, 0))


def waggon(rng: np.random.Generator) -> None:
    """A toy waggon: bright box, four spoked wheels, a pull bar."""
    red, yellow = materials.paint((0.65, 0.03, 0.02), 0.25, coat=0.5), materials.paint((0.8, 0.5, 0.02), 0.35)
    for y in (-0.26, 0.26):
        shapes.box((1.0, 0.03, 0.24), (0, y, 0.42), red, bevel=0.01)
    for x in (-0.5, 0.5):
        shapes.box((0.03, 0.54, 0.24), (x, 0, 0.42), red, bevel=0.01)
    shapes.box((1.0, 0.54, 0.03), (0, 0, 0.31), red, bevel=0.01)
    for x in (-0.34, 0.34):
        shapes.wires([[(x, -0.36, 0.18), (x, 0.36, 0.18)]], 0.015, materials.chrome(rough=0.3))
        shapes.box((0.06, 0.3, 0.12), (x, 0, 0.24), yellow, bevel=0.01)
        for y in (-0.34, 0.34):
            ring = shapes.place(shapes.circle(0.16, 60), (x, y, 0.18), (90, 0, 0))
            shapes.wires([ring], 0.022, yellow, closed=True, round_=5)
            spokes = shapes.place(
                [[(0, 0, 0), (0.16 * np.cos(a), 0.16 * np.sin(a), 0)] for a in np.linspace(0, 2 * np.pi, 9)[:-1]],
                (x, y, 0.18),
                (90, 0, 0),
            )
            shapes.wires(list(spokes), 0.011, yellow)
            shapes.rod(0.04, 0.06, (x, y + 0.03, 0.18), red, (90, 0, 0))
    bar = [(0.5, 0, 0.25), (0.72, 0, 0.35), (1.0, 0, 0.75)]
    shapes.wires([bar, [(1.0, -0.11, 0.75), (1.0, 0.11, 0.75)]], 0.014, materials.paint((0.02, 0.02, 0.02), 0.4))


def racket(rng: np.random.Generator) -> None:
    """A tennis racket: strung oval head, wrapped grip."""
    frame, string = materials.paint((0.02, 0.05, 0.25), 0.2, coat=0.6), materials.paint((0.8, 0.8, 0.7), 0.5)
    head = shapes.circle(0.34, 100, flat=1.3)[:, [0, 2, 1]] + [0, 0, 1.25]
    shapes.wires([head], 0.026, frame, closed=True, round_=5)
    lines = []
    for x in np.linspace(-0.29, 0.29, 17):
        reach = 0.44 * np.sqrt(1 - (x / 0.34) ** 2)
        lines.append([(x, 0.003, 1.25 - reach), (x, 0.003, 1.25 + reach)])
    for z in np.linspace(-0.39, 0.39, 20):
        reach = 0.34 * np.sqrt(1 - (z / 0.442) ** 2)
        lines.append([(-reach, -0.003, 1.25 + z), (reach, -0.003, 1.25 + z)])
    shapes.wires(lines, 0.0032, string, round_=2)
    for side in (-1, 1):
        shapes.wires(
            [shapes.bend([(side * 0.2, 0, 0.9), (side * 0.09, 0, 0.68), (side * 0.012, 0, 0.48)], 20)], 0.023, frame
        )
    shapes.wires(
        [[(0, 0, 0.5), (0, 0, 0.02)]],
        0.04,
        materials.paint((0.03, 0.03, 0.03), 0.8, pattern="rings", second=(0.1, 0.1, 0.1), scale=9),
        round_=5,
    )
