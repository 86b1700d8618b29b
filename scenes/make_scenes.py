#!/usr/bin/env python3
"""Render the mock-up scenes: ``python scenes/make_scenes.py [NAME ...]`` writes scenes/<NAME>/scene.jpg.

Each scene is a surface seen by the camera of its scene.yaml (so that what is placed later meets the same ground
plane), with a procedural texture, light, a wall or studio behind it, depth of field and grain. Everything is
made here from numbers and a fixed seed: no photo and no texture of anyone else. The pictures are CC0-1.0.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers" / "packshot"))
from packshot.imaging.light import srgb
from packshot.imaging.mockup import Scene, load_scene

F32 = npt.NDArray[np.float32]
SIZE = 1600  # px, the picture's side
OVER = 2  # samples a pixel and axis
HERE = Path(__file__).resolve().parent
LIMIT = 400_000  # bytes a picture


@dataclass(frozen=True)
class View:
    """What each sample sees: x, z (cm) on the surface, u and v (-1..1) on the screen, `back` the rows' tangent."""

    x: F32
    z: F32
    u: F32
    v: F32
    depth: F32


def view(scene: Scene) -> View:
    """Rays of the scene's camera, cut with the surface; z is infinite above the horizon."""
    n = SIZE * OVER
    v, u = np.mgrid[0:n, 0:n].astype(np.float32)
    u, v = (u + 0.5) / n - 0.5, (v + 0.5) / n - 0.5
    pitch = np.deg2rad(scene.ground.pitch_deg)
    across, below = u / scene.ground.focal, v / scene.ground.focal
    fall = np.maximum(below * np.cos(pitch) + np.sin(pitch), 1e-4)
    far = scene.ground.camera_height_cm / fall
    z = far * (np.cos(pitch) - below * np.sin(pitch))
    return View(*(np.asarray(a, np.float32) for a in (far * across, z, 2 * u, 2 * v, far)))


