"""Kitchen goods: kettle, toaster, mug, colander, tea ball, honey jar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bench.renders import jewels, materials, shapes
from bench.renders.shapes import Material, Object, Points


def kettle(rng: np.random.Generator) -> None:
    """A polished gooseneck kettle with a wooden grip; made for a white backdrop."""
    steel, wood = materials.chrome(rough=0.04), materials.paint((0.3, 0.15, 0.06), 0.4, pattern="wood", scale=9)
    body = [(0, 0), (0.42, 0), (0.45, 0.03), (0.43, 0.1), (0.3, 0.46), (0.285, 0.5), (0.22, 0.52), (0, 0.52)]
    shapes.lathe(body, steel, smooth=2, count=110)
    shapes.lathe([(0.24, 0.515), (0.23, 0.54), (0.1, 0.57), (0.02, 0.58), (0, 0.58)], steel, smooth=1, count=90)
    shapes.rod(0.016, 0.05, (0, 0, 0.57), steel)
    shapes.ball(0.045, (0, 0, 0.65), wood, (1, 1, 0.8))
    neck = [(-0.36, 0, 0.1), (-0.52, 0, 0.13), (-0.56, 0, 0.28), (-0.53, 0, 0.45), (-0.58, 0, 0.58), (-0.7, 0, 0.6)]
    shapes.wires([shapes.bend(neck, 60)], 0.036, steel, taper=[1.5, 1, 0.8, 0.65, 0.6], round_=8)
    grip = shapes.bend([(0.27, 0, 0.47), (0.46, 0, 0.54), (0.6, 0, 0.5), (0.64, 0, 0.36), (0.6, 0, 0.2)], 60)
    shapes.wires([grip[:26]], 0.017, steel, round_=6)
    shapes.wires([grip[22:]], 0.036, wood, taper=[0.8, 1, 1.05, 0.9], round_=8)


def toaster(rng: np.random.Generator) -> None:
    """A chrome toaster with black ends, two slots, lever, and its cord on the floor."""
    steel, black = materials.chrome(rough=0.07), materials.paint((0.02, 0.02, 0.022), 0.35, coat=0.2)
    heights = [(0.05, 0.36), (0.08, 0.38), (0.3, 0.385), (0.48, 0.375), (0.54, 0.35), (0.565, 0.31)]
    shapes.loft([shapes.circle(r, 120, z, 6, 0.52) for z, r in heights], steel)
    shapes.loft([shapes.circle(r, 90, z, 6, 0.53) for z, r in ((0.015, 0.36), (0.03, 0.385), (0.06, 0.385))], black)
    for x in (-0.28, 0.28):
        for y in (-0.12, 0.12):
            shapes.rod(0.03, 0.03, (x, y, 0), black)
    for y in (-0.075, 0.075):
        shapes.box((0.52, 0.055, 0.02), (0, y, 0.562), black, bevel=0.008)
        shapes.wires(
            [shapes.place(shapes.circle(0.27, 60, squareness=9, flat=0.13), (0, y, 0.572))], 0.006, steel, True
        )
    shapes.box((0.02, 0.03, 0.3), (0.387, 0, 0.3), black, bevel=0.008)
    shapes.box((0.07, 0.11, 0.035), (0.42, 0, 0.4), black, bevel=0.014)
    shapes.rod(0.04, 0.035, (0.38, -0.09, 0.16), steel, (0, 90, 0))
    cord = [(-0.36, 0.1, 0.08), (-0.5, 0.1, 0.04), (-0.62, -0.1, 0.014), (-0.5, -0.38, 0.014), (-0.2, -0.44, 0.014)]
    cord += [(0.1, -0.34, 0.014), (0.35, -0.42, 0.014)]
    shapes.wires([shapes.bend(cord, 90)], 0.013, black)
    shapes.rod(0.035, 0.09, (0.34, -0.42, 0.035), black, (0, 90, -18), top=0.045)
    pins = [[(0.42, -0.44 + y, 0.035), (0.5, -0.465 + y, 0.035)] for y in (-0.02, 0.02)]
    shapes.wires(pins, 0.008, steel)


def mug(rng: np.random.Generator) -> None:
    """A white mug with a spoon in it; made for a white backdrop."""
    china, steel = materials.paint((0.82, 0.82, 0.81), 0.18, coat=0.4, vary=0.01), materials.chrome(rough=0.08)
    outer = [(0, 0), (0.27, 0), (0.3, 0.015), (0.33, 0.1), (0.335, 0.6), (0.345, 0.7), (0.335, 0.715), (0.32, 0.7)]
    shapes.lathe([*outer, (0.305, 0.6), (0.3, 0.1), (0.26, 0.04), (0, 0.04)], china, smooth=2, count=110)
    shapes.lathe([(0.31, 0.55), (0, 0.55)], materials.paint((0.05, 0.02, 0.01), 0.1), count=60)
    ear = shapes.bend([(0.34, 0, 0.58), (0.45, 0, 0.6), (0.56, 0, 0.5), (0.55, 0, 0.3), (0.345, 0, 0.16)], 50)
    for y in (-0.018, 0.0, 0.018):
        shapes.wires([shapes.place(ear, (0, y, 0))], 0.028, china, taper=[1.3, 0.85, 0.8, 0.85, 1.2], round_=8)
    spoon = [(-0.1, 0.03, 0.3), (-0.24, 0.06, 0.72), (-0.36, 0.08, 1.02), (-0.4, 0.09, 1.14)]
    shapes.wires([shapes.bend(spoon, 40)], 0.016, steel, taper=[0.6, 0.6, 0.8, 1.5, 1.1])


def colander(rng: np.random.Generator) -> None:
    """A perforated steel bowl on a foot with two wire ears."""
    steel = materials.chrome(rough=0.12)
    around, wide = 44, 2 * np.pi / 44

    def bowl(across: Points, up: Points) -> Points:
        """Across in cells around, up in cells from the rim; the map keeps circles round."""
        polar = 2 * np.arctan(np.tan(np.radians(86) / 2) * np.exp(-up * wide))
        turn = across * wide
        return np.stack(
            [0.52 * np.sin(polar) * np.cos(turn), 0.52 * np.sin(polar) * np.sin(turn), 0.5 - 0.42 * np.cos(polar)], -1
        )

    rows = range(13)
    solid = {0, 1, 2, 6, 12}
    cells = [(i + 0.5 * (j % 2), j, 0.0 if j in solid else 0.35) for j in rows for i in range(around)]
    shapes.thicken(_perforated(bowl, cells, steel), 0.008)
    low = bowl(np.zeros(1), np.full(1, 13.0))[0]
    shapes.lathe([(low[0], low[2]), (0.7 * low[0], low[2] - 0.01), (0, low[2] - 0.02)], steel)
    shapes.wires([shapes.circle(0.525, 90, 0.475)], 0.014, steel, closed=True)
    shapes.thicken(shapes.lathe([(0.2, 0), (0.195, 0.02), (0.165, 0.1), (0.16, 0.14)], steel), 0.01)
    for side in (-1, 1):
        ear = [(0.5, -0.14, 0.46), (0.62, -0.12, 0.48), (0.66, 0, 0.49), (0.62, 0.12, 0.48), (0.5, 0.14, 0.46)]
        shapes.wires([shapes.bend(ear, 40) * [side, 1, 1]], 0.014, steel)


def tea_ball(rng: np.random.Generator) -> None:
    """A ball of wire mesh for tea on a fine chain with a hook."""
    steel = materials.chrome((0.75, 0.75, 0.74), 0.2)
    lines = []
    t = np.linspace(-1, 1, 60)
    for turn in np.linspace(0, 2 * np.pi, 46, endpoint=False):
        for way in (-1, 1):
            rise = 1.3 * t
            angle = turn + way * 0.75 * np.arcsinh(np.tan(rise))
            lines.append(0.3 * np.stack([np.cos(rise) * np.cos(angle), np.cos(rise) * np.sin(angle), np.sin(rise)], 1))
    shapes.wires([shapes.place(line, (0, 0, 0.31)) for line in lines], 0.0042, steel, round_=2)
    for z in (0.295, 0.325):
        shapes.wires([shapes.circle(0.302, 80, z)], 0.012, steel, closed=True)
    for z, deep in ((0.03, -0.008), (0.592, 0.008)):
        shapes.lathe([(0.09, z), (0.06, z + deep), (0, z + deep)], steel)
    shapes.box((0.05, 0.03, 0.1), (0, -0.31, 0.31), steel, bevel=0.01)
    path = shapes.bend([(0, 0, 0.6), (0.03, -0.02, 0.72), (0.2, -0.12, 0.8), (0.42, -0.2, 0.5), (0.5, -0.25, 0.05)], 60)
    path = np.vstack([path, shapes.bend([(0.5, -0.25, 0.03), (0.3, -0.52, 0.015), (-0.1, -0.55, 0.015)], 24)[1:]])
    jewels.links(path, 0.019, 0.0045, steel)
    hook = [
        (-0.1, -0.55, 0.015),
        (-0.2, -0.56, 0.015),
        (-0.32, -0.5, 0.015),
        (-0.34, -0.4, 0.015),
        (-0.25, -0.38, 0.02),
    ]
    shapes.wires([shapes.bend(hook, 30)], 0.01, steel)


def honey_jar(rng: np.random.Generator) -> None:
    """A facetted jar of honey with a brass lid and label, and a wooden dipper beside it."""
    clear = materials.glass()
    honey = materials.paint((0.55, 0.19, 0.012), 0.1, coat=1, vary=0.08, through=0.5)
    brass, wood = (
        materials.gold(0.28),
        materials.paint((0.5, 0.3, 0.13), 0.5, pattern="wood", second=(0.35, 0.19, 0.08)),
    )
    outer = [(0, 0), (0.3, 0), (0.34, 0.03), (0.35, 0.5), (0.3, 0.62), (0.25, 0.66), (0.25, 0.74)]
    shapes.lathe(
        [*outer, (0.235, 0.74), (0.235, 0.66), (0.325, 0.5), (0.315, 0.05), (0, 0.05)], clear, smooth=1, count=8
    )
    shapes.lathe([(0, 0.04), (0.318, 0.04), (0.329, 0.48), (0.24, 0.6), (0, 0.6)], honey, count=8)
    shapes.lathe([(0.262, 0.68), (0.272, 0.69), (0.272, 0.79), (0.255, 0.805), (0, 0.805)], brass, smooth=1)
    label = materials.paint((0.75, 0.7, 0.55), 0.7, pattern="print", second=(0.15, 0.07, 0.02), scale=14)
    shapes.box((0.24, 0.006, 0.26), shapes.place((0, -0.333, 0.27), turn=(0, 0, 22.5)), label, (0, 0, 22.5), 0.002)
    stick = shapes.place([(0, 0, 0), (0, 0, 0.8)], (0.36, -0.3, 0.075), (86, 0, -70))
    shapes.wires([stick], 0.022, wood)
    for step in range(6):
        at = shapes.place((0, 0, 0.02 + 0.04 * step), (0.36, -0.3, 0.075), (86, 0, -70))
        wide = 0.075 * float(np.sin(np.pi * (step + 1.2) / 7.4))
        shapes.rod(max(0.03, wide), 0.022, at, wood, (86, 0, -70), 0.006)


def _perforated(
    surface: Callable[[Points, Points], Points], cells: Sequence[tuple[float, float, float]], material: Material
) -> Object:
    """Unit cells (across, up, radius of the round hole or 0) as one skin over `surface`."""
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], 1)
    square = ring / np.abs(ring).max(1, keepdims=True) / 2
    points: list[Points] = []
    faces: list[list[int]] = []
    start = 0
    for across, up, radius in cells:
        inner = radius * ring if radius else np.zeros((1, 2))
        both = np.concatenate([square, inner]) + np.array([across, up])
        points.append(surface(both[:, 0], both[:, 1]))
        for j in range(16):
            k, hub = (j + 1) % 16, start + 16
            faces.append([start + j, start + k, hub + k, hub + j] if radius else [start + j, start + k, hub])
        start += len(both)
    where, which = np.unique(np.round(np.concatenate(points), 6), axis=0, return_inverse=True)
    return shapes.mesh(where, [[int(which.ravel()[corner]) for corner in face] for face in faces], material)


def moka_pot(rng: np.random.Generator) -> None:
    """An eight-sided aluminium moka pot with a black grip; made for a white backdrop."""
    metal, black = materials.chrome((0.78, 0.78, 0.77), 0.16), materials.paint((0.015, 0.015, 0.016), 0.35, coat=0.2)

    def skin(*rings: tuple[float, float]) -> Object:
        return shapes.loft([shapes.place(shapes.circle(r, 8, z), turn=(0, 0, 22.5)) for z, r in rings], metal, sharp=20)

    skin((0, 0.3), (0.02, 0.31), (0.36, 0.25), (0.38, 0.24))
    shapes.rod(0.25, 0.05, (0, 0, 0.37), metal)
    skin((0.42, 0.21), (0.44, 0.22), (0.78, 0.3), (0.8, 0.3))
    skin((0.8, 0.31), (0.82, 0.31), (0.9, 0.06), (0.91, 0.05))
    shapes.ball(0.045, (0, 0, 0.95), black, (1, 1, 1.1))
    shapes.plate([(0.24, -0.06), (0.4, 0), (0.24, 0.06)], 0.09, metal, (0, 0, 0.71))
    shapes.ball(0.025, (0.15, -0.22, 0.2), metal)
    grip = [(-0.27, 0, 0.76), (-0.42, 0, 0.78), (-0.5, 0, 0.68), (-0.47, 0, 0.42), (-0.45, 0, 0.36)]
    shapes.wires([shapes.bend(grip, 40)], 0.036, black, taper=[0.8, 1, 1.1, 1, 0.6], round_=6)
