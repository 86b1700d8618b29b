"""Things of rooms with cords, mesh and thin leaves: office chair, lamps, hangers, grasses."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def office_chair(rng: np.random.Generator) -> None:
    """A black office chair whose back is a see-through mesh."""
    black, cloth = materials.paint((0.02, 0.02, 0.022), 0.4), materials.paint((0.025, 0.025, 0.028), 0.9, bump=0.4)
    steel, mesh = materials.chrome(rough=0.15), materials.paint((0.03, 0.03, 0.033), 0.7)
    for a in np.linspace(0, 2 * np.pi, 5, endpoint=False) + 0.3:
        c, s = np.cos(a), np.sin(a)
        arm = shapes.bend([(0.03 * c, 0.03 * s, 0.17), (0.2 * c, 0.2 * s, 0.15), (0.38 * c, 0.38 * s, 0.1)], 20)
        shapes.wires([arm], 0.03, steel, taper=[1.2, 0.9, 0.7], round_=5)
        for aside in (-0.028, 0.028):
            wheel = np.array([0.38 * c - aside * s, 0.38 * s + aside * c, 0.045])
            shapes.rod(0.045, 0.026, wheel, black, (90, 0, float(np.degrees(a))))
    shapes.rod(0.035, 0.22, (0, 0, 0.15), black)
    shapes.rod(0.022, 0.15, (0, 0, 0.35), steel)
    shapes.box((0.24, 0.28, 0.05), (0, 0.02, 0.5), black, bevel=0.02)
    seat = [(0.24, 0.52), (0.285, 0.54), (0.295, 0.575), (0.28, 0.605), (0.2, 0.615)]
    shapes.loft([shapes.circle(r, 80, z, 4, 0.98) for r, z in seat], cloth)
    for side in (-1, 1):
        post = [(side * 0.2, 0.05, 0.5), (side * 0.34, 0.05, 0.53), (side * 0.36, 0.03, 0.68), (side * 0.35, 0, 0.76)]
        shapes.wires([shapes.bend(post, 30)], 0.018, black)
        shapes.box((0.07, 0.28, 0.03), (side * 0.35, -0.02, 0.775), black, bevel=0.014)
    shapes.wires([shapes.bend([(0, 0.1, 0.5), (0, 0.33, 0.53), (0, 0.38, 0.7), (0, 0.36, 0.9)], 30)], 0.026, black)

    def back(x: shapes.Points, z: shapes.Points) -> shapes.Points:
        """The back's hollow surface."""
        return np.stack([x, 0.33 - 0.35 * x**2 + 0.05 * np.cos(7 * (z - 0.95)), z], -1)

    edge = shapes.circle(1, 120, squareness=4.5)
    taper = 0.25 - 0.03 * edge[:, 1]
    frame = back(edge[:, 0] * taper, 1.02 + 0.33 * edge[:, 1])
    shapes.wires([frame], 0.016, black, closed=True)
    lines = []
    for u in np.linspace(-0.97, 0.97, 62):
        v = (1 - abs(u) ** 4.5) ** (1 / 4.5) * np.linspace(-1, 1, 30)
        lines.append(back(u * (0.25 - 0.03 * v), 1.02 + 0.33 * v))
    for v in np.linspace(-0.97, 0.97, 84):
        u = (1 - abs(v) ** 4.5) ** (1 / 4.5) * np.linspace(-1, 1, 30)
        lines.append(back(u * (0.25 - 0.03 * v), np.full(30, 1.02 + 0.33 * v)))
    shapes.wires(lines, 0.0016, mesh, round_=1)
    shapes.wires([back(np.linspace(-0.25, 0.25, 20), np.full(20, 0.87))], 0.02, black)


def arc_lamp(rng: np.random.Generator) -> None:
    """A floor lamp with a long steel bow, a domed shade and its cord on the floor."""
    steel, marble = (
        materials.chrome(rough=0.1),
        materials.paint((0.7, 0.7, 0.68), 0.2, pattern="print", second=(0.5, 0.5, 0.5)),
    )
    black = materials.paint((0.02, 0.02, 0.02), 0.4)
    shapes.rod(0.2, 0.07, (-0.45, 0, 0), marble)
    bow = [(-0.45, 0, 0.06), (-0.46, 0, 0.5), (-0.4, 0, 1.0), (-0.15, 0, 1.38), (0.2, 0, 1.42), (0.44, 0, 1.22)]
    line = shapes.bend(bow, 90)
    shapes.wires([line[:40]], 0.015, steel, round_=5)
    shapes.wires([line[38:]], 0.011, steel, round_=5)
    at = (0.46, 0, 1.02)
    dome = shapes.lathe(
        [(0.22, 0), (0.21, 0.07), (0.15, 0.15), (0.05, 0.19), (0.02, 0.2)], steel, at, (0, -8, 0), smooth=2
    )
    shapes.thicken(dome, 0.008)
    shapes.wires([[(0.44, 0, 1.22), (0.45, 0, 1.2)]], 0.02, black)
    shapes.ball(0.07, (0.465, 0, 1.06), materials.shine((1, 0.85, 0.65), 2.5))
    cord = [(-0.6, 0.05, 0.03), (-0.75, 0.0, 0.008), (-0.7, -0.25, 0.008), (-0.35, -0.32, 0.008), (0, -0.2, 0.008)]
    cord += [(0.3, -0.3, 0.008), (0.5, -0.15, 0.008)]
    shapes.wires([shapes.bend(cord, 90)], 0.007, black)
    shapes.box((0.07, 0.035, 0.025), (-0.1, -0.24, 0.014), black, (0, 0, 30), 0.008)
    shapes.rod(0.02, 0.06, (0.5, -0.15, 0.022), black, (0, 90, 35))


