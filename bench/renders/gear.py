"""Things carried and used, with straps and cords: reflex camera, shoulder bag, sunglasses, cable, drill."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.renders import jewels, materials, shapes
from bench.renders.shapes import Material


def reflex_camera(rng: np.random.Generator) -> None:
    """A black reflex camera with a woven strap; made for a backdrop nearly as dark."""
    skin, black = (
        materials.paint((0.016, 0.016, 0.018), 0.6, bump=0.5, bump_scale=110),
        materials.paint((0.012, 0.012, 0.014), 0.35),
    )
    glass, steel = materials.paint((0.02, 0.01, 0.04), 0.02, coat=1), materials.chrome((0.3, 0.3, 0.3), 0.3)
    shapes.loft(
        [shapes.circle(r, 90, z, 5, 0.32) for z, r in ((0, 0.46), (0.02, 0.48), (0.5, 0.48), (0.56, 0.44))], skin
    )
    shapes.loft(
        [
            shapes.place(shapes.circle(r, 60, z, 3, 1.5), (-0.42, -0.1, 0))
            for z, r in ((0, 0.1), (0.02, 0.12), (0.48, 0.11), (0.53, 0.08))
        ],
        skin,
    )
    hump = [(0.5, 0.2, 0.0), (0.6, 0.17, 0.0), (0.7, 0.11, -0.02), (0.72, 0.08, -0.02)]
    shapes.loft([shapes.place(shapes.circle(r, 60, z, 4, 0.85), (0.02, y, 0)) for z, r, y in hump], black)
    shapes.box((0.1, 0.1, 0.02), (0.02, 0.02, 0.735), steel, bevel=0.004)
    shapes.rod(0.07, 0.05, (0.33, 0, 0.55), black)
    shapes.rod(0.035, 0.05, (-0.4, -0.1, 0.53), steel)
    face = (90, 0, 0)
    for r, start, deep in ((0.24, -0.13, 0.07), (0.22, -0.2, 0.16), (0.235, -0.36, 0.1), (0.2, -0.46, 0.03)):
        shapes.rod(r, deep, (0.03, start, 0.29), black, face)
    ribs = []
    for a in np.linspace(0, 2 * np.pi, 70, endpoint=False):
        x, z = 0.03 + 0.237 * np.cos(a), 0.29 + 0.237 * np.sin(a)
        ribs.append([(x, -0.38, z), (x, -0.44, z)])
    shapes.wires(ribs, 0.005, black)
    shapes.ball(0.17, (0.03, -0.46, 0.29), glass, (1, 0.25, 1))
    webbing = materials.paint((0.014, 0.014, 0.016), 0.85, bump=0.6, bump_scale=130, weave=True)
    path = [
        (0.48, 0, 0.5),
        (0.62, -0.02, 0.56),
        (0.78, -0.1, 0.36),
        (0.86, -0.25, 0.07),
        (0.7, -0.55, 0.045),
        (0.3, -0.72, 0.045),
    ]
    path += [
        (-0.2, -0.68, 0.045),
        (-0.55, -0.62, 0.045),
        (-0.85, -0.4, 0.05),
        (-0.8, -0.12, 0.3),
        (-0.64, 0, 0.55),
        (-0.48, 0, 0.5),
    ]
    flat, edge = (0.1, 1, 0.2), (0.2, 0.2, 1)
    _band(path, [flat, flat, flat, edge, edge, edge, edge, edge, edge, flat, flat, flat], 0.045, webbing)
    for side in (-1, 1):
        ring = shapes.place(shapes.circle(0.03, 30), (side * 0.49, 0, 0.5), (90, 0, 0))
        shapes.wires([ring], 0.006, steel, closed=True)


def shoulder_bag(rng: np.random.Generator) -> None:
    """A small leather bag with a flap, a clasp, and a thin chain strap that hangs to the floor."""
    leather = materials.paint((0.3, 0.12, 0.06), 0.4, bump=0.35, bump_scale=70, coat=0.15)
    gold, dark = materials.gold(0.18), materials.paint((0.12, 0.05, 0.03), 0.5)
    body = [(0.0, 0.42), (0.02, 0.46), (0.3, 0.455), (0.52, 0.42), (0.56, 0.38)]
    shapes.loft([shapes.circle(r, 100, z, 5, 0.36 - 0.14 * z) for z, r in body], leather)
    profile = shapes.bend(
        [(0, 0.1, 0.56), (0, 0.0, 0.59), (0, -0.11, 0.57), (0, -0.155, 0.5), (0, -0.175, 0.3), (0, -0.18, 0.2)], 50
    )
    x = np.linspace(-1, 1, 60)
    grid = profile[None] * [1, 1, 1] + np.stack([0.425 * x, 0 * x, 0 * x], 1)[:, None]
    below = np.clip((0.5 - profile[None, :, 2]) / 0.3, 0, 1)
    grid[..., 2] += below * (0.1 * np.abs(x[:, None]) ** 3)
    grid[..., 1] += 0.07 * below * np.abs(x[:, None]) ** 6
    shapes.sheet(grid, leather, 0.018)
    stitches = grid[2:-2, -3] - [0, 0.012, 0]
    shapes.wires([stitches], 0.004, materials.paint((0.6, 0.45, 0.25), 0.7))
    shapes.rod(0.045, 0.025, (0, -0.185, 0.25), gold, (90, 0, 0))
    shapes.box((0.03, 0.02, 0.09), (0, -0.21, 0.25), gold, bevel=0.008)
    for side in (-1, 1):
        ring = shapes.place(shapes.circle(0.035, 30), (side * 0.445, 0, 0.56), (90, 0, 0))
        shapes.wires([ring], 0.009, gold, closed=True)
    strap = [
        (-0.445, 0, 0.58),
        (-0.35, -0.02, 0.86),
        (-0.1, -0.05, 1.03),
        (0.2, -0.05, 1.0),
        (0.38, -0.03, 0.8),
        (0.445, 0, 0.58),
    ]
    line = shapes.bend(strap, 92)
    jewels.links(line[:26], 0.021, 0.005, gold)
    shapes.wires([line[25:68]], 0.012, dark, round_=4)
    jewels.links(line[67:], 0.021, 0.005, gold)
    long = [
        (0.445, 0.02, 0.56),
        (0.62, -0.02, 0.4),
        (0.72, -0.1, 0.12),
        (0.62, -0.32, 0.012),
        (0.2, -0.42, 0.012),
        (-0.25, -0.36, 0.012),
    ]
    long += [(-0.62, -0.36, 0.012), (-0.72, -0.12, 0.1), (-0.6, 0, 0.38), (-0.445, 0.02, 0.56)]
    shapes.wires([shapes.bend(long, 120)], 0.008, dark, round_=4)


def sunglasses(rng: np.random.Generator) -> None:
    """Black sunglasses, the arms half open, with gold hinges."""
    black, gold = materials.paint((0.012, 0.01, 0.01), 0.12, coat=0.6), materials.gold(0.2)
    lens = materials.paint((0.02, 0.018, 0.016), 0.03, coat=1, vary=0)
    for side in (-1, 1):
        at, turn = (side * 0.29, 0.01, 0.21), (84, 0, side * 7)
        rim = shapes.circle(0.225, 90, squareness=2.7, flat=0.84)
        rim[:, 1] += 0.02 * side * rim[:, 0] / 0.2
        rings = []
        for scale, z in ((0.93, 0.012), (1.06, 0.018), (1.1, 0.0), (1.06, -0.018), (0.93, -0.012), (0.93, 0.012)):
            rings.append(shapes.place(rim * [scale, scale, 1] + np.array([0, 0, z]), at, turn))
        shapes.loft(rings, black, caps=False, sharp=60)
        shapes.plate(rim[:, :2] * 0.95, 0.008, lens, shapes.place((0, 0, -0.004), at, turn), turn)
        shapes.ball(0.012, (side * 0.5, 0.0, 0.31), gold, (1, 0.6, 1))
        inward = 0.3 if side > 0 else 0.12
        arm = [(side * 0.52, 0.03, 0.3), (side * 0.535, 0.1, 0.31), (side * (0.53 - 0.4 * inward), 0.6, 0.27)]
        arm += [(side * (0.52 - 0.7 * inward), 0.85, 0.2), (side * (0.5 - inward), 1.02, 0.03)]
        line = shapes.bend(arm, 60)
        rings = [shapes.place(shapes.circle(1, 20) * [0.013, 0.03, 0], p, (90, 0, 0)) for p in line]
        shapes.loft(rings, black)
        pad = [(side * 0.07, 0.02, 0.2), (side * 0.055, 0.06, 0.17), (side * 0.075, 0.07, 0.12)]
        shapes.wires([shapes.bend(pad, 12)], 0.014, black, taper=[0.6, 1, 0.5])
    shapes.wires([shapes.bend([(-0.085, 0, 0.27), (0, -0.012, 0.295), (0.085, 0, 0.27)], 24)], 0.02, black)


def cable(rng: np.random.Generator) -> None:
    """A white charging cable in a loose coil, with two plugs and a tie; made for a white backdrop."""
    white, grey = materials.paint((0.8, 0.8, 0.79), 0.4, vary=0.01), materials.paint((0.55, 0.55, 0.56), 0.6)
    steel = materials.chrome(rough=0.2)
    t = np.linspace(0, 1, 620)
    angle = 2 * np.pi * 5.3 * t
    reach = 0.4 + 0.035 * np.sin(2.3 * angle) + 0.03 * np.sin(0.7 * angle + 1)
    high = 0.018 + 0.028 * (1 + np.sin(1.37 * angle + 2)) * np.sin(np.pi * t)
    coil = np.stack([reach * np.cos(angle), 0.78 * reach * np.sin(angle), high], 1)
    tail = shapes.bend(
        [coil[-1], coil[-1] + 6 * (coil[-1] - coil[-6]), (-0.55, -0.4, 0.018), (-0.2, -0.62, 0.018), (0.1, -0.6, 0.02)],
        90,
    )
    head = shapes.bend([(0.72, 0.2, 0.02), (0.66, -0.05, 0.018), (0.52, -0.16, 0.018), coil[0]], 50)
    shapes.wires([np.vstack([head[:-1], coil, tail[1:]])], 0.0135, white, round_=5)
    for at, way in ((head[0], head[0] - head[2]), (tail[-1], tail[-1] - tail[-3])):
        turn = (0, 0, float(np.degrees(np.arctan2(way[1], way[0]))))
        for x, size, material in ((0.06, (0.13, 0.07, 0.036), white), (0.15, (0.07, 0.05, 0.02), steel)):
            shapes.box(size, shapes.place((x, 0, 0.003), at, turn), material, turn, 0.012 if x < 0.1 else 0.008)
        shapes.wires(
            [shapes.place([(-0.06, 0, 0), (0.01, 0, 0.002)], at, turn)], 0.021, white, taper=[0.75, 1], round_=5
        )
    tie = shapes.place(shapes.circle(1, 50) * [0.085, 0.052, 0], (0.0, 0.31, 0.05), (90, 0, 90))
    grid = np.stack([shapes.place(tie, (x, 0, 0)) for x in np.linspace(-0.045, 0.045, 6)])
    shapes.sheet(np.concatenate([grid, grid[:, :1]], 1), grey, 0.006)


def drill(rng: np.random.Generator) -> None:
    """A cordless drill with a twist bit, standing on its battery."""
    teal, black = (
        materials.paint((0.02, 0.2, 0.22), 0.4),
        materials.paint((0.02, 0.02, 0.02), 0.55, bump=0.2, bump_scale=90),
    )
    steel = materials.chrome((0.6, 0.6, 0.6), 0.18)
    body = [(0.35, 0.1), (0.3, 0.14), (0.0, 0.15), (-0.22, 0.14), (-0.28, 0.11)]
    shapes.loft(
        [shapes.place(shapes.circle(r, 60, squareness=2.6, flat=1.1), (x, 0, 0.88), (0, -90, 0)) for x, r in body], teal
    )
    for x, r, deep, material in ((-0.42, 0.11, 0.15, black), (-0.47, 0.09, 0.06, steel), (-0.58, 0.075, 0.12, black)):
        shapes.rod(r, deep, (x, 0, 0.88), material, (0, 90, 0), 0.015)
    shapes.rod(0.025, 0.08, (-0.66, 0, 0.88), steel, (0, 90, 0), top=0.07)
    t = np.linspace(0, 1, 90)
    for phase in (0.0, np.pi):
        twist = 0.008 * np.stack([0 * t, np.cos(30 * t + phase), np.sin(30 * t + phase)], 1)
        shapes.wires([np.stack([-0.65 - 0.4 * t, 0 * t, 0.88 + 0 * t], 1) + twist], 0.0085, steel, taper=[1, 1, 1, 0.6])
    grip = [(0.13, 0.86, 0.09), (0.15, 0.7, 0.085), (0.19, 0.45, 0.075), (0.2, 0.24, 0.09)]
    shapes.loft(
        [shapes.place(shapes.circle(r, 50, squareness=2.6, flat=0.75), (x, 0, z)) for x, z, r in grip[::-1]], black
    )
    shapes.box((0.42, 0.26, 0.12), (0.14, 0, 0.22), teal, bevel=0.03)
    shapes.box((0.46, 0.28, 0.15), (0.13, 0, 0.078), black, bevel=0.03)
    shapes.wires(
        [shapes.bend([(0.06, 0, 0.76), (0.0, 0, 0.7), (0.045, 0, 0.6)], 20)], 0.026, black, taper=[1, 1.1, 0.6]
    )
    clip = [(0.1, -0.14, 0.28), (0.06, -0.17, 0.36), (0.12, -0.18, 0.42), (0.2, -0.17, 0.38), (0.2, -0.14, 0.28)]
    shapes.wires([shapes.bend(clip, 30)], 0.008, steel)
    loop = [(0.33, 0.1, 0.17), (0.5, 0.08, 0.1), (0.62, 0, 0.012), (0.5, -0.1, 0.012), (0.36, -0.1, 0.15)]
    shapes.wires([shapes.bend(loop, 50)], 0.009, black)


def _band(path: npt.ArrayLike, sides: npt.ArrayLike, half: float, material: Material) -> None:
    """A flat strap along a path; `sides` says which way its width lies at each of the path's points."""
    line, side = shapes.bend(path, 140), shapes.bend(sides, 140)
    side -= (
        np.sum(side * (ahead := np.gradient(line, axis=0)), 1, keepdims=True)
        * ahead
        / np.sum(ahead**2, 1, keepdims=True)
    )
    side *= half / np.linalg.norm(side, axis=1, keepdims=True)
    shapes.sheet(np.stack([line + s * side for s in (-1.0, -0.3, 0.3, 1.0)]), material, 0.009)


