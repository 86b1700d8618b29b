"""Fine jewellery and watches, with gaps of a few pixels: earrings, rings with a chain, a dress watch."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes
from bench.renders.shapes import Material, Points, Triple


def earrings(rng: np.random.Generator) -> None:
    """A pair of silver chandelier earrings on hooks, with stones on fine dangling chains."""
    silver, stone = materials.chrome((0.9, 0.88, 0.85), 0.1), materials.paint((0.02, 0.22, 0.2), 0.05, coat=1)
    for side in (-1, 1):

        def at(x: float, z: float, side: int = side) -> Triple:
            return (side * 0.34 + x, 0.0, z)

        hook = [at(0, 0.92), at(0.005, 1.02), at(-0.03, 1.1), at(-0.09, 1.08), at(-0.11, 0.95), at(-0.1, 0.82)]
        shapes.wires([shapes.bend(hook, 40)], 0.0055, silver)
        shapes.ball(0.022, at(0, 0.91), silver)
        top = [at(0, 0.88), at(0.11, 0.8), at(0.17, 0.66), at(0.19, 0.52), at(0.1, 0.49), at(0, 0.47)]
        half = shapes.bend(top, 40)
        lines = [half, half * [-1, 1, 1] + [2 * side * 0.34, 0, 0]]
        for r, z in ((0.055, 0.76), (0.035, 0.62), (0.035, 0.55)):
            many = (0.0,) if r > 0.05 else (-0.09, 0.0, 0.09)
            lines += [shapes.place(shapes.circle(r, 37)[np.r_[:37, 0]], at(x, z), (90, 0, 0)) for x in many]
        shapes.wires(lines, 0.0045, silver)
        twirls = []
        for x in (-0.13, -0.045, 0.045, 0.13):
            t = np.linspace(0, 1, 40)
            twist = 0.035 * (1 - t)[:, None] * np.stack([np.cos(9 * t), 0 * t, np.sin(9 * t)], 1)
            twirls.append(np.array(at(x, 0.6 + 0.4 * (0.13 - abs(x)))) + twist)
        shapes.wires(twirls, 0.003, silver)
        shapes.ball(0.053, at(0, 0.76), stone, (1, 0.45, 1))
        shapes.wires([[at(0, 0.88), at(0, 0.81)]], 0.004, silver)
        shapes.wires([[at(0, 0.71), at(0, 0.47)], [at(-0.16, 0.62), at(0.16, 0.62)]], 0.004, silver)
        for x, high in zip((-0.19, -0.1, 0.0, 0.1, 0.19), (0.52, 0.49, 0.47, 0.49, 0.52), strict=True):
            low = 0.1 + 1.1 * abs(x) + 0.02 * rng.random()
            sway = shapes.bend([at(x, high), at(x + 0.01 * rng.normal(), (high + low) / 2), at(x, low)], 20)
            links(sway, 0.012, 0.0026, silver)
            shapes.ball(0.024, at(x, low - 0.03), stone, (0.8, 0.8, 1.4))


def rings(rng: np.random.Generator) -> None:
    """A solitaire, a set band and a twisted ring, with a fine chain thrown between them."""
    gold, white = materials.gold(0.1), materials.chrome((0.9, 0.9, 0.88), 0.06)
    stone = materials.glass((0.97, 0.98, 1.0), index=2.2)
    up = shapes.place(shapes.circle(0.2, 90), (-0.25, 0.1, 0.22), (90, 0, 25))
    shapes.wires([up], 0.017, gold, closed=True, round_=6)
    crown = [(0, -0.06), (0.07, 0.015), (0.045, 0.04), (0, 0.042)]
    shapes.lathe(crown, stone, (-0.25, 0.1, 0.5), count=12)
    for a in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        tip = np.array([-0.25 + 0.066 * np.cos(a), 0.1 + 0.066 * np.sin(a), 0.525])
        shapes.wires(
            [shapes.bend([(-0.25, 0.1, 0.42), 0.5 * tip + np.array([-0.125, 0.05, 0.22]), tip], 10)], 0.0055, gold
        )
    flat = shapes.place(shapes.circle(0.21, 90, 0.02), (0.32, 0.05, 0))
    for z in (0.0, 0.05):
        shapes.wires([shapes.place(flat, (0, 0, z))], 0.011, white, closed=True)
    for p in shapes.place(shapes.circle(0.215, 46, 0.045), (0.32, 0.05, 0)):
        shapes.ball(0.0135, p, materials.paint((0.75, 0.78, 0.85), 0.03, coat=1, vary=0), count=12)
    t = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    for phase in (0.0, np.pi):
        reach, height = 0.19 + 0.014 * np.cos(14 * t + phase), 0.014 * np.sin(14 * t + phase)
        ring = np.stack([reach * np.cos(t), reach * np.sin(t), height], 1)
        shapes.wires([shapes.place(ring, (0.05, -0.33, 0.09), (20, 12, 0))], 0.013, white if phase else gold, True)
    thrown = [(-0.75, -0.2, 0), (-0.6, -0.5, 0), (-0.2, -0.42, 0), (-0.3, -0.12, 0), (-0.55, -0.2, 0), (-0.5, 0.35, 0)]
    thrown += [(-0.1, 0.52, 0), (0.3, 0.42, 0), (0.62, 0.5, 0), (0.75, 0.2, 0)]
    path = shapes.bend(thrown, 230)
    path[:, 2] = 0.012 + 0.01 * (np.sin(np.arange(230)) > 0)
    links(path, 0.014, 0.0032, gold)


def dress_watch(rng: np.random.Generator) -> None:
    """A flat white-steel watch on a mesh strap, lying on its back; made for a white backdrop."""
    steel, satin = materials.chrome((0.88, 0.88, 0.88), 0.1), materials.chrome((0.8, 0.8, 0.8), 0.28)
    white, blue = materials.paint((0.8, 0.8, 0.78), 0.3, coat=0.8, vary=0.01), materials.paint((0.02, 0.04, 0.15), 0.2)
    shapes.lathe([(0, 0.03), (0.27, 0.03), (0.3, 0.06), (0.305, 0.1), (0.27, 0.14), (0.25, 0.145)], steel, smooth=2)
    shapes.lathe([(0.255, 0.14), (0.25, 0.13), (0, 0.13)], white)
    for hour in range(12):
        a = np.radians(30 * hour)
        size = (0.012, 0.05 if hour % 3 else 0.075, 0.006)
        shapes.box(size, (0.21 * np.sin(a), 0.21 * np.cos(a), 0.133), blue, (0, 0, -30 * hour), 0.002)
    for angle, long, z in ((-58, 0.13, 0.139), (62, 0.19, 0.143)):
        middle = shapes.place((0, 0.42 * long, z), turn=(0, 0, -angle))
        shapes.box((0.012, long, 0.004), middle, blue, (0, 0, -angle), 0.001)
    shapes.rod(0.014, 0.02, (0, 0, 0.13), steel)
    shapes.rod(0.03, 0.04, (0.3, 0, 0.09), steel, (0, 90, 0))
    for side in (-1, 1):
        for x in (-0.15, 0.15):
            lug = [(x, side * 0.24, 0.1), (x, side * 0.32, 0.09), (x, side * 0.36, 0.06)]
            shapes.wires([shapes.bend(lug, 12)], 0.024, steel, taper=[1, 0.8, 0.6])
        along = [(side * 0.34, 0.065), (side * 0.5, 0.045), (side * 0.8, 0.05), (side * 1.08, 0.035)]
        line = shapes.bend([(0, y, z) for y, z in along], 200)
        shapes.sheet(np.stack([shapes.place(line, (x, 0, 0)) for x in (-0.115, 0.115)]), satin, 0.012)
        zigzag = []
        for x in np.linspace(-0.125, 0.125, 15):
            swing = 0.009 * np.where(np.arange(200) % 2, 1, -1)[:, None] * [1, 0, 0]
            zigzag.append(shapes.place(line, (x, 0, 0.006)) + swing)
        shapes.wires(zigzag, 0.0048, satin, round_=1)
    outer = shapes.place(shapes.circle(0.16, 60, squareness=7, flat=0.6), (0, -1.15, 0.04))
    shapes.wires([outer], 0.014, steel, closed=True)
    shapes.wires([[(0, -1.08, 0.045), (0, -1.24, 0.055)]], 0.008, steel)
    shapes.wires([shapes.place(shapes.circle(0.14, 40, squareness=7, flat=0.22), (0, 0.85, 0.055))], 0.01, steel, True)


def links(path: Points, half: float, thick: float, metal: Material) -> None:
    """A cable chain: an oval link of half length `half` at every point of a path, each a quarter turn to the last."""
    made = []
    oval = shapes.circle(half, 18, flat=0.6)
    for index, (at, way) in enumerate(zip(path, np.gradient(path, axis=0), strict=True)):
        ahead = way / np.linalg.norm(way)
        side = np.cross(ahead, [0.3, 0.8, 0.5])
        side /= np.linalg.norm(side)
        across = side if index % 2 else np.cross(ahead, side)
        made.append(at + oval[:, :1] * ahead + oval[:, 1:2] * across)
    shapes.wires(made, thick, metal, closed=True, round_=2)


def brooch(rng: np.random.Generator) -> None:
    """A round filigree brooch: scrolls of wire within a beaded rim, pearls around a dark stone."""
    gold = materials.gold(0.12)
    pearl, stone = materials.paint((0.8, 0.76, 0.7), 0.2, coat=0.6), materials.paint((0.12, 0.0, 0.02), 0.05, coat=1)
    lift = 0.05
    shapes.wires([shapes.circle(r, 140, lift) for r in (0.2, 0.215, 0.5)], 0.012, gold, closed=True)
    for angle in np.linspace(0, 2 * np.pi, 60, endpoint=False):
        shapes.ball(0.02, (0.53 * np.cos(angle), 0.53 * np.sin(angle), lift), gold, count=16)
    turn = np.linspace(0.4, 3.6 * np.pi, 60)
    scroll = np.stack([0.012 * turn * np.cos(turn), 0.012 * turn * np.sin(turn), 0 * turn], 1)
    scrolls = [
        shapes.place(shapes.place(scroll * [mirror, 0.55, 1], (out, 0, lift)), turn=(0, 0, 40 * k + start))
        for k in range(9)
        for mirror, out, start in ((1, 0.3, 0), (-1, 0.42, 20))
    ]
    shapes.wires(scrolls, 0.007, gold)
    for k in range(9):
        angle = np.radians(40 * k + 20)
        shapes.ball(0.036, (0.36 * np.cos(angle), 0.36 * np.sin(angle), lift + 0.012), pearl, count=24)
    shapes.ball(0.185, (0, 0, lift), stone, (1, 1, 0.5))
    shapes.wires([[(-0.45, 0.1, 0.012), (0.5, 0.1, 0.012)]], 0.009, gold)
