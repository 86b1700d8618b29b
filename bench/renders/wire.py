"""Wire goods: racks, baskets, cages, sieves and grids, with many small openings."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def bird_cage(rng: np.random.Generator) -> None:
    """A domed cage with a ring to hang it by, a perch and a tray."""
    brass, tray = materials.gold(0.25), materials.paint((0.5, 0.1, 0.08), 0.4)
    bars = []
    for angle in np.linspace(0, 2 * np.pi, 34, endpoint=False):
        side = [(0.36, 0.08), (0.36, 0.4), (0.36, 0.72), (0.3, 0.93), (0.17, 1.08), (0.02, 1.13)]
        bars.append(shapes.bend([(r * np.cos(angle), r * np.sin(angle), z) for r, z in side], 30))
    shapes.wires(bars, 0.0055, brass)
    for radius, z in ((0.36, 0.1), (0.362, 0.4), (0.362, 0.72), (0.27, 0.97)):
        shapes.wires([shapes.circle(radius, 72, z)], 0.008, brass, closed=True)
    shapes.lathe([(0, 0), (0.37, 0), (0.39, 0.02), (0.39, 0.1), (0.375, 0.1), (0.37, 0.03), (0, 0.03)], tray)
    shapes.wires([shapes.place(shapes.circle(0.06, 40), (0, 0, 1.2), (90, 0, 30))], 0.009, brass, closed=True)
    shapes.wires([[(-0.35, 0, 0.45), (0.35, 0, 0.45)]], 0.014, materials.paint((0.3, 0.17, 0.08), 0.6))


def sieve(rng: np.random.Generator) -> None:
    """A hemispherical kitchen sieve of fine mesh with a handle and two hooks, hung on a wall or laid down."""
    steel = materials.chrome(rough=0.15)
    turn = (70, 0, 0)
    across = np.linspace(-0.94, 0.94, 46) * 0.34
    lines = []
    for x in across:
        reach = np.sqrt(0.34**2 - x**2)
        y = np.linspace(-reach, reach, 24)
        bowl = np.stack([np.full(24, x), y, -0.75 * np.sqrt(np.maximum(0, 0.34**2 - x**2 - y**2))], 1)
        lines += [shapes.place(bowl, (0, 0, 0.36), turn), shapes.place(bowl[:, [1, 0, 2]], (0, 0, 0.36), turn)]
    shapes.wires(lines, 0.0022, steel, round_=1)
    shapes.wires([shapes.place(shapes.circle(0.34, 90), (0, 0, 0.36), turn)], 0.016, steel, closed=True)
    for side in (-0.03, 0.03):
        grip = shapes.bend([(side, 0.33, 0), (side, 0.7, 0.03), (side, 1.0, 0.0), (0, 1.06, 0)], 30)
        shapes.wires([shapes.place(grip, (0, 0, 0.36), turn)], 0.011, steel)
    hook = shapes.bend([(-0.06, -0.34, 0), (-0.05, -0.43, -0.02), (0.05, -0.43, -0.02), (0.06, -0.34, 0)], 20)
    shapes.wires([shapes.place(hook, (0, 0, 0.36), turn)], 0.01, steel)


def fruit_bowl(rng: np.random.Generator) -> None:
    """A black wire bowl of crossing spirals with three lemons."""
    black = materials.paint((0.015, 0.015, 0.016), 0.35, metallic=0.4)
    t = np.linspace(0, 1, 30)
    radius, height = 0.14 + 0.42 * t**0.8, 0.02 + 0.36 * t**1.7
    lines = []
    for start in np.linspace(0, 2 * np.pi, 26, endpoint=False):
        for way in (-1, 1):
            angle = start + way * 1.1 * t
            lines.append(np.stack([radius * np.cos(angle), radius * np.sin(angle), height], 1))
    shapes.wires(lines, 0.006, black)
    for r, z, thick in ((0.14, 0.02, 0.01), (0.56, 0.38, 0.012)):
        shapes.wires([shapes.circle(r, 90, z)], thick, black, closed=True)
    peel = materials.paint((0.85, 0.6, 0.03), 0.4, bump=0.2, bump_scale=50)
    for place, angle in (((-0.13, 0.02, 0.17), 20), ((0.14, -0.08, 0.18), 100), ((0.02, 0.14, 0.2), 60)):
        shapes.ball(0.12, place, peel, (1.35, 1, 1), (10, 15, angle))


def shelf_grid(rng: np.random.Generator) -> None:
    """A white wall grid with a small basket and hooks; made for a white backdrop."""
    white = materials.paint((0.8, 0.8, 0.79), 0.35)
    up, over = np.linspace(0.03, 1.2, 12), np.linspace(-0.45, 0.45, 10)
    shapes.wires([[(x, 0, 0.03), (x, 0, 1.2)] for x in over], 0.007, white)
    shapes.wires([[(-0.45, -0.012, z), (0.45, -0.012, z)] for z in up], 0.007, white)
    frame = [(-0.48, 0, 0.012), (0.48, 0, 0.012), (0.48, 0, 1.23), (-0.48, 0, 1.23)]
    shapes.wires([frame], 0.012, white, closed=True)
    basket = [
        [(x, -0.02, 0.52), (x, -0.02, 0.35), (x, -0.22, 0.35), (x, -0.22, 0.47)] for x in np.linspace(-0.3, 0.1, 11)
    ]
    shapes.wires(basket, 0.006, white)
    for y, z in ((-0.22, 0.47), (-0.22, 0.41), (-0.22, 0.35), (-0.12, 0.35)):
        shapes.wires([[(-0.3, y, z), (0.1, y, z)]], 0.007, white)
    for x in (0.2, 0.35):
        hook = shapes.bend([(x, -0.02, 0.85), (x, -0.1, 0.8), (x, -0.13, 0.74), (x, -0.09, 0.71)], 20)
        shapes.wires([hook], 0.008, white)


def cooling_rack(rng: np.random.Generator) -> None:
    """A flat round cooling rack seen from above."""
    steel = materials.chrome(rough=0.1)
    for radius in np.linspace(0.07, 0.55, 9):
        shapes.wires([shapes.circle(float(radius), 80, 0.08)], 0.006, steel, closed=True)
    for angle in range(0, 180, 30):
        spoke = shapes.place([(-0.55, 0, 0.07), (0.55, 0, 0.07)], turn=(0, 0, angle))
        shapes.wires([spoke], 0.008, steel)
    for angle in (30, 150, 270):
        foot = shapes.bend([(0.5, -0.05, 0.07), (0.53, -0.03, 0.01), (0.53, 0.03, 0.01), (0.5, 0.05, 0.07)], 16)
        shapes.wires([shapes.place(foot, turn=(0, 0, angle))], 0.008, steel)


def whisk(rng: np.random.Generator) -> None:
    """A balloon whisk standing on its handle's end."""
    steel, grip = materials.chrome(), materials.paint((0.02, 0.2, 0.22), 0.5)
    shapes.lathe([(0, 0), (0.04, 0), (0.05, 0.03), (0.04, 0.3), (0.028, 0.55), (0.03, 0.6), (0, 0.6)], grip, smooth=2)
    shapes.rod(0.03, 0.1, (0, 0, 0.6), steel)
    loops = []
    for angle in np.linspace(0, 180, 7, endpoint=False):
        side = [(0.02, 0, 0.7), (0.08, 0, 0.9), (0.17, 0, 1.15), (0.14, 0, 1.36), (0, 0, 1.43)]
        loop = shapes.bend([*side, *[(-x, y, z) for x, y, z in side[-2::-1]]], 60)
        loops.append(shapes.place(loop, turn=(0, 0, angle)))
    shapes.wires(loops, 0.0055, steel)