def handset(rng: np.random.Generator) -> None:
    """A telephone's handset lying on its side, its coiled cord around it."""
    red, grey = materials.paint((0.45, 0.02, 0.02), 0.25, coat=0.4), materials.paint((0.03, 0.03, 0.03), 0.5)
    along = shapes.bend(
        [(-0.5, 0, 0.12), (-0.42, 0, 0.19), (-0.2, 0, 0.24), (0.2, 0, 0.24), (0.42, 0, 0.19), (0.5, 0, 0.12)], 60
    )
    wide = np.interp(np.linspace(0, 1, 60), [0, 0.15, 0.3, 0.7, 0.85, 1], [1.6, 1.4, 1, 1, 1.4, 1.6])
    shapes.wires([along], 0.062, red, taper=wide, round_=10)
    for x, lean in ((-0.47, 14), (0.47, -14)):
        shapes.rod(0.13, 0.1, (x, 0, 0.02), red, (0, lean, 0), bevel=0.03)
        for ring in (0.03, 0.06, 0.09):
            holes = shapes.place(shapes.circle(ring, int(160 * ring), 0.104), (x, 0, 0.02), (0, lean, 0))
            for hole in holes:
                shapes.ball(0.007, hole, grey, count=10)
    path = [(-0.56, 0, 0.1), (-0.75, -0.08, 0.045), (-0.7, -0.34, 0.045), (-0.3, -0.4, 0.045), (0.2, -0.34, 0.045)]
    line = shapes.bend([*path, (0.6, -0.4, 0.045), (0.85, -0.2, 0.045), (0.8, 0.1, 0.045)], 1500)
    t = np.linspace(0, 2 * np.pi * 75, len(line))
    step = np.gradient(line, axis=0)
    side = np.stack([-step[:, 1], step[:, 0], 0 * t], 1) / np.linalg.norm(step[:, :2], axis=1)[:, None]
    reach = 0.03 * np.clip(np.minimum(t, t[-1] - t) / 20, 0, 1)[:, None]
    coil = line + reach * (side * np.cos(t)[:, None] + np.array([0, 0, 1]) * np.sin(t)[:, None])
    shapes.wires([coil], 0.009, grey)
