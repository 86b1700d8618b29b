"""Mirrors and fine metal: jewellery, keys, cutlery, taps, pots, watches, scissors."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def chain_bracelet(rng: np.random.Generator) -> None:
    """A silver curb bracelet laid in a loose ring, with a charm."""
    silver = materials.chrome((0.9, 0.9, 0.88), 0.1)
    path = shapes.bend(
        [(-0.5, -0.1, 0), (-0.2, -0.42, 0), (0.3, -0.38, 0), (0.52, 0.0, 0), (0.2, 0.4, 0), (-0.3, 0.3, 0)],
        64,
        closed=True,
    )
    _chain(path, 0.042, 0.011, silver)
    heart = [
        (16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t))
        for t in np.linspace(0, 2 * np.pi, 50, endpoint=False)[::-1]
    ]
    shapes.plate(np.array(heart) * 0.007, 0.02, materials.gold(), (0.1, -0.6, 0.01), (0, 0, 20))
    shapes.wires([shapes.place(shapes.circle(0.035, 30), (0.09, -0.47, 0.03), (40, 0, 0))], 0.007, silver, closed=True)


def necklace(rng: np.random.Generator) -> None:
    """A fine gold cable chain with a set stone, hanging against a backdrop."""
    gold = materials.gold(0.1)
    half = [(0, 0, 0.16), (0.14, 0, 0.42), (0.3, 0, 0.85), (0.36, 0, 1.25), (0.22, 0.02, 1.5)]
    path = shapes.bend([*half[::-1], *[(-x, y, z) for x, y, z in half[1:]]], 150)
    _chain(path, 0.017, 0.0045, gold)
    stone = materials.paint((0.05, 0.15, 0.5), 0.03, coat=1)
    shapes.ball(0.07, (0, -0.02, 0.08), stone, (0.8, 0.5, 1.1))
    shapes.wires(
        [shapes.place(shapes.circle(0.066, 40, flat=1.3), (0, -0.015, 0.08), (90, 0, 0))], 0.012, gold, closed=True
    )


def key_ring(rng: np.random.Generator) -> None:
    """Three keys on a split ring with a leather fob."""
    steel, brass = materials.chrome(rough=0.18), materials.gold(0.25)
    shapes.wires([shapes.circle(0.2, 70, 0.03), shapes.circle(0.2, 70, 0.045)], 0.012, steel, closed=True)
    for angle, metal, long in ((200, brass, 0.5), (235, steel, 0.58), (280, brass, 0.45)):
        head = shapes.circle(0.13, 40, squareness=2.6)[:, :2]
        hole = shapes.circle(0.05, 40)[:, :2] + [0, 0.05]
        at = shapes.place([(0, -0.2, 0)], turn=(0, 0, angle - 180))[0]
        lifted = shapes.place(at, (0, 0, 0.02 + 0.02 * (angle % 3)))
        _holed(head, hole, 0.018, metal, lifted, angle - 180)
        teeth = [(-0.035, -0.1)]
        for step, y in enumerate(np.linspace(-0.2, -0.1 - long, 9)):
            teeth.append((-0.035 + 0.02 * (step % 2), float(y)))
        outline = [*teeth, (0, -0.14 - long), (0.035, -0.1 - long), (0.035, -0.1)]
        shapes.plate(outline, 0.016, metal, lifted, (0, 0, angle - 180))
    leather = materials.paint((0.35, 0.14, 0.05), 0.5, bump=0.3, bump_scale=90)
    fob = shapes.circle(0.14, 60, squareness=3, flat=2.2)[:, :2]
    shapes.plate(fob, 0.03, leather, (0.1, 0.52, 0.0), (0, 0, -15))
    shapes.wires([shapes.bend([(0.02, 0.19, 0.04), (0.05, 0.25, 0.03), (0.07, 0.3, 0.02)], 12)], 0.02, leather)


def scissors(rng: np.random.Generator) -> None:
    """Open household scissors with plastic handles, lying flat."""
    steel, grip = materials.chrome(rough=0.12), materials.paint((0.75, 0.12, 0.02), 0.35)
    for side in (-1, 1):
        turn = (0, 0, side * 17)
        blade = np.array([(-0.045, -0.12), (0.03, -0.12), (0.05, 0.2), (0.0, 0.78), (-0.04, 0.3)]) * [side, 1]
        shapes.plate(blade if side > 0 else blade[::-1], 0.018, steel, (0, 0, 0.03 + 0.02 * side), turn)
        eye = shapes.bend(
            [
                (side * x, y, 0.04)
                for x, y in ((0.02, -0.15), (0.1, -0.3), (0.13, -0.52), (0.0, -0.66), (-0.12, -0.52), (-0.06, -0.3))
            ],
            60,
            True,
        )
        shapes.wires([shapes.place(eye, turn=turn)], 0.035, grip, closed=True, round_=5)
    shapes.rod(0.035, 0.03, (0, 0, 0.04), steel)


def cutlery(rng: np.random.Generator) -> None:
    """A fork, a knife and a spoon side by side, from above."""
    steel = materials.chrome(rough=0.08)

    def handle(x: float) -> None:
        shapes.loft(
            [
                shapes.place(shapes.circle(r, 24, flat=0.35), (x, y, 0.03), (90, 0, 0))
                for y, r in ((-0.75, 0.012), (-0.72, 0.05), (-0.4, 0.045), (-0.05, 0.022), (0.15, 0.022))
            ],
            steel,
        )

    for x in (-0.28, 0.0, 0.28):
        handle(x)
    shapes.ball(0.13, (0.28, 0.33, 0.03), steel, (0.8, 1.45, 0.22))
    shapes.plate([(-0.02, 0.1), (0.03, 0.1), (0.055, 0.5), (0.02, 0.78), (-0.03, 0.8)], 0.014, steel, (0, 0, 0.025))
    shapes.plate(
        [(-0.02, 0.12), (0.02, 0.12), (0.09, 0.25), (0.09, 0.42), (-0.09, 0.42), (-0.09, 0.25)],
        0.016,
        steel,
        (-0.28, 0, 0.025),
    )
    shapes.wires(
        [[(-0.28 + x, 0.4, 0.033), (-0.28 + x, 0.72, 0.04)] for x in (-0.08, -0.027, 0.027, 0.08)], 0.013, steel
    )


def tap(rng: np.random.Generator) -> None:
    """A chrome kitchen tap with a tall bow."""
    steel = materials.chrome(rough=0.03)
    shapes.rod(0.16, 0.04, (0, 0, 0), steel)
    shapes.rod(0.09, 0.34, (0, 0, 0.04), steel, bevel=0.02)
    bow = [(0, 0, 0.36), (0, 0, 0.8), (0, -0.05, 1.05), (0, -0.28, 1.2), (0, -0.52, 1.05), (0, -0.56, 0.85)]
    shapes.wires([shapes.place(shapes.bend(bow, 60), turn=(0, 0, 50))], 0.045, steel, round_=6)
    shapes.wires([shapes.place([(0, -0.56, 0.87), (0, -0.565, 0.78)], turn=(0, 0, 50))], 0.055, steel, round_=6)
    shapes.wires([[(0.08, 0, 0.25), (0.16, 0.0, 0.27)]], 0.04, steel, round_=6)
    shapes.wires([[(0.16, 0, 0.27), (0.24, -0.02, 0.5)]], 0.016, steel, round_=6)


def pot(rng: np.random.Generator) -> None:
    """A polished steel pot with two handles and a glass-knobbed lid."""
    steel, knob = materials.chrome(rough=0.05), materials.paint((0.02, 0.02, 0.02), 0.3)
    shapes.lathe(
        [
            (0, 0),
            (0.44, 0),
            (0.47, 0.03),
            (0.47, 0.5),
            (0.49, 0.52),
            (0.49, 0.53),
            (0.45, 0.52),
            (0.44, 0.05),
            (0, 0.04),
        ],
        steel,
        smooth=1,
    )
    shapes.lathe([(0.48, 0.53), (0.46, 0.56), (0.3, 0.62), (0.05, 0.65), (0, 0.65)], steel, smooth=1)
    shapes.rod(0.03, 0.05, (0, 0, 0.65), steel)
    shapes.ball(0.065, (0, 0, 0.73), knob, (1, 1, 0.7))
    for side in (-1, 1):
        grip = [
            (side * 0.46, -0.13, 0.4),
            (side * 0.58, -0.11, 0.42),
            (side * 0.61, 0, 0.43),
            (side * 0.58, 0.11, 0.42),
            (side * 0.46, 0.13, 0.4),
        ]
        shapes.wires([shapes.bend(grip, 40)], 0.022, steel, round_=6)


def wrist_watch(rng: np.random.Generator) -> None:
    """A steel diver's watch on a link bracelet, standing as a closed loop."""
    steel, black = materials.chrome(rough=0.16), materials.paint((0.01, 0.012, 0.02), 0.25)
    white = materials.paint((0.8, 0.8, 0.78), 0.4)
    for angle in np.linspace(33, 327, 23):
        for x, wide in ((-0.13, 0.11), (0.0, 0.13), (0.13, 0.11)):
            a = np.radians(angle)
            at = (x, -0.42 * np.cos(a), 0.46 + 0.4 * np.sin(a))
            shapes.box((wide, 0.085, 0.05), at, steel, (90 - angle, 0, 0), 0.014)
    face = (90, 0, 0)
    shapes.rod(0.3, 0.12, (0, -0.34, 0.46), steel, face, 0.03)
    shapes.rod(0.29, 0.03, (0, -0.46, 0.46), black, face, 0.01)
    shapes.rod(0.23, 0.012, (0, -0.485, 0.46), materials.paint((0.01, 0.05, 0.12), 0.15, coat=1), face, 0.004)
    for hour in range(12):
        a = np.radians(30 * hour)
        shapes.box(
            (0.018, 0.008, 0.05), (0.19 * np.sin(a), -0.5, 0.46 + 0.19 * np.cos(a)), white, (0, 30 * hour, 0), 0.003
        )
    shapes.box((0.016, 0.008, 0.15), (0.03, -0.503, 0.52), white, (0, 25, 0), 0.003)
    shapes.box((0.012, 0.008, 0.2), (-0.06, -0.506, 0.5), white, (0, -60, 0), 0.003)
    shapes.rod(0.035, 0.06, (0.3, -0.4, 0.46), steel, (0, 90, 0))