def pleated_lamp(rng: np.random.Generator) -> None:
    """A table lamp, white foot and white pleated shade, with a white cord; made for a white backdrop."""
    china, cloth = (
        materials.paint((0.82, 0.82, 0.8), 0.2, coat=0.5, vary=0.01),
        materials.paint((0.84, 0.83, 0.8), 0.8, vary=0.02, through=0.4),
    )
    foot = [
        (0, 0),
        (0.2, 0),
        (0.21, 0.02),
        (0.06, 0.07),
        (0.05, 0.11),
        (0.17, 0.3),
        (0.15, 0.42),
        (0.03, 0.5),
        (0.02, 0.6),
    ]
    shapes.lathe(foot, china, smooth=2, count=100)
    rings = []
    for r, z in ((0.4, 0.55), (0.395, 0.56), (0.32, 0.8), (0.245, 1.04), (0.24, 1.05)):
        ring = shapes.circle(r, 480, z)
        ring[:, :2] *= 1 + 0.022 * np.abs(((np.arange(480) / 5) % 2) - 1)[:, None]
        rings.append(ring)
    shapes.thicken(shapes.loft(rings, cloth, caps=False, sharp=30), 0.006)
    brass = materials.gold(0.3)
    shapes.wires(
        [[(0.24 * c, 0.24 * s, 1.03), (0, 0, 1.04)] for c, s in ((1, 0), (-0.5, 0.87), (-0.5, -0.87))], 0.006, brass
    )
    shapes.wires([[(0, 0, 0.5), (0, 0, 1.08)]], 0.014, brass)
    shapes.ball(0.025, (0, 0, 1.1), brass)
    cord = [
        (0.18, 0.05, 0.03),
        (0.3, 0.0, 0.01),
        (0.45, -0.1, 0.01),
        (0.4, -0.3, 0.01),
        (0.15, -0.34, 0.01),
        (-0.1, -0.4, 0.01),
    ]
    shapes.wires([shapes.bend(cord, 70)], 0.009, china)
    shapes.box((0.08, 0.04, 0.03), (0.4, -0.27, 0.02), china, (0, 0, 60), 0.012)


def hangers(rng: np.random.Generator) -> None:
    """A wooden hanger with a bar, two of bare wire and one with clips, fanned out."""
    steel, wood = (
        materials.chrome(rough=0.2),
        materials.paint((0.4, 0.23, 0.1), 0.35, pattern="wood", second=(0.28, 0.15, 0.06)),
    )
    hook = [(0, 0.1), (0, 0.22), (0.07, 0.28), (0.075, 0.38), (0, 0.43), (-0.07, 0.39), (-0.08, 0.34)]
    wire = [(0, 0.1), (0.14, 0.03), (0.5, -0.17), (0.55, -0.21), (0.5, -0.235), (0, -0.235)]
    for level, (kind, turn, at) in enumerate(
        (
            ("wire", 24, (-0.1, 0.05)),
            ("wire", -8, (0.1, -0.12)),
            ("clips", -32, (0.05, -0.15)),
            ("wood", 5, (0.0, 0.12)),
        )
    ):
        here, way = (*at, 0.012 + 0.022 * level), (0, 0, turn)
        thin = 0.009 if kind == "wire" else 0.011
        shapes.wires([shapes.place(shapes.bend([(x, y, 0) for x, y in hook], 60), here, way)], thin, steel)
        if kind == "wire":
            half = shapes.bend([(x, y, 0) for x, y in wire], 60)
            shapes.wires([shapes.place(half * [s, 1, 1], here, way) for s in (-1, 1)], thin, steel)
            t = np.linspace(0, 1, 60)
            curl = np.stack([0.016 * np.cos(38 * t), 0.07 + 0.1 * t, 0.016 * np.sin(38 * t)], 1)
            shapes.wires([shapes.place(curl, here, way)], 0.008, steel)
        elif kind == "clips":
            shapes.wires([shapes.place([(-0.42, 0.02, 0), (0.42, 0.02, 0)], here, way)], 0.012, steel)
            shapes.wires([shapes.place([(0, 0.1, 0), (0, 0.02, 0)], here, way)], 0.012, steel)
            for x in (-0.33, 0.33):
                for z in (0.02, -0.004):
                    shapes.box((0.1, 0.12, 0.014), shapes.place((x, -0.03, z), here, way), steel, way, 0.005)
        else:
            arm = shapes.bend([(0, 0.1, 0), (0.2, 0.07, 0), (0.45, -0.1, 0), (0.56, -0.19, 0)], 40)
            rings = np.concatenate([(arm * [-1, 1, 1])[::-1], arm[1:]])
            shapes.wires([shapes.place(rings, here, way)], 0.03, wood, taper=[0.7, 1, 1.2, 1, 0.7], round_=6)
            shapes.wires([shapes.place([(-0.46, -0.13, 0), (0.46, -0.13, 0)], here, way)], 0.012, wood)


