"""Beauty and small fibre goods: dropper bottle, make-up brushes, hair brush, feather."""

from __future__ import annotations

import numpy as np

from bench.renders import materials, shapes


def dropper_bottle(rng: np.random.Generator) -> None:
    """A clear bottle of serum with a paper label, gold collar and rubber teat, its glass tube within."""
    clear, serum = materials.glass(), materials.glass((0.98, 0.86, 0.6), index=1.36)
    outer = [(0, 0), (0.24, 0), (0.27, 0.02), (0.275, 0.5), (0.25, 0.6), (0.12, 0.66), (0.11, 0.74)]
    inner = [(0.09, 0.74), (0.09, 0.66), (0.22, 0.58), (0.245, 0.5), (0.245, 0.06), (0.2, 0.045), (0, 0.045)]
    shapes.lathe([*outer, *inner], clear, smooth=2)
    shapes.lathe([(0, 0.05), (0.2, 0.05), (0.243, 0.07), (0.243, 0.42), (0, 0.42)], serum, smooth=1)
    shapes.lathe([(0.02, 0.1), (0.028, 0.2), (0.028, 0.72), (0.02, 0.72), (0.018, 0.2), (0.012, 0.1)], clear)
    gold, rubber = materials.gold(0.2), materials.paint((0.7, 0.69, 0.67), 0.6)
    shapes.rod(0.135, 0.18, (0, 0, 0.7), gold)
    shapes.lathe([(0.09, 0.87), (0.085, 0.93), (0.075, 0.97), (0.08, 1.05), (0.06, 1.14), (0, 1.16)], rubber, smooth=2)
    angle = np.radians(np.linspace(-150, -30, 50))
    paper = materials.paint((0.78, 0.76, 0.7), 0.7, pattern="print", second=(0.12, 0.18, 0.14), scale=13)
    curve = np.stack([0.277 * np.cos(angle), 0.277 * np.sin(angle), 0 * angle], 1)
    shapes.sheet(np.stack([shapes.place(curve, (0, 0, z)) for z in (0.14, 0.4)]), paper, 0.003)


def makeup_brushes(rng: np.random.Generator) -> None:
    """Four make-up brushes, heads up, in a pale cup."""
    cup = materials.paint((0.7, 0.62, 0.56), 0.35, coat=0.3)
    wall = [(0, 0), (0.2, 0), (0.22, 0.02), (0.24, 0.42), (0.235, 0.43), (0.225, 0.42), (0.2, 0.05), (0, 0.04)]
    shapes.lathe(wall, cup, smooth=1)
    copper, black = materials.chrome((0.9, 0.55, 0.4), 0.15), materials.paint((0.015, 0.015, 0.015), 0.2, coat=0.5)
    kinds = (
        # lean, towards, width and depth of the head, its length, its point, its hairs' colour
        (13, 200, 0.12, 0.12, 0.3, 0.35, (0.06, 0.035, 0.025)),
        (16, 320, 0.045, 0.045, 0.18, 0.6, (0.5, 0.42, 0.36)),
        (12, 95, 0.2, 0.03, 0.24, 0.1, (0.62, 0.58, 0.54)),
        (9, 20, 0.08, 0.06, 0.2, 0.0, (0.12, 0.07, 0.05)),
    )
    for lean, towards, wide, deep, long, point, colour in kinds:
        turn, at = (lean, 0, towards), (0, 0, 0.06)
        handle = [(0, 0), (0.012, 0), (0.026, 0.3), (0.03, 0.55), (0.022, 0.7), (0, 0.7)]
        shapes.lathe(handle, black, at, turn, smooth=1)
        neck = [(0.7, 0.023, 0.023), (0.78, 0.028, 0.028), (0.88, 0.3 * wide + 0.016, 0.5 * deep + 0.006)]
        shapes.loft([shapes.place(shapes.circle(w, 36, z, flat=d / w), at, turn) for z, w, d in neck], copper)
        count = 2600 if wide > 0.1 else 1500
        spread, reach = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count))
        unit = np.stack([reach * np.cos(spread), reach * np.sin(spread)], 1)[:, None]
        t = np.linspace(0, 1, 7)[None, :, None]
        near, far = np.array([0.3 * wide + 0.01, 0.5 * deep]), np.array([wide, deep])
        swell = (
            near + (far - near) * np.sin(0.5 * np.pi * np.clip(1.3 * t, 0, 1)) - point * far * np.clip(t - 0.6, 0, 1)
        )
        flat = unit * swell + 0.011 * rng.normal(size=(count, 1, 2)) * t**2
        dome = 1 - 0.28 * (reach[:, None, None] ** 2) * (1 if point else 0.25) - 0.08 * rng.random((count, 1, 1)) ** 2
        lines = np.concatenate([flat, 0.86 + long * t * dome], 2)
        hair = materials.paint(colour, 0.55, vary=0.25)
        shapes.strands(shapes.place(lines, at, turn), 0.0019, hair, tip=0.3)