def desk_lamp(rng: np.random.Generator) -> None:
    """A jointed brass desk lamp with a conical shade."""
    brass, enamel = materials.gold(0.2), materials.paint((0.03, 0.12, 0.08), 0.25, coat=0.6)
    shapes.rod(0.25, 0.04, (0, 0, 0), enamel)
    arms = [(0, 0, 0.04), (-0.25, 0, 0.62), (0.28, 0, 1.06)]
    for offset in (-0.025, 0.025):
        shapes.wires([[(x, offset, z) for x, _, z in arms[:2]], [(x, offset, z) for x, _, z in arms[1:]]], 0.011, brass)
    for x, _, z in arms:
        shapes.ball(0.04, (x, 0, z), brass)
    shade = shapes.lathe([(0.05, 0.12), (0.07, 0.1), (0.11, 0.0), (0.22, -0.22)], enamel, (0.33, 0, 1.03), (0, -25, 0))
    shapes.thicken(shade, 0.008)
    shapes.ball(0.065, (0.38, 0, 0.92), materials.shine((1, 0.85, 0.6), 3))


def _chain(path: shapes.Points, link: float, thick: float, metal: shapes.Material) -> None:
    """Oval links along a path, every other one turned on its side."""
    links = []
    oval = shapes.circle(1, 28, flat=0.62)
    ahead = np.gradient(path, axis=0)
    step = np.linalg.norm(ahead, axis=1).mean()
    for index, (at, way) in enumerate(zip(path, ahead, strict=True)):
        way = way / np.linalg.norm(way)
        side = np.cross(way, [0.0, 0.0, 1.0] if abs(way[2]) < 0.9 else [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        up = np.cross(side, way)
        roll = np.radians(35 if index % 2 else -55)
        across = np.cos(roll) * side + np.sin(roll) * up
        half = max(link, 0.72 * step)
        links.append(at + half * oval[:, :1] * way + half * oval[:, 1:2] * across)
    low = min(0.0, float(min(points[:, 2].min() for points in links)))
    shapes.wires([points - [0, 0, low - thick] for points in links], thick, metal, closed=True)


def _holed(
    outline: shapes.Points,
    hole: shapes.Points,
    thickness: float,
    metal: shapes.Material,
    at: shapes.Points,
    turn: float,
) -> None:
    """A flat plate with a hole; outline and hole have equally many points (x, y), counter-clockwise."""
    rings = [
        np.c_[edge, np.full(len(edge), z)]
        for edge, z in ((hole, 0), (outline, 0), (outline, thickness), (hole, thickness), (hole, 0))
    ]
    shapes.loft([shapes.place(ring, at, (0, 0, turn)) for ring in rings], metal, caps=False)