def grasses(rng: np.random.Generator) -> None:
    """A pot of long arching blades, some dry, with thin flowering stalks."""
    clay = materials.paint((0.3, 0.31, 0.32), 0.6, bump=0.2, bump_scale=30)
    pot = [
        (0, 0),
        (0.2, 0),
        (0.22, 0.02),
        (0.27, 0.36),
        (0.29, 0.37),
        (0.29, 0.42),
        (0.26, 0.42),
        (0.24, 0.37),
        (0, 0.37),
    ]
    shapes.lathe(pot, clay, smooth=1)
    fresh, pale = materials.paint((0.1, 0.22, 0.04), 0.5, vary=0.3), materials.paint((0.4, 0.42, 0.2), 0.5, vary=0.3)
    for count, material in ((150, fresh), (60, pale)):
        blades = []
        for _ in range(count):
            a, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.75)
            base = (0.1 * np.cos(a) * rng.random(), 0.1 * np.sin(a) * rng.random(), 0.37)
            way = (np.cos(a) * np.sin(lean), np.sin(a) * np.sin(lean), np.cos(lean))
            droop = rng.uniform(0.15, 0.85) * (0.4 + lean)
            blades.append(shapes.leaf(base, way, rng.uniform(0.55, 1.0), rng.uniform(0.01, 0.026), droop, 14))
        shapes.leaves(blades, material)
    seeds, stalks = materials.paint((0.45, 0.32, 0.2), 0.8, vary=0.3), []
    for _ in range(14):
        a, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.4)
        side = np.array([np.cos(a), np.sin(a), 0])
        tip = shapes.place(out * side, (0, 0, rng.uniform(1.1, 1.35)))
        stalk = shapes.bend(np.stack([np.array([0, 0, 0.37]), shapes.place(0.35 * out * side, (0, 0, 0.85)), tip]), 60)
        stalks.append(stalk)
        for p in stalk[38::2]:
            shapes.ball(0.009, p + 0.009 * rng.normal(size=3), seeds, (0.8, 0.8, 1.7), count=8)
    shapes.wires(stalks, 0.003, pale, round_=2)


def candelabra(rng: np.random.Generator) -> None:
    """A brass candelabra with three arms and white candles, one burnt down."""
    brass, wax = materials.gold(0.22), materials.paint((0.8, 0.78, 0.7), 0.5, vary=0.03)
    wick = materials.paint((0.02, 0.02, 0.02), 0.9)
    foot = [(0, 0), (0.24, 0), (0.25, 0.02), (0.2, 0.05), (0.05, 0.09), (0.03, 0.16), (0.05, 0.2), (0.028, 0.24)]
    shapes.lathe([*foot, (0.022, 0.5), (0.04, 0.54), (0.02, 0.58), (0.02, 0.68), (0, 0.68)], brass, smooth=1)
    arms = [
        shapes.bend([(0, 0, 0.54), (side * 0.2, 0, 0.46), (side * 0.38, 0, 0.5), (side * 0.4, 0, 0.64)], 40)
        for side in (-1, 1)
    ]
    curls = [shapes.place(shapes.arc(0.07, -90, 180) * [side, 1, 1], (side * 0.2, 0, 0.54)) for side in (-1, 1)]
    shapes.wires([*arms, *curls], 0.017, brass, round_=6)
    for x, z, tall in ((-0.4, 0.63, 0.42), (0.0, 0.68, 0.48), (0.4, 0.63, 0.2)):
        cup = [(0, 0), (0.03, 0), (0.09, 0.03), (0.095, 0.04), (0.04, 0.045), (0.04, 0.09), (0.03, 0.09), (0.03, 0.05)]
        shapes.lathe([*cup, (0, 0.05)], brass, (x, 0, z))
        shapes.rod(0.03, tall, (x, 0, z + 0.05), wax, top=0.026)
        top = z + 0.05 + tall
        shapes.wires(
            [shapes.bend([(x, 0, top - 0.01), (x, 0, top + 0.03), (x + 0.012, 0, top + 0.05)], 8)], 0.003, wick
        )
