"""Growing and dried things: thin leaves, stems, flowers, grasses."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes

UP = np.array([0.0, 0.0, 1.0])


def fern(rng: np.random.Generator) -> None:
    """A fern in a terracotta pot: fronds of many small leaflets."""
    _pot(materials.paint((0.5, 0.2, 0.1), 0.8, bump=0.2, bump_scale=40), 0.26, 0.36)
    green = materials.paint((0.08, 0.25, 0.04), 0.45, vary=0.35, through=0.1)
    pieces, stems = [], []
    for index in range(26):
        angle, rise = index * 2.4, rng.uniform(0.35, 1.35)
        way = np.array([np.cos(angle) * np.cos(rise), np.sin(angle) * np.cos(rise), np.sin(rise)])
        long = rng.uniform(0.6, 0.9)
        t = np.linspace(0, 1, 26)[:, None]
        stem = np.array([0, 0, 0.34]) + way * long * t - UP * 0.45 * long * t**2.2
        stems.append(stem)
        side = np.cross(way, UP)
        side /= np.linalg.norm(side) + 1e-9
        for place, u in zip(stem[4:], t[4:, 0], strict=True):
            leaflet = 0.17 * np.sin(np.pi * (0.12 + 0.86 * u)) + 0.02
            ways = (0.35 * way - side, 0.35 * way + side)
            pieces += [shapes.leaf(place, one, leaflet, 0.034, 0.25, rows=5) for one in ways]
    shapes.leaves(pieces, green)
    shapes.wires(stems, 0.005, green, taper=[1, 0.3])


def palm(rng: np.random.Generator) -> None:
    """An areca palm: arching stems with long thin leaves, in a grey pot."""
    _pot(materials.paint((0.3, 0.3, 0.31), 0.6), 0.24, 0.4)
    green = materials.paint((0.07, 0.2, 0.03), 0.35, vary=0.3)
    pieces, stems = [], []
    for index in range(11):
        angle, rise = index * 2.4, rng.uniform(0.9, 1.45)
        way = np.array([np.cos(angle) * np.cos(rise), np.sin(angle) * np.cos(rise), np.sin(rise)])
        t = np.linspace(0, 1, 30)[:, None]
        long = rng.uniform(1.0, 1.5)
        stem = np.array([0, 0, 0.36]) + way * long * t - UP * 0.35 * long * t**2.5
        stems.append(stem)
        side = np.cross(way, UP) / np.linalg.norm(np.cross(way, UP))
        for place, u in zip(stem[10::1], t[10:, 0], strict=True):
            for sign in (-1, 1):
                reach = 0.4 * np.sin(np.pi * (0.2 + 0.7 * u))
                pieces.append(
                    shapes.leaf(place, sign * side + 0.9 * way + 0.1 * rng.normal(size=3), reach, 0.032, 0.45, rows=8)
                )
    shapes.leaves(pieces, green)
    shapes.wires(stems, 0.009, green, taper=[1, 0.3])


def pampas(rng: np.random.Generator) -> None:
    """Dried pampas grass in a narrow ceramic vase."""
    white = materials.paint((0.78, 0.76, 0.72), 0.5)
    shapes.lathe(
        [(0, 0), (0.12, 0), (0.18, 0.1), (0.17, 0.3), (0.06, 0.5), (0.07, 0.56), (0.05, 0.56), (0.04, 0.48), (0, 0.4)],
        white,
        smooth=2,
    )
    beige = materials.paint((0.62, 0.48, 0.32), 0.8, vary=0.2)
    stems, hairs = [], []
    for angle in np.linspace(0, 2 * np.pi, 8)[:-1]:
        lean = rng.uniform(0.1, 0.42)
        top = np.array([lean * np.cos(angle), lean * np.sin(angle) * 0.6, rng.uniform(1.1, 1.5)])
        line = shapes.bend(np.array([[0, 0, 0.4], top * [0.3, 0.3, 0] + [0, 0, 0.7], top, top * [1.5, 1.5, 1.15]]), 40)
        stems.append(line)
        at = line[rng.integers(19, 40, 900)]
        t = np.linspace(0, 1, 5)[:, None, None]
        way = rng.normal(size=(900, 3)) * [0.06, 0.06, 0.04] + UP * 0.14 + (top * [1, 1, 0]) * 0.12
        hairs.append(np.moveaxis(at + way * t - UP * 0.05 * t**2, 0, 1))
    shapes.wires(stems, 0.005, beige)
    shapes.strands(np.concatenate(hairs), 0.0018, beige)


def bouquet(rng: np.random.Generator) -> None:
    """Pink and white daisies with grass, tied, in a jug."""
    enamel = materials.paint((0.03, 0.08, 0.2), 0.25, coat=0.5)
    jug = [(0, 0), (0.2, 0), (0.22, 0.03), (0.16, 0.3), (0.18, 0.45), (0.165, 0.45), (0.145, 0.3), (0, 0.1)]
    shapes.lathe(jug, enamel, smooth=2)
    shapes.wires([shapes.bend([(0.17, 0, 0.38), (0.29, 0, 0.35), (0.28, 0, 0.18), (0.19, 0, 0.12)], 24)], 0.018, enamel)
    stems, green = [], []
    petals: dict[int, list[tuple[shapes.Points, list[tuple[int, ...]]]]] = {0: [], 1: []}
    yolk = materials.paint((0.8, 0.45, 0.03), 0.8, bump=0.6, bump_scale=90)
    for index in range(17):
        angle, lean = index * 2.4, 0.12 + 0.42 * np.sqrt(index / 17)
        head = np.array([lean * np.cos(angle), lean * np.sin(angle), 1.05 - 0.6 * lean**2 + 0.1 * rng.random()])
        stems.append(shapes.bend(np.array([[0, 0, 0.3], head * [0.35, 0.35, 0] + [0, 0, 0.6], head]), 20))
        way = head - [0, 0, 0.55]
        way /= np.linalg.norm(way)
        one = np.cross(way, [0.3, 1, 0.2])
        one /= np.linalg.norm(one)
        two = np.cross(way, one)
        shapes.ball(0.035, head, yolk, (1, 1, 0.7), count=20)
        for a in np.linspace(0, 2 * np.pi, 15)[:-1]:
            out = np.cos(a) * one + np.sin(a) * two + 0.25 * way
            petals[index % 2].append(shapes.leaf(head, out, 0.12, 0.04, 0.2, rows=6))
    for _ in range(40):
        way = np.array([*rng.normal(size=2) * 0.35, 1.0])
        green.append(shapes.leaf((0, 0, 0.35), way, rng.uniform(0.5, 0.85), 0.02, 0.15, rows=12))
    leafy = materials.paint((0.08, 0.22, 0.05), 0.5, vary=0.3)
    shapes.leaves(petals[0], materials.paint((0.75, 0.2, 0.35), 0.6))
    shapes.leaves(petals[1], materials.paint((0.8, 0.79, 0.76), 0.6))
    shapes.leaves(green, leafy)
    shapes.wires(stems, 0.006, leafy)


def cactus(rng: np.random.Generator) -> None:
    """A round cactus with spines, in a white pot."""
    _pot(materials.paint((0.8, 0.8, 0.78), 0.3, coat=0.4), 0.24, 0.32)
    rings = []
    for t in np.linspace(0.02, 0.99, 22):
        ring = shapes.circle(0.3 * np.sin(np.pi * (0.12 + 0.88 * t)), 96, 0.28 + 0.6 * t)
        ring[:, :2] *= 1 + 0.09 * np.cos(14 * np.linspace(0, 2 * np.pi, 96, endpoint=False))[:, None]
        rings.append(ring)
    body = shapes.loft(rings, materials.paint((0.1, 0.25, 0.1), 0.6))
    root, normal = shapes.scatter([body], 420, rng)
    star = np.repeat(root, 7, 0), np.repeat(normal, 7, 0) + 0.7 * rng.normal(size=(2940, 3))
    t = np.linspace(0, 1, 3)[None, :, None]
    lines = star[0][:, None] + 0.075 * star[1][:, None] / np.linalg.norm(star[1], axis=1)[:, None, None] * t
    shapes.strands(lines, 0.0016, materials.paint((0.7, 0.6, 0.4), 0.5))


def _pot(clay: shapes.Material, radius: float, height: float) -> None:
    rim = radius + 0.015
    profile = [
        (0, 0),
        (0.72 * radius, 0),
        (0.74 * radius, 0.01),
        (radius, 0.82 * height),
        (rim, 0.83 * height),
        (rim, height),
        (radius - 0.02, height),
        (radius - 0.03, 0.85 * height),
        (0, 0.85 * height),
    ]
    shapes.lathe(profile, clay, smooth=1)
    soil = materials.paint((0.04, 0.025, 0.018), 0.95, bump=0.8, bump_scale=50)
    shapes.rod(radius - 0.025, 0.02, (0, 0, 0.87 * height), soil)
