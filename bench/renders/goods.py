"""Everything else: boxes, shoes, bags, electronics, tools, toys, ceramics."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def cereal_box(rng: np.random.Generator) -> None:
    """A printed carton, slightly dented."""
    card = materials.paint((0.75, 0.3, 0.03), 0.4, pattern="print", second=(0.8, 0.75, 0.6), scale=4)
    shapes.box((0.62, 0.2, 0.95), (0, 0, 0.475), card, bevel=0.006)
    white = materials.paint((0.75, 0.75, 0.73), 0.4)
    shapes.box((0.4, 0.004, 0.2), (0, -0.101, 0.72), white, bevel=0.001)
    shapes.ball(0.16, (0.05, -0.09, 0.32), materials.paint((0.1, 0.25, 0.5), 0.4), (1, 0.1, 1))


def sneaker(rng: np.random.Generator) -> None:
    """A canvas shoe with a white sole and laces."""
    canvas = materials.paint((0.05, 0.1, 0.3), 0.8, bump=0.4, bump_scale=110, weave=True)
    white = materials.paint((0.78, 0.78, 0.76), 0.45)

    def foot(z: float, grow: float, start: float, end: float) -> shapes.Points:
        angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        x = (start + end) / 2 + (end - start) / 2 * np.cos(angle)
        wide = np.interp(x, [-0.6, -0.35, 0.0, 0.35, 0.6], [0.15, 0.16, 0.15, 0.2, 0.17]) * grow
        return np.stack([x, wide * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.75, np.full(72, z)], 1)

    shapes.loft(
        [
            foot(0, 0.98, -0.6, 0.6),
            foot(0.02, 1.04, -0.62, 0.63),
            foot(0.1, 1.04, -0.62, 0.63),
            foot(0.12, 1, -0.6, 0.61),
        ],
        white,
    )
    upper = [
        foot(0.11, 1.0, -0.6, 0.6),
        foot(0.2, 0.99, -0.6, 0.59),
        foot(0.28, 0.9, -0.59, 0.45),
        foot(0.36, 0.75, -0.58, 0.2),
        foot(0.44, 0.62, -0.58, 0.02),
        foot(0.5, 0.58, -0.59, -0.08),
    ]
    inside = [foot(0.5, 0.5, -0.56, -0.12), foot(0.3, 0.5, -0.52, -0.1)]
    shapes.loft([*upper, *inside], canvas)
    shapes.ball(0.17, (0.44, 0, 0.13), white, (1.05, 1.08, 0.75))
    lace = []
    for index in range(5):
        x, z = 0.06 + 0.075 * index, 0.47 - 0.055 * index
        lace += [
            shapes.bend([(x, -0.11, z - 0.02), (x + 0.03, 0, z + 0.05), (x + 0.06, 0.11, z - 0.05)], 16),
            shapes.bend([(x, 0.11, z - 0.02), (x + 0.03, 0, z + 0.055), (x + 0.06, -0.11, z - 0.05)], 16),
        ]
    for side in (-1, 1):
        lace.append(
            shapes.bend(
                [(0.05, 0, 0.52), (0.08, side * 0.16, 0.6), (0.16, side * 0.25, 0.42), (0.1, side * 0.2, 0.3)], 24
            )
        )
        lace.append(
            shapes.bend([(0.05, 0, 0.52), (0.0, side * 0.13, 0.58), (0.1, side * 0.15, 0.5), (0.05, 0, 0.52)], 24)
        )
    shapes.wires(lace, 0.012, white)


def tote(rng: np.random.Generator) -> None:
    """A canvas tote with two standing handles and a long strap."""
    canvas = materials.paint((0.55, 0.47, 0.34), 0.9, bump=0.5, bump_scale=70, weave=True)
    leather = materials.paint((0.2, 0.08, 0.03), 0.5, bump=0.2, bump_scale=90)
    rings = [
        shapes.circle(r, 80, z, q, d)
        for r, z, q, d in (
            (0.44, 0, 7, 0.4),
            (0.46, 0.03, 7, 0.4),
            (0.47, 0.4, 6, 0.34),
            (0.47, 0.78, 5, 0.26),
            (0.455, 0.78, 5, 0.24),
            (0.44, 0.3, 6, 0.3),
        )
    ]
    shapes.loft(rings, canvas)
    for y in (-0.12, 0.12):
        loop = [
            (-0.2, y, 0.62),
            (-0.2, y, 0.8),
            (-0.16, 0.6 * y, 1.08),
            (0, 0.4 * y, 1.18),
            (0.16, 0.6 * y, 1.08),
            (0.2, y, 0.8),
            (0.2, y, 0.62),
        ]
        shapes.wires([shapes.bend(loop, 60)], 0.019, leather)
    strap = [
        (0.45, 0, 0.74),
        (0.6, -0.03, 0.6),
        (0.62, -0.2, 0.1),
        (0.55, -0.4, 0.015),
        (0.1, -0.5, 0.015),
        (-0.3, -0.45, 0.015),
        (-0.6, -0.3, 0.05),
        (-0.56, -0.05, 0.5),
        (-0.45, 0, 0.74),
    ]
    shapes.wires([shapes.bend(strap, 90)], 0.013, leather)


def headphones(rng: np.random.Generator) -> None:
    """Over-ear headphones in black, with a coiled cable."""
    black, pad = (
        materials.paint((0.015, 0.015, 0.016), 0.35),
        materials.paint((0.02, 0.02, 0.02), 0.6, bump=0.3, bump_scale=80),
    )
    steel = materials.chrome((0.3, 0.3, 0.31), 0.2)
    bow = shapes.bend(
        [
            (-0.42, 0, 0.42),
            (-0.45, 0, 0.75),
            (-0.28, 0, 1.08),
            (0, 0, 1.17),
            (0.28, 0, 1.08),
            (0.45, 0, 0.75),
            (0.42, 0, 0.42),
        ],
        70,
    )
    shapes.wires([shapes.place(bow, (0, y, 0)) for y in (-0.035, 0.035)], 0.011, steel)
    shapes.wires([bow[22:48] - [0, 0, 0.02]], 0.05, pad, round_=6)
    for side in (-1, 1):
        turn = (0, -90 * side, 0)
        shapes.lathe(
            [(0, 0), (0.2, 0), (0.24, 0.04), (0.22, 0.12), (0, 0.14)],
            black,
            (side * 0.42, 0, 0.32),
            (0, 90 * side, 0),
            smooth=1,
            scale=(1.15, 1, 1),
        )
        ring = shapes.place(shapes.circle(0.18, 60) * [1.2, 1, 1], (side * 0.37, 0, 0.32), turn)
        shapes.wires([ring], 0.06, pad, closed=True, round_=6)
    t = np.linspace(0, 1, 420)
    line = shapes.bend(
        [(0.42, -0.05, 0.1), (0.35, -0.3, 0.04), (0, -0.5, 0.04), (-0.4, -0.4, 0.04), (-0.75, -0.55, 0.04)], 420
    )
    coil = (
        line
        + 0.026
        * np.stack([np.cos(t * 330) * 0.3, np.cos(t * 330), np.sin(t * 330)], 1)
        * np.clip(8 * t - 1, 0, 1)[:, None]
    )
    shapes.wires([coil], 0.008, black)


def pliers(rng: np.random.Generator) -> None:
    """Open pliers with red grips, from above."""
    steel, grip = materials.chrome((0.5, 0.5, 0.5), 0.3), materials.paint((0.7, 0.02, 0.02), 0.35)
    for side in (-1, 1):
        turn = (0, 0, side * 12)
        jaw = np.array([(-0.1, -0.1), (0.06, -0.12), (0.09, 0.1), (0.06, 0.42), (-0.005, 0.42), (-0.02, 0.12)]) * [
            side,
            1,
        ]
        shapes.plate(jaw if side > 0 else jaw[::-1], 0.07, steel, (0, 0, 0.02 + 0.01 * side), turn)
        arm = shapes.bend(
            [
                (side * -0.03, -0.05, 0.055),
                (side * 0.13, -0.3, 0.055),
                (side * 0.16, -0.6, 0.055),
                (side * 0.1, -0.95, 0.055),
            ],
            40,
        )
        shapes.wires([shapes.place(arm, turn=turn)], 0.03, steel)
        shapes.wires([shapes.place(arm[14:], turn=turn)], 0.05, grip, taper=[0.8, 1, 1.1, 1], round_=6)
    shapes.rod(0.09, 0.1, (0, 0, 0.01), steel)


def toy_robot(rng: np.random.Generator) -> None:
    """A robot of bright plastic blocks with coiled arms and antennas."""
    colours = [(0.75, 0.1, 0.05), (0.05, 0.3, 0.65), (0.85, 0.6, 0.03), (0.05, 0.45, 0.15)]
    red, blue, yellow, green = (materials.paint(colour, 0.22, coat=0.3, vary=0.02) for colour in colours)
    dark, steel = materials.paint((0.02, 0.02, 0.02), 0.2), materials.chrome(rough=0.2)
    shapes.box((0.5, 0.32, 0.5), (0, 0, 0.62), red, bevel=0.05)
    shapes.box((0.4, 0.3, 0.3), (0, 0, 1.08), blue, bevel=0.05)
    shapes.rod(0.08, 0.08, (0, 0, 0.86), dark)
    for side in (-1, 1):
        shapes.rod(0.075, 0.05, (side * 0.1, -0.13, 1.12), yellow, (90, 0, 0))
        shapes.ball(0.04, (side * 0.1, -0.19, 1.12), dark)
        shapes.wires([[(side * 0.12, 0, 1.22), (side * 0.2, 0, 1.42)]], 0.009, steel)
        shapes.ball(0.032, (side * 0.2, 0, 1.42), yellow)
        shapes.rod(0.06, 0.3, (side * 0.14, 0, 0.08), dark)
        shapes.box((0.2, 0.34, 0.1), (side * 0.14, -0.04, 0.05), green, bevel=0.03)
        t = np.linspace(0, 1, 180)
        arm = shapes.bend([(side * 0.25, 0, 0.78), (side * 0.45, -0.02, 0.7), (side * 0.45, -0.1, 0.45)], 180)
        shapes.wires([arm + 0.035 * np.stack([0 * t, np.cos(70 * t), np.sin(70 * t)], 1)], 0.013, steel)
        claw = shapes.place(shapes.arc(0.09, -60, 240, 30), (side * 0.45, -0.1, 0.36))
        shapes.wires([claw], 0.025, yellow, round_=5)
    for x in (-0.12, 0.0, 0.12):
        shapes.rod(0.03, 0.03, (x, -0.15, 0.62), yellow, (90, 0, 0))


def teapot(rng: np.random.Generator) -> None:
    """A white porcelain teapot; made for a white backdrop."""
    china = materials.paint((0.8, 0.8, 0.79), 0.12, coat=0.5, vary=0.01)
    shapes.lathe(
        [(0, 0), (0.2, 0), (0.22, 0.02), (0.38, 0.2), (0.4, 0.38), (0.28, 0.58), (0.17, 0.62), (0, 0.62)],
        china,
        smooth=2,
    )
    shapes.lathe(
        [(0.18, 0.62), (0.18, 0.64), (0.1, 0.69), (0.03, 0.7), (0.03, 0.73), (0.055, 0.77), (0.03, 0.81), (0, 0.81)],
        china,
        smooth=1,
    )
    spout = shapes.bend([(0.33, 0, 0.2), (0.5, 0, 0.28), (0.55, 0, 0.45), (0.68, 0, 0.58)], 30)
    shapes.wires([spout], 0.075, china, taper=[1.2, 0.8, 0.55, 0.5], round_=8)
    grip = shapes.bend([(-0.3, 0, 0.52), (-0.55, 0, 0.56), (-0.62, 0, 0.36), (-0.5, 0, 0.2), (-0.36, 0, 0.18)], 40)
    shapes.wires([grip], 0.032, china, taper=[1.1, 0.8, 0.8, 1], round_=8)


def game_pad(rng: np.random.Generator) -> None:
    """A black controller; made for a dark grey backdrop."""
    black, glossy = (
        materials.paint((0.018, 0.018, 0.019), 0.5, bump=0.1, bump_scale=200),
        materials.paint((0.01, 0.01, 0.01), 0.15),
    )
    shapes.loft(
        [
            shapes.circle(r, 80, z, 3.2, 0.5)
            for r, z in ((0.38, 0.06), (0.44, 0.1), (0.45, 0.16), (0.4, 0.22), (0.34, 0.235))
        ],
        black,
    )
    for side in (-1, 1):
        grip = shapes.bend([(side * 0.34, 0.05, 0.14), (side * 0.45, -0.15, 0.13), (side * 0.46, -0.42, 0.09)], 30)
        shapes.wires([grip], 0.11, black, taper=[1.2, 1.1, 0.7], round_=8)
        shapes.rod(0.085, 0.02, (side * 0.16, -0.1, 0.23), glossy)
        shapes.rod(0.03, 0.06, (side * 0.16, -0.1, 0.24), black)
        shapes.lathe(
            [(0, 0.04), (0.03, 0.03), (0.065, 0.05), (0.07, 0.03), (0.05, 0), (0, 0)][::-1],
            black,
            (side * 0.16, -0.1, 0.29),
        )
    for x, y, colour in (
        (0, 0.05, (0.1, 0.4, 0.1)),
        (0.05, 0, (0.5, 0.05, 0.05)),
        (-0.05, 0, (0.05, 0.1, 0.5)),
        (0, -0.05, (0.5, 0.4, 0.05)),
    ):
        shapes.rod(0.024, 0.03, (0.3 + x, 0.07 + y, 0.22), materials.paint(colour, 0.2))
    shapes.box((0.14, 0.04, 0.03), (-0.3, 0.07, 0.235), black)
    shapes.box((0.04, 0.14, 0.03), (-0.3, 0.07, 0.235), black)
    shapes.wires(
        [shapes.bend([(0, 0.2, 0.15), (0.1, 0.5, 0.02), (0.5, 0.55, 0.015), (0.75, 0.3, 0.015)], 50)], 0.012, black
    )


def pitcher(rng: np.random.Generator) -> None:
    """A glazed pitcher in two tones; made for a backdrop of its own colour."""
    glaze = materials.paint(
        (0.5, 0.3, 0.16), 0.3, coat=0.4, pattern="rings", second=(0.62, 0.42, 0.26), scale=1.2, bump=0.05, bump_scale=20
    )
    outer = [(0, 0), (0.2, 0), (0.23, 0.03), (0.33, 0.35), (0.2, 0.75), (0.19, 0.95), (0.22, 1.02)]
    shapes.lathe([*outer, (0.205, 1.02), (0.17, 0.94), (0.18, 0.75), (0, 0.3)], glaze, smooth=2)
    grip = shapes.bend([(0.2, 0, 0.9), (0.42, 0, 0.92), (0.47, 0, 0.65), (0.31, 0, 0.42)], 40)
    shapes.wires([grip], 0.03, glaze, round_=6)


def camera(rng: np.random.Generator) -> None:
    """A retro camera in silver and black with a neck strap."""
    silver, skin = (
        materials.chrome((0.7, 0.7, 0.69), 0.3),
        materials.paint((0.02, 0.02, 0.02), 0.7, bump=0.6, bump_scale=90),
    )
    shapes.box((1.0, 0.26, 0.36), (0, 0, 0.26), skin, bevel=0.06)
    shapes.box((1.0, 0.26, 0.14), (0, 0, 0.49), silver, bevel=0.04)
    shapes.box((1.0, 0.26, 0.08), (0, 0, 0.05), silver, bevel=0.03)
    shapes.box((0.3, 0.22, 0.12), (0, 0, 0.6), silver, bevel=0.05)
    face = (90, 0, 0)
    for r, start, deep, metal in ((0.25, -0.12, 0.12, silver), (0.22, -0.24, 0.1, skin), (0.23, -0.34, 0.05, silver)):
        shapes.rod(r, deep, (0, start, 0.28), metal, face)
    shapes.ball(0.17, (0, -0.35, 0.28), materials.paint((0.02, 0.01, 0.05), 0.02, coat=1), (1, 0.3, 1))
    shapes.rod(0.08, 0.07, (0.33, 0, 0.56), silver)
    shapes.rod(0.06, 0.05, (-0.34, 0, 0.56), silver)
    shapes.rod(0.03, 0.09, (0.2, -0.03, 0.55), silver)
    strap = [
        (-0.51, 0, 0.48),
        (-0.75, -0.02, 0.3),
        (-0.8, -0.25, 0.02),
        (-0.3, -0.55, 0.02),
        (0.4, -0.6, 0.02),
        (0.85, -0.2, 0.02),
        (0.7, 0, 0.35),
        (0.51, 0, 0.48),
    ]
    shapes.wires([shapes.bend(strap, 90)], 0.014, materials.paint((0.25, 0.1, 0.04), 0.6))
    for side in (-1, 1):
        shapes.wires(
            [shapes.place(shapes.circle(0.03, 24), (side * 0.515, 0, 0.48), (90, 0, 0))], 0.006, silver, closed=True
        )


def rope(rng: np.random.Generator) -> None:
    """A coil of three-strand rope with frayed ends."""
    hemp = materials.paint((0.5, 0.36, 0.18), 0.9, vary=0.3, bump=0.4, bump_scale=120)
    turns = np.linspace(0, 5.2 * 2 * np.pi, 760)
    radius, z = 0.42 + 0.03 * np.sin(3.1 * turns), 0.05 + 0.065 * turns / (2 * np.pi) * 0.9
    path = np.stack([radius * np.cos(turns), radius * np.sin(turns), z], 1)
    out = np.stack([np.cos(turns), np.sin(turns), 0 * turns], 1)
    wind = np.linspace(0, 2 * np.pi * 105, 760)
    strands = [
        path + 0.019 * (np.cos(wind + s)[:, None] * out + np.sin(wind + s)[:, None] * [0, 0, 1])
        for s in (0, 2.09, 4.19)
    ]
    shapes.wires(strands, 0.021, hemp)
    tails = []
    for at, way in ((path[0], path[0] - path[3]), (path[-1], path[-1] - path[-4])):
        way = way / np.linalg.norm(way)
        t = np.linspace(0, 1, 6)[:, None, None]
        spread = rng.normal(size=(260, 3)) * 0.06 + way * rng.uniform(0.1, 0.2, (260, 1))
        tails.append(
            np.moveaxis(at + 0.012 * rng.normal(size=(260, 3)) + spread * t - np.array([0, 0, 0.03]) * t**2, 0, 1)
        )
    lines = np.concatenate(tails)
    lines[..., 2] = np.maximum(lines[..., 2], 0.003)
    shapes.strands(lines, 0.0028, hemp)