def dish_rack(rng: np.random.Generator) -> None:
    """A chrome rack with a row of upright loops and a rim on four feet."""
    steel, rubber = materials.chrome(), materials.paint((0.03, 0.03, 0.03), 0.7)
    wide, deep, tall = 0.62, 0.42, 0.26
    frame = [(-wide, -deep), (wide, -deep), (wide, deep), (-wide, deep)]
    for z, thick, grow in ((0.06, 0.011, 0.92), (0.06 + tall, 0.014, 1.0)):
        corners = shapes.bend([(x * grow, y * grow, z) for x, y in _round_corners(frame, 0.1)], 90, closed=True)
        shapes.wires([corners], thick, steel, closed=True)
    across = np.linspace(-0.9, 0.9, 17) * wide
    shapes.wires([[(x, -deep * 0.92, 0.06), (x, deep * 0.92, 0.06)] for x in across], 0.006, steel)
    shapes.wires([[(-wide * 0.92, y, 0.055), (wide * 0.92, y, 0.055)] for y in (-0.2, 0.0, 0.2)], 0.006, steel)
    loops = []
    for x in across[1::1]:
        loop = [(x, -0.2, 0.06), (x, -0.19, 0.22), (x, -0.12, 0.3), (x, -0.05, 0.22), (x, -0.04, 0.06)]
        loops.append(shapes.bend(loop, 22))
    shapes.wires(loops, 0.0055, steel)
    ring = _around(frame, 44)
    shapes.wires([[(x * 0.92, y * 0.92, 0.06), (x, y, 0.06 + tall)] for x, y in ring], 0.005, steel)
    for x, y in ((-0.5, -0.36), (0.5, -0.36), (0.5, 0.36), (-0.5, 0.36)):
        shapes.rod(0.022, 0.055, (x, y, 0), rubber)


def _round_corners(corners: list[tuple[float, float]], radius: float) -> list[tuple[float, float]]:
    """The outline of a polygon with points set back from its corners."""
    points = []
    for i, (x, y) in enumerate(corners):
        for px, py in (corners[i - 1], corners[(i + 1) % len(corners)]):
            away = np.hypot(px - x, py - y)
            points.append((x + (px - x) * radius / away, y + (py - y) * radius / away))
    return points


def _around(corners: list[tuple[float, float]], count: int) -> shapes.Points:
    """`count` points (x, y) evenly along a polygon."""
    p = np.array([*corners, corners[0]], float)
    length = np.r_[0, np.cumsum(np.hypot(*np.diff(p, axis=0).T))]
    t = np.linspace(0, length[-1], count, endpoint=False)
    return np.stack([np.interp(t, length, p[:, 0]), np.interp(t, length, p[:, 1])], 1)
