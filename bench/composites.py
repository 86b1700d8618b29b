"""Photos with exact truth, made from known products: new backdrop, new colour, new shadow, camera noise.

Needs a folder of `fg/<name>.png` (the product's own colour, extended beyond its edge) and `alpha/<name>.png`. Light is
mixed linearly, as a camera mixes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8, linear, srgb

KINDS = ("white", "white", "grey", "coloured", "coloured", "clutter", "clutter")


@dataclass(frozen=True)
class Composite:
    """photo uint8 HxWx3 sRGB as decoded from its JPEG, truth uint8 HxW, sides even."""

    photo: U8
    truth: U8


def original(folder: Path, name: str) -> Composite | None:
    """The product's own photo as it was taken, `photos/<name>.jpg`, if the folder has it."""
    path = folder / "photos" / f"{name}.jpg"
    if not path.exists():
        return None
    photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
    truth = cv2.imread(str(folder / "alpha" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    if photo is None or truth is None:
        raise ValueError(f"{path} or its truth cannot be read")
    height, width = (side // 2 * 2 for side in truth.shape)
    return Composite(np.ascontiguousarray(photo[:height, :width, ::-1]), np.asarray(truth[:height, :width], np.uint8))


def compose(folder: Path, name: str, rng: np.random.Generator) -> Composite:
    """One new photo of a known product."""
    truth = cv2.imread(str(folder / "alpha" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    colour = cv2.imread(str(folder / "fg" / f"{name}.png"), cv2.IMREAD_COLOR)
    if truth is None or colour is None:
        raise FileNotFoundError(f"{name} in {folder}/alpha and {folder}/fg")
    scale = rng.uniform(0.6, 1.0)
    width, height = (int(side * scale) // 2 * 2 for side in truth.shape[::-1])
    alpha = cv2.resize(truth, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    light = linear(cv2.resize(colour[..., ::-1], (width, height), interpolation=cv2.INTER_AREA))
    if rng.random() < 0.5:
        alpha, light = np.ascontiguousarray(alpha[:, ::-1]), np.ascontiguousarray(light[:, ::-1])
    move = np.array([[1, 0, rng.uniform(-0.1, 0.1) * width], [0, 1, rng.uniform(-0.06, 0.02) * height]])
    alpha = np.asarray(cv2.warpAffine(alpha, move, (width, height)), np.float32)
    light = recoloured(cv2.warpAffine(light, move, (width, height), borderMode=cv2.BORDER_REPLICATE), rng)
    behind = backdrop(height, width, str(rng.choice(KINDS)), rng) * shadow(alpha, rng)[..., None]
    mixed = light * alpha[..., None] + behind * (1 - alpha[..., None])
    return Composite(_camera(mixed, rng), np.round(alpha * 255).astype(np.uint8))


def recoloured(light: F32, rng: np.random.Generator) -> F32:
    """The product in another tone: gamma, and a colour cast or a turned hue."""
    light = np.clip(light, 0, 1) ** rng.uniform(0.75, 1.35)
    turn = rng.random()
    if turn < 0.5:
        light = light * np.exp(rng.normal(size=3) * 0.3)
    elif turn < 0.8:
        hsv = cv2.cvtColor(light.astype(np.float32), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 360)) % 360
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.1, 1.1), 0, 1)
        light = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.asarray(np.clip(light, 0, 1), np.float32)


def backdrop(height: int, width: int, kind: str, rng: np.random.Generator) -> F32:
    """A backdrop in linear light: white, grey, coloured (all with gradients) or blurred clutter on a table."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    if kind == "white":
        base = np.full(3, rng.uniform(0.75, 0.98)) * rng.uniform(0.97, 1.03, 3)
    elif kind == "grey":
        base = np.full(3, rng.choice([0.05, 0.15, 0.4, 0.6])) * rng.uniform(0.95, 1.05, 3)
    else:
        base = paint(rng)
    slope = rng.normal(size=2) * rng.choice([0.03, 0.2, 0.5])
    round_off = abs(rng.normal() * 0.3) * ((x - rng.uniform(0.3, 0.7)) ** 2 + (y - rng.uniform(0.2, 0.7)) ** 2)
    light = base * np.exp(slope[0] * (x - 0.5) + slope[1] * (y - 0.5) - round_off)[..., None]
    if kind == "clutter":
        light = _cluttered(light.astype(np.float32), y, rng)
    elif rng.random() < 0.25:
        cell = rng.uniform(3, 60)
        grain = rng.normal(size=(int(height / cell) + 2, int(width / cell) + 2, 3)).astype(np.float32)
        light = light * (
            1 + rng.uniform(0.01, 0.06) * cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
        )
    return np.asarray(np.clip(light, 0, 1), np.float32)


def shadow(alpha: F32, rng: np.random.Generator) -> F32:
    """Light that reaches the backdrop, 0..1: a tight and a wide shadow on the ground, sometimes one on the wall."""
    height, width = alpha.shape
    left = np.ones((height, width), np.float32)
    small = cv2.resize(alpha, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    rows = np.flatnonzero((small > 0.5).any(axis=1))
    if not rows.size or rng.random() < 0.12:
        return left
    foot, tall = float(rows[-1]), float(rows[-1] - rows[0])

    def cast(move: npt.ArrayLike, density: float, blur: float) -> F32:
        dark = cv2.warpAffine(small, np.asarray(move, np.float64), small.shape[::-1])
        dark = cv2.GaussianBlur(dark, (0, 0), blur * tall + 0.5)
        return np.asarray(1 - density * cv2.resize(dark, (width, height)), np.float32)

    for density, flat, blur in (
        (rng.uniform(0.2, 0.7), rng.uniform(0.02, 0.12), rng.uniform(0.004, 0.015)),
        (rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.4), rng.uniform(0.02, 0.08)),
    ):
        lean = rng.uniform(-0.6, 0.6)
        left *= cast([[1, lean, -lean * foot], [0, flat, foot * (1 - flat)]], density, blur)
    if rng.random() < 0.4:
        aside = rng.uniform(-0.05, 0.05) * small.shape[1]
        down = rng.uniform(0, 0.05) * small.shape[0]
        left *= cast([[1, 0, aside], [0, 1, down]], rng.uniform(0.1, 0.6), rng.uniform(0.005, 0.03))
    return left


def _cluttered(light: F32, y: F32, rng: np.random.Generator) -> F32:
    height, width = y.shape
    horizon = rng.uniform(0.3, 0.7)
    grain = rng.normal(size=(height // int(rng.integers(4, 16)), max(2, width // int(rng.integers(40, 200)))))
    table = paint(rng) * (
        1 + rng.uniform(0.03, 0.15) * cv2.resize(grain.astype(np.float32), (width, height))[..., None]
    )
    light = np.where((y > horizon)[..., None], table * (0.7 + 0.4 * y[..., None]), light).astype(np.float32)
    for _ in range(int(rng.integers(3, 9))):
        mask = np.zeros((height, width), np.float32)
        at = (int(rng.uniform(0, width)), int(height * (horizon + rng.uniform(-0.15, 0.05))))
        half = (int(width * rng.uniform(0.03, 0.1)), int(height * rng.uniform(0.05, 0.2)))
        if rng.random() < 0.5:
            cv2.ellipse(mask, at, half, 0, 0, 360, 1, -1)
        else:
            cv2.rectangle(mask, (at[0] - half[0], at[1] - half[1]), (at[0] + half[0], at[1] + half[1]), 1, -1)
        soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(3, 14)), np.float32)[..., None]
        light = (light * (1 - soft) + paint(rng) * soft).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(1, 4)), np.float32)


def paint(rng: np.random.Generator) -> F32:
    """A strong colour, linear RGB."""
    hsv = np.array([[[rng.integers(0, 180), rng.integers(60, 230), rng.integers(90, 250)]]], np.uint8)
    light: F32 = linear(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))[0, 0]
    return light


def _camera(light: F32, rng: np.random.Generator) -> U8:
    """Shot and read noise, then a JPEG of quality 86..95 and back."""
    shot = light * rng.normal(size=light.shape) * rng.uniform(0.002, 0.015)
    noisy = light + shot + rng.normal(size=light.shape) * rng.uniform(0.0003, 0.002)
    _, coded = cv2.imencode(".jpg", srgb(noisy.astype(np.float32))[..., ::-1], [1, int(rng.integers(86, 96))])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("a JPEG that was just written cannot be read")
    return np.ascontiguousarray(decoded[..., ::-1])
