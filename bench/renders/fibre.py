"""Goods of fibres: plush, brushes, tassels, yarn, rugs."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def rabbit(rng: np.random.Generator) -> None:
    """A sitting plush rabbit with upright ears."""
    skin, hair = materials.paint((0.35, 0.33, 0.32), 0.9), materials.paint((0.42, 0.4, 0.38), 0.6, vary=0.25)
    nose, eye = materials.paint((0.7, 0.25, 0.25), 0.5), materials.paint((0.01, 0.01, 0.01), 0.08, coat=1)
    body = [
        shapes.ball(0.32, (0, 0, 0.33), skin, (1, 0.9, 1.05)),
        shapes.ball(0.25, (0, -0.05, 0.8), skin, (1, 0.95, 0.9)),
        shapes.ball(0.1, (0, 0.3, 0.2), skin),
    ]
    for side in (-1, 1):
        body.append(shapes.ball(0.09, (side * 0.12, 0.02, 1.2), skin, (0.8, 0.45, 3.0), (0, side * 9, 0)))
        body.append(shapes.ball(0.13, (side * 0.22, -0.3, 0.1), skin, (0.8, 1.6, 0.75)))
        body.append(shapes.ball(0.1, (side * 0.28, -0.12, 0.47), skin, (0.75, 0.8, 1.7), (25, side * 15, 0)))
        shapes.ball(0.03, (side * 0.1, -0.28, 0.86), eye)
    shapes.ball(0.035, (0, -0.31, 0.78), nose, (1.2, 0.8, 0.8))
    shapes.fur(body, 45000, 0.07, 0.0016, hair, rng)


def broom(rng: np.random.Generator) -> None:
    """A hand broom of straw bound with red cord."""
    wood, straw = (
        materials.paint((0.3, 0.16, 0.07), 0.5, pattern="wood", second=(0.16, 0.08, 0.03)),
        _straw((0.55, 0.4, 0.16)),
    )
    shapes.lathe([(0, 0.55), (0.05, 0.55), (0.06, 0.62), (0.035, 0.8), (0.04, 1.2), (0, 1.24)], wood, smooth=2)
    _bundle(2600, (0.05, 0.025), (0.36, 0.1), 0.62, 0.0, 0.0035, straw, rng)
    cord = materials.paint((0.6, 0.03, 0.03), 0.7)
    for z, r in ((0.5, 0.085), (0.42, 0.125), (0.56, 0.06)):
        shapes.wires([shapes.circle(r, 50, z, flat=0.5)], 0.013, cord, closed=True)


def paint_brush(rng: np.random.Generator) -> None:
    """A flat painter's brush, bristles up."""
    wood, ferrule = materials.paint((0.6, 0.08, 0.05), 0.25, coat=0.7), materials.chrome(rough=0.25)
    rings = [(0.0, 0.05, 0.04), (0.2, 0.06, 0.045), (0.45, 0.045, 0.04), (0.62, 0.14, 0.045), (0.7, 0.16, 0.05)]
    shapes.loft([shapes.circle(w, 40, z, 3, d / w) for z, w, d in rings], wood)
    shapes.loft([shapes.circle(0.17, 40, z, 4, 0.36) for z in (0.68, 0.86)], ferrule)
    _bundle(
        3800, (0.155, 0.045), (0.17, 0.03), 0.85, 1.25, 0.0026, materials.paint((0.06, 0.04, 0.025), 0.5, vary=0.3), rng
    )


def tassel(rng: np.random.Generator) -> None:
    """A curtain tassel on a looped cord."""
    thread = materials.paint((0.5, 0.05, 0.18), 0.5, sheen=0.5, vary=0.25)
    loop = shapes.bend(
        [(0, 0, 0.85), (-0.09, 0, 1.05), (-0.05, 0, 1.3), (0.05, 0, 1.3), (0.09, 0, 1.05), (0, 0, 0.85)], 50
    )
    shapes.wires(_twisted(loop, 0.012), 0.012, thread)
    shapes.ball(0.13, (0, 0, 0.75), thread, (1, 1, 0.9))
    shapes.wires([shapes.circle(0.11, 50, z) for z in (0.62, 0.645, 0.67)], 0.014, materials.gold(0.35), closed=True)
    _bundle(2400, (0.1, 0.1), (0.2, 0.2), 0.66, 0.02, 0.004, thread, rng)


def yarn_ball(rng: np.random.Generator) -> None:
    """A ball of fuzzy wool with two needles and a loose end."""
    wool = materials.paint((0.1, 0.35, 0.4), 0.8, sheen=0.5, vary=0.25)
    core = shapes.ball(0.36, (0, 0, 0.38), wool)
    lines = []
    for _ in range(110):
        turn = rng.uniform(0, 360, 3)
        ring = shapes.circle(0.375 + 0.02 * rng.random(), 70) * [1, 1, 0]
        lines.append(shapes.place(shapes.place(ring, (0, 0, 0.04 * rng.normal())), (0, 0, 0.39), turn))
    shapes.wires(lines, 0.016, wool, closed=True)
    end = [(0.2, -0.3, 0.1), (0.45, -0.4, 0.015), (0.65, -0.2, 0.015), (0.85, -0.35, 0.015)]
    shapes.wires([shapes.bend(end, 50)], 0.015, wool)
    needle = materials.paint((0.6, 0.4, 0.2), 0.4)
    for x in (-1, 1):
        shapes.wires([[(-0.5 * x, -0.05, 0.95), (0.35 * x, 0.05, 0.12)]], 0.016, needle)
        shapes.ball(0.035, (-0.5 * x, -0.05, 0.95), needle)
    shapes.fur([core], 9000, 0.09, 0.0011, wool, rng, mess=1.2)