def noise(x: F32, z: F32, size: float, seed: int) -> F32:
    """Smooth noise 0..1 with blobs of about `size` (in the units of x and z)."""
    lattice = np.random.default_rng(seed).random((256, 256), np.float32)
    wrap = [np.mod(a / size, 256).astype(np.float32) for a in (x, z)]
    return np.clip(cv2.remap(lattice, wrap[0], wrap[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP), 0, 1)


def layered(x: F32, z: F32, size: float, seed: int, octaves: int = 5) -> F32:
    """Noise over noise of half the size and half the strength: 0..1, mean one half."""
    total, weight = np.zeros_like(x), 0.0
    for k in range(octaves):
        total += noise(x + 17.3 * k, z - 9.1 * k, size / 2**k, seed + k) * 0.5**k
        weight += 0.5**k
    return total / weight


def mixed(low: tuple[float, ...], high: tuple[float, ...], share: F32) -> F32:
    """Colour between two linear colours."""
    return np.asarray(low, np.float32) + share[..., None] * (np.asarray(high, np.float32) - np.asarray(low, np.float32))


def smooth(edge0: float, edge1: float, value: F32) -> F32:
    """0..1 as the value goes from edge0 to edge1, without corners."""
    t = np.clip((value - edge0) / (edge1 - edge0), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def box(u: F32, v: F32, middle: tuple[float, float], half: tuple[float, float], soft: float) -> F32:
    """0..1 soft rectangle on the screen."""
    return smooth(half[0] + soft, half[0] - soft, np.abs(u - middle[0])) * smooth(
        half[1] + soft, half[1] - soft, np.abs(v - middle[1])
    )


def marble_counter(s: View) -> tuple[F32, F32]:
    """Polished white marble; tiles, a shelf and jars out of focus behind it."""
    bend = 26 * (layered(s.x, s.z, 55, 3) - 0.5), 26 * (layered(s.x, s.z, 55, 13) - 0.5)
    vein = layered(s.x + bend[0] + 0.35 * s.z, s.z + bend[1], 46, 21, 6)
    fine = layered(s.x - 0.5 * s.z + bend[1], s.z + bend[0], 21, 41, 6)
    dark = 0.75 * np.exp(-(((vein - 0.5) / 0.012) ** 2)) + 0.4 * np.exp(-(((vein - 0.5) / 0.05) ** 2))
    dark += 0.35 * np.exp(-(((fine - 0.47) / 0.010) ** 2)) * layered(s.x, s.z, 70, 61, 2)
    cloud = layered(s.x, s.z, 34, 71)
    top = mixed((0.70, 0.70, 0.69), (0.80, 0.795, 0.78), cloud) * (1 - 0.55 * np.clip(dark, 0, 1))[..., None]
    row = np.floor((s.v + 1) / 0.135)
    joint = np.minimum(np.abs(np.mod(s.v + 1, 0.135) - 0.0675), np.abs(np.mod(s.u + 0.135 * (row % 2), 0.27) - 0.135))
    tint = noise(np.floor((s.u + 0.135 * (row % 2)) / 0.27) * 7.7 + 30, row * 5.1, 1.0, 81)
    wall = mixed((0.50, 0.53, 0.50), (0.58, 0.60, 0.57), tint) * (0.86 + 0.14 * smooth(0.0, 0.012, joint))[..., None]
    things = (
        (-0.66, 0.11, 0.36, (0.08, 0.14, 0.09)),
        (-0.37, 0.085, 0.25, (0.58, 0.42, 0.24)),
        (0.62, 0.15, 0.27, (0.60, 0.56, 0.50)),
        (0.86, 0.045, 0.46, (0.20, 0.12, 0.07)),
    )
    for middle, half, tall, colour in things:  # they stand behind the counter's edge
        shape = box(s.u, s.v, (middle, 0.1 - tall), (half, tall), 0.02)[..., None]
        side = np.clip((s.u - middle) / half, -1, 1)
        round_ = (0.45 + 0.65 * np.sqrt(np.clip(1 - (side + 0.35) ** 2 / 1.9, 0, 1)))[..., None]
        wall = wall * (1 - shape) + shape * np.asarray(colour, np.float32) * round_
    wall = np.asarray(wall * (1.15 - 0.45 * (s.u + 1) / 2)[..., None], np.float32)
    return top * (1.12 - 0.20 * (s.u + 1) / 2)[..., None], wall


def oak_window(s: View) -> tuple[F32, F32]:
    """Oak boards across the picture; low sun through a window on the right."""
    board = np.floor(s.z / 13.5)
    shift = board * 37.7
    wave = layered(s.x + shift, s.z * 3 + board * 11, 60, 5, 3)
    rings = 0.5 + 0.5 * np.sin((s.z * 1.1 + 16 * wave + 0.02 * s.x) * 2.1)
    pores = noise((s.x + shift) * 0.14, s.z * 4.5, 1.0, 9) * noise((s.x + shift) * 0.5, s.z * 9, 1.0, 10)
    tone = (
        0.5 * layered(s.x * 0.2 + shift, s.z, 14, 15, 4)
        + 0.28 * rings
        + 0.22 * noise(board * 3.3, board * 0 + 2, 1.0, 4)
    )
    wood = mixed((0.26, 0.145, 0.066), (0.50, 0.315, 0.165), tone) * (1 - 0.32 * smooth(0.30, 0.62, pores))[..., None]
    gap = np.abs(np.mod(s.z, 13.5) - 6.75)
    wood = wood * (1 - 0.75 * smooth(6.62, 6.73, gap))[..., None]
    # the window's light lies slanted over the boards, crossed by its bars
    a, b = (s.x - 0.62 * (s.z - 120)), s.z - 122
    pane = (
        smooth(46, 40, np.abs(a))
        * smooth(34, 28, np.abs(b))
        * (1 - smooth(2.8, 1.2, np.abs(a + 13)))
        * (1 - smooth(2.4, 1.0, np.abs(b + 10)))
    )
    wood = wood * (0.55 + 0.62 * pane)[..., None] * np.array([1.08, 1.0, 0.88], np.float32)
    wall = (
        mixed((0.33, 0.28, 0.22), (0.39, 0.335, 0.27), layered(s.u, s.v, 0.5, 33))
        * (0.75 + 0.35 * (s.u + 1) / 2)[..., None]
    )
    glass = box(s.u, s.v, (0.70, -0.68), (0.34, 0.46), 0.012) * (1 - box(s.u, s.v, (0.70, -0.68), (0.016, 0.5), 0.006))
    glass = glass * (1 - box(s.u, s.v, (0.70, -0.66), (0.4, 0.014), 0.006))
    garden = mixed((0.50, 0.62, 0.30), (1.25, 1.15, 0.85), layered(s.u, s.v, 0.22, 91, 3))
    frame = box(s.u, s.v, (0.70, -0.68), (0.38, 0.50), 0.012)[..., None]
    wall = wall * (1 - frame) + frame * np.array([0.72, 0.66, 0.56], np.float32)
    wall = wall * (1 - glass[..., None]) + glass[..., None] * garden
    curtain = smooth(0.12, 0.04, np.abs(s.u - 0.24))[..., None] * (0.8 + 0.2 * np.sin(s.u * 95))[..., None]
    return wood, wall * (1 - 0.85 * curtain) + 0.85 * curtain * np.array([0.62, 0.54, 0.43], np.float32)


def linen_table(s: View) -> tuple[F32, F32]:
    """A linen cloth with soft folds; leaves before the lamp throw a dappled shade on cloth and wall."""
    height = 3.2 * layered(s.x + 0.4 * s.z, s.z * 0.55, 30, 7, 3) + 0.5 * layered(s.x, s.z, 6, 17, 2)
    lean = np.asarray(np.gradient(height, axis=1) - 0.6 * np.gradient(height, axis=0), np.float32)
    slope = cv2.GaussianBlur(lean, (0, 0), 3)
    fold = np.clip(1 - 22 * slope, 0.62, 1.25)
    warp, weft = noise(s.x * 0.05, s.z * 9, 1.0, 1), noise(s.x * 9, s.z * 0.05, 1.0, 2)
    thread = 0.5 + 0.25 * np.sin(s.x * 34 + 5 * warp) + 0.25 * np.sin(s.z * 34 + 5 * weft)
    slub = 0.5 * warp + 0.5 * weft
    cloth = mixed((0.42, 0.355, 0.265), (0.70, 0.63, 0.52), 0.6 * thread + 0.4 * slub) * fold[..., None]
    plaster = mixed((0.50, 0.44, 0.37), (0.60, 0.54, 0.465), layered(s.u, s.v, 0.35, 27, 6))
    plaster = np.asarray(plaster * (1.18 - 0.38 * (s.u + 1) / 2)[..., None], np.float32)
    on_wall = leaves(s.u, s.v, 0.05)
    on_cloth = leaves(np.asarray(s.x / 60 + 0.1, np.float32), np.asarray((s.z - 120) / 60, np.float32), 0.022)
    return np.asarray(cloth * on_cloth[..., None], np.float32), plaster * on_wall[..., None]


def leaves(a: F32, b: F32, soft: float) -> F32:
    """Light 0.6..1.1 under a few leaves."""
    rng = np.random.default_rng(12)
    shade: F32 = np.zeros_like(a)
    for _ in range(16):
        x, y, turn = rng.uniform(-1.1, 0.9), rng.uniform(-1.0, 0.7), rng.uniform(0.4, 1.3)
        along = np.asarray((a - x) * np.cos(turn) + (b - y) * np.sin(turn), np.float32)
        across = np.asarray((b - y) * np.cos(turn) - (a - x) * np.sin(turn), np.float32)
        shade = np.maximum(
            shade, smooth(1 + 9 * soft, 1 - 9 * soft, np.sqrt((along / 0.30) ** 2 + (across / 0.055) ** 2))
        )
    return np.asarray(1.1 - 0.36 * shade, np.float32)


def concrete_plinth(s: View) -> tuple[F32, F32]:
    """A cast block in a studio: its top is the surface, its front and the sweep are behind or below."""
    grain = layered(s.x, s.z, 16, 5, 6)
    pits = smooth(0.86, 0.92, noise(s.x, s.z, 0.42, 8)) * smooth(0.45, 0.8, noise(s.x, s.z, 7, 18))
    top = mixed((0.40, 0.395, 0.385), (0.54, 0.535, 0.52), grain) * (1 - 0.5 * pits)[..., None]
    top = top * (1.1 - 0.12 * (s.u + 1) / 2)[..., None]
    return top, sweep(s)


def sweep(s: View) -> F32:
    """A grey-blue studio backdrop with a pool of light."""
    pool = np.exp(-((s.u + 0.15) ** 2 / 0.55 + (s.v + 0.45) ** 2 / 0.8))
    return mixed((0.15, 0.165, 0.185), (0.47, 0.49, 0.51), pool * (0.96 + 0.08 * layered(s.u, s.v, 0.6, 51, 3)))


def plinth_front(s: View, scene: Scene, top: F32, behind: F32) -> tuple[F32, npt.NDArray[np.bool_]]:
    """The block's top, front face and what is beside it, and where the top is."""
    near, back, half = 88.0, 150.0, 19.0
    on_top = (s.z > near) & (s.z < back) & (np.abs(s.x) < half)
    pitch = np.deg2rad(scene.ground.pitch_deg)
    scale = near / (np.cos(pitch) - s.v / 2 / scene.ground.focal * np.sin(pitch))
    x = scale * s.u / 2 / scene.ground.focal
    down = scale * (s.v / 2 / scene.ground.focal * np.cos(pitch) + np.sin(pitch)) - scene.ground.camera_height_cm
    front = (down >= 0) & (np.abs(x) < half)
    grain = layered(x + 300, down, 14, 5, 6)
    pits = smooth(0.86, 0.92, noise(x + 300, down, 0.5, 8)) * smooth(0.45, 0.8, noise(x, down, 7, 28))
    face = mixed((0.20, 0.198, 0.195), (0.29, 0.287, 0.28), grain) * (1 - 0.5 * pits)[..., None]
    face *= (1.05 - 0.012 * np.clip(down, 0, 40) - 0.1 * s.u)[..., None]
    bevel = np.exp(-((down / 0.25) ** 2))[..., None]
    face = face * (1 - bevel) + bevel * 0.62
    out = np.where(on_top[..., None], top, np.where(front[..., None], face, behind))
    return np.asarray(out, np.float32), on_top


SCENES = {
    "marble-counter": (marble_counter, 186.0),
    "oak-window": (oak_window, 215.0),
    "linen-table": (linen_table, 200.0),
    "concrete-plinth": (concrete_plinth, 150.0),
}


def reduced(samples: F32) -> F32:
    """From the samples to the picture's pixels."""
    return np.asarray(cv2.resize(samples, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.float32)


def focused(light: F32, blur: F32) -> F32:
    """Depth of field: each pixel from the two of five blurred copies that enclose its radius (px)."""
    radii = [0.0, 2.0, 5.0, 11.0, 24.0]
    copies: list[F32] = [light] + [np.asarray(cv2.GaussianBlur(light, (0, 0), r), np.float32) for r in radii[1:]]
    out: F32 = copies[-1].copy()
    for k in range(len(radii) - 1):
        part = np.clip((blur - radii[k]) / (radii[k + 1] - radii[k]), 0, 1)[..., None]
        here = (blur >= radii[k]) & (blur < radii[k + 1])
        out = np.where(here[..., None], copies[k] * (1 - part) + copies[k + 1] * part, out)
    return out


def render(name: str) -> npt.NDArray[np.uint8]:
    """uint8 SIZE x SIZE x 3 sRGB picture of one scene."""
    scene = load_scene(HERE / name)
    texture, edge = SCENES[name]
    s = view(scene)
    top, behind = texture(s)
    if name == "concrete-plinth":
        light, ground = plinth_front(s, scene, top, behind)
    else:
        ground = s.z < edge
        mirror = np.clip(0.03 + 0.6 * (1 - scene.ground.camera_height_cm / s.depth) ** 5, 0, 1) * min(
            1, 5 * scene.gloss
        )
        edge_row = int(np.argmax(ground[:, 0]))
        upside = cv2.GaussianBlur(behind[np.clip(2 * edge_row - np.arange(len(s.u)), 0, edge_row)], (0, 0), 30)
        shade = 1 - 0.45 * np.exp(-np.clip(edge - s.z, 0, None) / 14)  # where the surface meets the wall
        top = (top * (1 - mirror[..., None]) + upside * mirror[..., None]) * shade[..., None]
        light = np.asarray(np.where(ground[..., None], top, behind), np.float32)
    depth = np.where(ground, s.z, 1.6 * edge)
    light, depth = (reduced(np.asarray(a, np.float32)) for a in (light, depth))
    stand = scene.ground.stand_cm
    blur = np.clip(70 * np.abs(1 / stand - 1 / depth) * stand / 3 - 1.0, 0, 23.9)
    light = focused(light, np.asarray(cv2.GaussianBlur(blur.astype(np.float32), (0, 0), 3), np.float32))
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    light *= (1 - 0.14 * (x * x + y * y) / 2)[..., None].astype(np.float32)
    light += np.random.default_rng(0).normal(0, 0.0035, light.shape).astype(np.float32) * np.sqrt(
        np.maximum(light, 0.02)
    )
    return srgb(light)


def main(names: list[str]) -> None:
    """Render the named scenes (all, if none is named) below the size limit."""
    for name in names or list(SCENES):
        picture = cv2.cvtColor(render(name), cv2.COLOR_RGB2BGR)
        for quality in range(90, 50, -4):
            data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(data) <= LIMIT:
                break
        (HERE / name / "scene.jpg").write_bytes(data)
        print(f"{name}: {len(data)} bytes at quality {quality}")


if __name__ == "__main__":
    main(sys.argv[1:])
