"""Cloth and plaited goods: scarf, beanie, cushion, doily, straw hat, towels, umbrella."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes
from bench.renders.shapes import Points


def scarf(rng: np.random.Generator) -> None:
    """A woollen scarf laid in a loop, its fringed ends crossing."""
    wool = materials.paint((0.5, 0.42, 0.34), 0.9, pattern="checks", second=(0.3, 0.08, 0.07), scale=9, sheen=0.4)
    yarn = materials.paint((0.42, 0.3, 0.25), 0.85, vary=0.3)
    flat = [
        (0.5, -0.95, 0),
        (0.2, -0.35, 0),
        (-0.3, 0.15, 0),
        (-0.4, 0.6, 0),
        (0, 0.85, 0),
        (0.4, 0.6, 0),
        (0.3, 0.15, 0),
    ]
    path = shapes.bend([*flat, (-0.15, -0.35, 0), (-0.45, -0.9, 0)], 160)
    ahead = np.gradient(path, axis=0)
    side = np.stack([-ahead[:, 1], ahead[:, 0], 0 * ahead[:, 0]], 1) / np.linalg.norm(ahead, axis=1)[:, None]
    along, across = np.linspace(0, 1, 160)[:, None], np.linspace(-1, 1, 36)[None]
    fold = np.sin(3.4 * across + 5 * along + 0.6 * np.sin(9 * along)) + 0.3 * np.sin(9 * across - 14 * along)
    # The end that comes last lies on the first where they cross.
    lift = 0.035 + 0.022 * fold + 0.09 * np.exp(-(((along - 0.83) / 0.1) ** 2))
    grid = path[:, None] + side[:, None] * (0.2 * across * (1 - 0.12 * np.cos(20 * along)))[..., None]
    grid[..., 2] = lift
    cloth = shapes.sheet(grid, wool, 0.014)
    shapes.fur([cloth], 26000, 0.022, 0.0008, yarn, rng, mess=1.0, droop=0.1)
    lines = []
    for row, way in ((grid[0], -ahead[0]), (grid[-1], ahead[-1])):
        way = way / np.linalg.norm(way)
        for at in row[::2]:
            bow, long = rng.normal(size=3) * [0.03, 0.03, 0], rng.uniform(0.19, 0.23)
            middle = shapes.bend([at, at + way * 0.4 * long + 0.4 * bow, at + way * long + bow], 12)
            middle[:, 2] = np.linspace(at[2], 0.009, 12)
            for _ in range(12):
                loose = np.linspace(0.4, 1.6, 12)[:, None] * 0.006 * rng.normal(size=3)
                lines.append(middle + loose * np.array([1, 1, 0.4]))
    shapes.strands(np.maximum(np.array(lines), [-9, -9, 0.003]), 0.0032, yarn, tip=0.6)


def beanie(rng: np.random.Generator) -> None:
    """A ribbed knitted hat with a turned-up brim and a pompon of yarn."""
    knit = materials.paint((0.03, 0.09, 0.2), 0.9, bump=0.7, bump_scale=55, sheen=0.5)
    yarn = materials.paint((0.06, 0.14, 0.27), 0.85, vary=0.25)
    white = materials.paint((0.7, 0.67, 0.62), 0.85, vary=0.15)

    def ribbed(profile: list[tuple[float, float]], ribs: int, deep: float) -> list[Points]:
        rings = []
        for r, z in shapes.rounded(profile, 3):
            ring = shapes.circle(max(r, 1e-3), 8 * ribs, 0)
            swell = 1 + deep * np.abs(np.sin(np.arange(8 * ribs) * np.pi / 8)) * min(1, r / 0.2)
            sag = 0.02 * np.sin(3 * np.arange(8 * ribs) * 2 * np.pi / (8 * ribs)) * z
            rings.append(np.c_[ring[:, :2] * swell[:, None] * [1, 0.72], z + sag])
        return rings

    top = [(0.36, 0.02), (0.39, 0.15), (0.4, 0.4), (0.34, 0.68), (0.2, 0.84), (0.04, 0.88), (0, 0.88)]
    body = shapes.loft(ribbed(top, 44, 0.045), knit, caps=False, sharp=180)
    cuff = [(0.37, 0.0), (0.41, 0.0), (0.425, 0.04), (0.425, 0.2), (0.41, 0.25), (0.37, 0.24)]
    brim = shapes.loft(ribbed(cuff, 44, 0.06), knit, caps=False, sharp=180)
    shapes.fur([body, brim], 24000, 0.03, 0.0009, yarn, rng, mess=1.1, droop=0.0)
    shapes.fur([shapes.ball(0.07, (0, 0, 0.99), white)], 11000, 0.15, 0.0028, white, rng, droop=0.1, mess=0.3)


def cushion(rng: np.random.Generator) -> None:
    """A square cushion leaning back, with piping and a tassel at each corner."""
    cloth = materials.paint(
        (0.62, 0.5, 0.36), 0.85, bump=0.5, weave=True, bump_scale=70, pattern="print", second=(0.3, 0.36, 0.33), scale=5
    )
    cord, thread = materials.paint((0.5, 0.35, 0.16), 0.6), materials.paint((0.55, 0.4, 0.2), 0.6, vary=0.25)
    turn, at = (74, 0, 0), (0, 0, 0.47)
    u = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 60))
    x, y = np.meshgrid(u, u)
    pinch = 0.45 * (1 - 0.09 * np.stack([1 - y**2, 1 - x**2]))
    plump = 0.17 * ((1 - x**2) * (1 - y**2)) ** 0.42
    crease = 0.012 * np.sin(9 * x + 4 * y) * (np.abs(x * y)) ** 0.7
    for side in (-1, 1):
        face = np.stack([x * pinch[0], y * pinch[1], side * (plump + crease)], -1)
        shapes.sheet(shapes.place(face, at, turn), cloth)
    edge = np.concatenate([face[0, :-1], face[:-1, -1], face[-1, :0:-1], face[:0:-1, 0]]) * [1.005, 1.005, 0]
    shapes.wires([shapes.place(edge, at, turn)], 0.013, cord, closed=True)
    hairs = []
    for cx, cy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        corner = shapes.place(np.array([cx * 0.45, cy * 0.45, 0]), at, turn)
        hang = np.array([0.06 * cx, -0.03, -0.02 if corner[2] > 0.2 else 0.0])
        knot = np.maximum(corner + hang, [-9, -9, 0.05])
        shapes.wires([np.array([corner, knot])], 0.008, cord)
        shapes.ball(0.026, knot, cord)
        down = np.array([0.1 * cx, -0.02, -0.17]) if corner[2] > 0.2 else np.array([0.16 * cx, -0.07, -0.04])
        t = np.linspace(0, 1, 6)[None, :, None]
        spread = rng.normal(size=(420, 1, 3)) * 0.016 * (0.5 + 1.3 * t)
        hairs.append(knot + down * t * rng.uniform(0.85, 1.05, (420, 1, 1)) + spread)
    lines = np.concatenate(hairs)
    lines[..., 2] = np.maximum(lines[..., 2], 0.003)
    shapes.strands(lines, 0.0024, thread, tip=0.6)


def doily(rng: np.random.Generator) -> None:
    """A round crocheted lace doily lying flat: rings of loops, a solid star and a scalloped edge."""
    cotton = materials.paint((0.74, 0.7, 0.6), 0.85, vary=0.1)
    lines = [shapes.circle(r, 120, 0.012) for r in (0.05, 0.065, 0.16, 0.3, 0.315, 0.45, 0.62, 0.635)]

    def loops(count: int, near: float, far: float, wide: float = 0.5) -> None:
        """Arches from ring `near` to ring `far`."""
        for index in range(count):
            t = np.linspace(-1, 1, 22)
            angle = 2 * np.pi * (index + wide * t) / count
            reach = near + (far - near) * (1 - t**2) ** 0.7 + 0.004 * rng.normal()
            height = 0.012 + 0.004 * np.sin(5 * t + index)
            lines.append(np.stack([reach * np.cos(angle), reach * np.sin(angle), height], 1))

    for count, near, far, wide in ((18, 0.06, 0.17, 0.5), (40, 0.62, 0.72, 0.5), (40, 0.62, 0.68, 1.0)):
        loops(count, near, far, wide)
    for count, near, far, wide in (
        (48, 0.3, 0.37, 0.8),
        (48, 0.46, 0.37, 0.8),
        (24, 0.7, 0.8, 0.5),
        (24, 0.7, 0.85, 0.62),
    ):
        loops(count, near, far, wide)
    for index in range(18):
        a = 2 * np.pi * (index + 0.5) / 18
        for aside in np.linspace(-0.07, 0.07, 7):
            spoke = ((0.16, 0), (0.23, 2 * aside), (0.3, 0))
            lines.append(np.array([(r * np.cos(a + s), r * np.sin(a + s), 0.014) for r, s in spoke]))
    for index in range(96):
        a, b = 2 * np.pi * index / 96, 2 * np.pi * (index + 1 - 2 * (index % 2)) / 96
        lines.append(
            np.array([(0.45 * np.cos(a), 0.45 * np.sin(a), 0.012), (0.62 * np.cos(b), 0.62 * np.sin(b), 0.012)])
        )
    twisted = []
    for line in lines:
        p = np.asarray(line, float)
        p = shapes.bend(p, 3 * len(p)) if len(p) < 40 else np.vstack([p, p[:1]])
        turn = np.linspace(0, 2 * np.pi * len(p) / 6, len(p))
        around = np.stack([np.cos(turn), np.sin(turn), np.sin(turn + 1)], 1)
        twisted += [p + 0.0035 * around, p - 0.0035 * around]
    shapes.wires(twisted, 0.0052, cotton, round_=2)


def straw_hat(rng: np.random.Generator) -> None:
    """A wide-brimmed hat sewn from a spiral of plaited straw, with a ribbon; straws stick out."""
    straw = materials.paint((0.68, 0.5, 0.24), 0.65, vary=0.22, bump=0.6, bump_scale=45)
    crown = shapes.bend([(0.01, 0.36), (0.16, 0.36), (0.25, 0.31), (0.29, 0.16), (0.32, 0.06)], 80)
    brim = shapes.bend([(0.32, 0.06), (0.45, 0.035), (0.6, 0.045), (0.74, 0.09)], 80)
    profile = np.vstack([crown, brim[1:]])
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))]
    turns = np.linspace(0, 1, 5200)
    r, z = (np.interp(turns * length[-1], length, profile[:, axis]) for axis in (0, 1))
    angle = turns * 2 * np.pi * 40
    outer = np.clip((r - 0.32) / 0.42, 0, 1) ** 2
    z = z + 0.05 * outer * np.sin(2 * angle + 1) + 0.02 * outer * np.sin(5 * angle)
    plait = np.sin(angle * 60)
    path = np.stack([r * np.cos(angle), 1.12 * r * np.sin(angle), z + 0.003 * plait], 1)
    shapes.wires([path], 0.0125, straw, round_=2)
    outline = np.c_[profile[:, 0], profile[:, 1]]
    rings = [shapes.circle(max(a, 1e-3), 90, b - 0.004, flat=1.12) for a, b in outline if a < 0.34]
    shapes.loft(rings, straw, caps=False)
    band = materials.paint((0.02, 0.02, 0.025), 0.5, bump=0.4, bump_scale=90)
    shapes.loft(
        [shapes.circle(q, 90, h, flat=1.12) for q, h in ((0.337, 0.055), (0.325, 0.1), (0.306, 0.15))], band, False
    )
    at = path[rng.integers(0, len(path), 260)]
    rim = path[rng.integers(4950, 5200, 420)]
    root = np.concatenate([at, rim])
    out = root * [1, 1, 0] / (np.linalg.norm(root[:, :2], axis=1)[:, None] + 1e-6) + 0.9 * rng.normal(size=root.shape)
    t = np.linspace(0, 1, 4)[None, :, None]
    long = rng.uniform(0.008, 0.03, (len(root), 1, 1))
    bow = rng.normal(size=(len(root), 1, 3)) * 0.3
    shapes.strands(root[:, None] + long * (out[:, None] * t + bow * t**2), 0.0016, straw, tip=0.7)


def towels(rng: np.random.Generator) -> None:
    """Two folded white terry towels, one on the other; made for a white backdrop."""
    terry = materials.paint((0.78, 0.78, 0.77), 0.95, bump=0.7, bump_scale=120, vary=0.03)
    loops = materials.paint((0.8, 0.8, 0.79), 0.9, vary=0.03)
    for floor, wide, deep, turn in ((0.0, 1.0, 0.66, 0), (0.25, 0.94, 0.6, 5)):
        half, gap = deep / 2, 0.055
        section: list[tuple[float, float]] = []
        for layer in range(4):
            ends = (half - 0.03, -half + 0.03) if layer % 2 else (-half + 0.03, half - 0.03)
            section += [(float(y), gap * layer) for y in np.linspace(*ends, 12)]
            if layer < 3:
                over = half - 0.004 if layer % 2 == 0 else -half + 0.004
                section.append((over, gap * (layer + 0.5)))
        line = shapes.bend(np.array([(0, y, z) for y, z in section]), 170)
        x = np.linspace(-wide / 2, wide / 2, 70)
        grid = np.stack([shapes.place(line, (a, 0, 0)) for a in x])
        slump = 0.012 * np.sin(5 * x[:, None] + 3 * line[None, :, 1]) + 0.008 * np.cos(11 * x[:, None])
        grid[..., 2] += floor + 0.032 + slump * (line[None, :, 2] / 0.17)
        grid[..., 1] += 0.01 * np.sin(7 * x[:, None] + 40 * line[None, :, 2])
        towel = shapes.sheet(shapes.place(grid, turn=(0, 0, turn)), terry, 0.042)
        shapes.fur([towel], 42000, 0.02, 0.0014, loops, rng, droop=0.0, mess=0.9)


def umbrella(rng: np.random.Generator) -> None:
    """An open umbrella resting on its rim and ribs, its crook to the front."""
    cloth, steel = materials.paint((0.4, 0.02, 0.05), 0.6, sheen=0.2, vary=0.05), materials.chrome(rough=0.25)
    wood = materials.paint((0.22, 0.1, 0.04), 0.3, coat=0.5)
    turn, at = (118, 0, 20), (0, 0, 0.62)
    rings = []
    for t in np.linspace(0.01, 1, 30):
        angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        sag = np.abs(np.sin(4 * angle)) ** 0.8
        reach = 0.78 * t * (1 - 0.13 * t**1.5 * sag)
        height = 0.42 * (1 - t**2.1) - 0.02 * t * sag
        rings.append(np.stack([reach * np.cos(angle), reach * np.sin(angle), height], 1))
    shapes.thicken(shapes.loft([shapes.place(r, at, turn) for r in rings[::-1]], cloth, False, sharp=60), 0.004)
    ribs, stays = [], []
    for a in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        t = np.linspace(0, 1.035, 24)
        rib = np.stack([0.78 * t * np.cos(a), 0.78 * t * np.sin(a), 0.405 * (1 - t**2.1)], 1)
        ribs.append(shapes.place(rib, at, turn))
        stays.append(shapes.place([rib[13], (0.02 * np.cos(a), 0.02 * np.sin(a), 0.02)], at, turn))
        shapes.ball(0.011, ribs[-1][-1], steel)
    shapes.wires(ribs, 0.0055, steel)
    shapes.wires(stays, 0.0045, steel)
    shapes.wires([shapes.place([(0, 0, 0.5), (0, 0, -0.55)], at, turn)], 0.011, steel)
    crook = shapes.bend([(0, 0, -0.5), (0, 0, -0.66), (0.06, 0, -0.74), (0.13, 0, -0.7), (0.14, 0, -0.62)], 30)
    shapes.wires([shapes.place(crook, at, turn)], 0.024, wood, round_=6)


def bunting(rng: np.random.Generator) -> None:
    """A cord laid in waves with cloth pennants sewn to it, their pinked edges frayed."""
    cord = materials.paint((0.62, 0.55, 0.42), 0.9, vary=0.15)
    line = shapes.bend(
        [(-0.9, 0.3, 0.012), (-0.45, 0.1, 0.012), (0, 0.28, 0.012), (0.45, 0.05, 0.012), (0.9, 0.3, 0.012)], 240
    )
    curl = [line[-1], (1.0, 0.2, 0.012), (0.95, 0.0, 0.012), (1.05, -0.15, 0.012)]
    shapes.wires([line, shapes.bend(curl, 40)], 0.009, cord)
    cloths = [
        materials.paint(colour, 0.85, weave=True, bump=0.3, bump_scale=120)
        for colour in ((0.6, 0.12, 0.1), (0.7, 0.62, 0.45), (0.1, 0.25, 0.3))
    ]
    threads = []
    for number, start in enumerate(range(12, 220, 36)):
        left, right = line[start], line[start + 24]
        tip = 0.5 * (left + right) + [rng.uniform(-0.03, 0.03), -0.4, 0]
        across, down = np.meshgrid(np.linspace(0, 1, 24), np.linspace(0, 1, 30), indexing="ij")
        top = left + across[..., None] * (right - left)
        grid = top + down[..., None] * (tip - top) * 0.98
        grid[..., 2] = 0.01 + 0.012 * np.sin(3 * across + 5 * down + number)
        shapes.sheet(grid, cloths[number % 3], 0.006)
        for at in rng.uniform(0.05, 0.95, 26):
            for side in (0, -1):
                root = grid[side, int(29 * at)]
                out = np.array([0.05 * (1 if side else -1), rng.uniform(-0.03, 0.02), 0.0]) * rng.uniform(0.4, 1)
                threads.append(root + np.linspace(0, 1, 6)[:, None] * out + [0, 0, 0.004])
    shapes.strands(np.array(threads), 0.0016, cord, tip=0.5)