def hair_brush(rng: np.random.Generator) -> None:
    """A wooden paddle brush, its ball-tipped pins seen from the side."""
    wood = materials.paint((0.4, 0.22, 0.1), 0.4, pattern="wood", second=(0.28, 0.14, 0.06), coat=0.3)
    pad, pin = materials.paint((0.03, 0.03, 0.03), 0.5), materials.paint((0.5, 0.3, 0.15), 0.4)
    turn, at = (78, 0, 0), (0, 0, 0.06)
    outline = [(0, -0.02), (0.05, 0.0), (0.05, 0.3), (0.09, 0.48), (0.23, 0.6), (0.25, 0.85), (0.2, 1.05), (0, 1.1)]
    half = shapes.bend(outline, 50)
    around = np.vstack([half, half[-2:0:-1] * [-1, 1]])
    middle = np.array([0, 0.5])
    rings = [
        np.c_[(around - middle) * s + middle, np.full(len(around), z)]
        for s, z in ((0.95, -0.03), (1, 0), (0.97, 0.025))
    ]
    shapes.loft([shapes.place(ring, at, turn) for ring in rings], wood)
    shapes.ball(1, shapes.place((0, 0.83, 0.02), at, turn), pad, (0.19, 0.22, 0.05), turn)
    pins, tips = [], []
    for x in np.arange(-6, 7) * 0.027:
        for y in np.arange(-7, 8) * 0.027:
            inside = (x / 0.175) ** 2 + (y / 0.205) ** 2
            if inside < 1:
                foot = np.array([x, 0.83 + y, 0.02 + 0.048 * np.sqrt(1 - inside)])
                tip = shapes.place(foot, (0.12 * x, 0.12 * y, 0.14))
                pins.append(shapes.place([foot, tip], at, turn))
                tips.append(pins[-1][1])
    shapes.wires(pins, 0.0034, pin)
    for tip in tips:
        shapes.ball(0.0066, tip, pin, count=12)


def feather(rng: np.random.Generator) -> None:
    """A long pale feather with a bent quill, splits in its vane and down at its foot."""
    quill, vane = materials.paint((0.75, 0.7, 0.6), 0.4), materials.paint((0.66, 0.63, 0.58), 0.75, vary=0.2)
    shaft = shapes.bend(
        [(-0.12, 0, 0), (-0.06, -0.01, 0.3), (0.02, -0.02, 0.8), (0.16, -0.03, 1.3), (0.24, -0.03, 1.5)], 160
    )
    shapes.wires([shaft], 0.011, quill, taper=[1, 0.9, 0.6, 0.3, 0.1])
    hairs = []
    along = np.linspace(0.16, 1, 420)
    ahead = np.gradient(shaft, axis=0)
    for side, broad in ((-1, 0.17), (1, 0.1)):
        gaps = np.sort(rng.uniform(0.3, 0.92, 4))
        for s in along:
            index = min(159, int(s * 159))
            way = ahead[index] / np.linalg.norm(ahead[index])
            out = np.array([way[2], 0, -way[0]]) * side
            # Barbs cling together between the splits and lean apart at them.
            nearest = gaps[np.argmin(np.abs(gaps - s))]
            part = 0.5 * np.sign(s - nearest) * np.exp(-np.abs(s - nearest) / 0.03)
            long = broad * np.clip((s - 0.12) / 0.1, 0.3, 1) * np.clip((1.02 - s) / 0.14, 0.12, 1) ** 0.6
            t = np.linspace(0, 1, 8)[:, None]
            rise = 0.5 + 0.8 * t + part * t
            long *= 1 + 0.03 * rng.normal()
            hairs.append(shaft[index] + long * (out * t + way * rise * t) + [0, 0.03, 0] * t**2 * long / broad)
    shapes.strands(np.array(hairs), 0.0031, vane, tip=0.35)
    down = []
    for _ in range(380):
        index = int(rng.integers(18, 52))
        way = rng.normal(size=3) * [1, 0.5, 0.7]
        way *= rng.uniform(0.05, 0.15) / np.linalg.norm(way)
        bow = 0.05 * rng.normal(size=3)
        down.append(shapes.bend([shaft[index], shaft[index] + 0.5 * way + 0.3 * bow, shaft[index] + way + bow], 8))
    shapes.strands(np.array(down), 0.0014, vane, tip=0.4)


def toothbrushes(rng: np.random.Generator) -> None:
    """Two toothbrushes, one across the other, white and mint with white bristles; made for a white backdrop."""
    white, mint = materials.paint((0.8, 0.8, 0.79), 0.25, coat=0.3, vary=0.02), materials.paint((0.35, 0.62, 0.55), 0.3)
    nylon = materials.paint((0.8, 0.82, 0.84), 0.4, vary=0.05)
    for at, turn, body in (((0, 0, 0.03), (0, 0, 18), mint), ((0.05, 0.02, 0.09), (0, -4, -24), white)):
        spine = shapes.bend([(-0.8, 0, 0), (-0.4, 0, 0.01), (0.1, 0, 0.02), (0.45, 0, 0.0), (0.75, 0, 0.0)], 60)
        thick = np.interp(np.linspace(0, 1, 60), [0, 0.1, 0.4, 0.6, 0.76, 0.8, 1], [0.8, 1.2, 1, 0.5, 0.5, 1.2, 1.1])
        shapes.wires([shapes.place(spine, at, turn)], 0.03, body, taper=thick, round_=8)
        roots = np.array([(x, y, 0.03) for x in np.linspace(0.5, 0.74, 9) for y in (-0.024, -0.008, 0.008, 0.024)])
        lines = np.repeat(roots, 45, axis=0) + rng.normal(size=(45 * len(roots), 3)) * [0.005, 0.004, 0]
        rise = np.linspace(0, 1, 5)[None, :, None] * np.array([0, 0, 0.11])
        lean = np.linspace(0, 1, 5)[None, :, None] ** 2 * rng.normal(size=(len(lines), 1, 3)) * [0.007, 0.007, 0]
        shapes.strands(shapes.place(lines[:, None] + rise + lean, at, turn), 0.0022, nylon, tip=0.8)