def pom_hat(rng: np.random.Generator) -> None:
    """A bobble: a fur pompon on a key chain's loop."""
    fur = materials.paint((0.75, 0.72, 0.68), 0.6, vary=0.15)
    core = shapes.ball(0.22, (0, 0, 0.4), fur)
    shapes.fur([core], 30000, 0.2, 0.0015, fur, rng, droop=0.25, mess=0.3)
    ring = shapes.place(shapes.circle(0.11, 50), (0, 0, 0.95), (90, 0, 20))
    shapes.wires([ring], 0.012, materials.gold(), closed=True)
    shapes.wires([[(0, 0, 0.6), (0, 0, 0.85)]], 0.015, materials.paint((0.05, 0.03, 0.02), 0.5))


def feather_duster(rng: np.random.Generator) -> None:
    """A duster of ostrich-like plumes on a turned handle."""
    wood = materials.paint((0.05, 0.03, 0.02), 0.3, coat=0.5)
    shapes.lathe(
        [(0, 0), (0.035, 0), (0.05, 0.05), (0.03, 0.12), (0.03, 0.5), (0.045, 0.55), (0, 0.56)], wood, smooth=2
    )
    barb = materials.paint((0.2, 0.19, 0.2), 0.7, vary=0.3)
    hairs = []
    for _ in range(34):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.9)
        way = np.array([np.cos(angle) * np.sin(lean), np.sin(angle) * np.sin(lean), np.cos(lean)])
        side = np.cross(way, rng.normal(size=3))
        side /= np.linalg.norm(side)
        t = rng.random((260, 1))
        root = np.array([0, 0, 0.52]) + way * 0.62 * t - [0, 0, 0.16] * t**2
        out = side * rng.choice([-1, 1], (260, 1)) + 0.6 * way + 0.35 * rng.normal(size=(260, 3))
        long = 0.16 * (0.4 + np.sin(np.pi * np.clip(t, 0.05, 1)))
        u = np.linspace(0, 1, 5)[:, None, None]
        hairs.append(np.moveaxis(root + out * long * u - np.array([0, 0, 0.07]) * u**2, 0, 1))
    shapes.strands(np.concatenate(hairs), 0.0018, barb)


def rug(rng: np.random.Generator) -> None:
    """A small woven mat with fringes on two ends, from above."""
    wool = materials.paint(
        (0.55, 0.12, 0.08), 0.9, pattern="checks", second=(0.6, 0.5, 0.3), scale=7, bump=0.5, weave=True
    )
    shapes.box((1.0, 1.4, 0.025), (0, 0, 0.015), wool, bevel=0.01)
    fringe = materials.paint((0.75, 0.68, 0.52), 0.8, vary=0.2)
    lines = []
    for side in (-1, 1):
        for x in np.linspace(-0.49, 0.49, 60):
            for _ in range(7):
                a, b, c = rng.normal(size=3) * [0.006, 0.012, 0.02]
                end = side * rng.uniform(0.8, 0.9)
                lines.append([(x + a, side * 0.69, 0.02), (x + b, side * 0.75, 0.02), (x + c, end, 0.008)])
    shapes.strands(np.array([shapes.bend(line, 6) for line in lines]), 0.0045, fringe, tip=0.6)


def _straw(colour: materials.Colour) -> shapes.Material:
    return materials.paint(colour, 0.7, vary=0.35)


def _bundle(
    count: int,
    near: tuple[float, float],
    far: tuple[float, float],
    start: float,
    end: float,
    thick: float,
    material: shapes.Material,
    rng: np.random.Generator,
) -> None:
    """Bristles from an ellipse at height `start` to one at `end`, some out of line."""
    angle, reach = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count))
    unit = np.stack([reach * np.cos(angle), reach * np.sin(angle)], 1)
    t = np.linspace(0, 1, 6)[None, :, None]
    flat = (
        unit[:, None] * (np.array(near) * (1 - t) + np.array(far) * t) + 0.012 * rng.normal(size=(count, 1, 2)) * t**2
    )
    long = 1 - 0.12 * rng.random((count, 1, 1)) ** 2
    z = start + (end - start) * t * long
    shapes.strands(np.concatenate([flat, z], 2), thick, material, tip=0.5)


def _twisted(path: shapes.Points, apart: float) -> list[shapes.Points]:
    """Two strands wound around a path in the x-z plane."""
    turn = np.linspace(0, 2 * np.pi * len(path) / 5, len(path))
    return [path + apart * np.stack([np.cos(turn + s), np.sin(turn + s), 0 * turn], 1) for s in (0, np.pi)]
