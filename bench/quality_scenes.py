"""More photos from few: a product's own colour and alpha laid on made backdrops, in linear light."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear, srgb

KINDS = ("white", "grey", "coloured", "grain", "clutter")


@dataclass(frozen=True)
class Scene:
    """One photo with known truth: rgb uint8 HxWx3, truth uint8 HxW."""

    name: str
    sku: str
    segment: str
    rgb: U8
    truth: U8


def read_rgb(path: Path) -> U8:
    """An RGB picture as uint8 HxWx3; raises ValueError when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"cannot read {path}")
    return np.ascontiguousarray(image[..., ::-1])


def read_alpha(path: Path) -> U8:
    """A grey picture, or the alpha of one that has alpha, as uint8 HxW; raises ValueError if unreadable."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(f"cannot read {path}")
    if image.ndim == 2:
        return np.asarray(image)
    return np.ascontiguousarray(image[..., 3] if image.shape[2] == 4 else image[..., 0])


def compose(sku: str, segment: str, colour: U8, truth: U8, kind: str, seed: int) -> Scene:
    """The product on a new backdrop of the given kind, with a soft shadow, sensor noise and JPEG loss."""
    dice = np.random.default_rng(seed)
    backdrop = _backdrop(truth.shape[:2], kind, dice) * (1 - 0.5 * _shadow(truth, dice)[..., None])
    alpha = (truth.astype(np.float32) / 255)[..., None]
    light = linear(colour) * alpha + backdrop * (1 - alpha)
    noisy = srgb(light).astype(np.int16) + dice.normal(0, 1.5, colour.shape).round().astype(np.int16)
    packed = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    rgb = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return Scene(f"{sku}@{kind}", sku, segment, rgb, truth)


def _backdrop(size: tuple[int, ...], kind: str, dice: np.random.Generator) -> F32:
    """Linear light, float32 HxWx3."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = ((x / width - 0.5) * dice.uniform(-0.2, 0.2) + (y / height - 0.5) * dice.uniform(-0.3, 0.3))[..., None]
    base = {
        "white": np.full(3, dice.uniform(0.75, 0.92)),
        "grey": np.full(3, dice.uniform(0.15, 0.5)),
        "coloured": dice.uniform(0.05, 0.7, 3),
        "grain": np.array([0.5, 0.33, 0.2]) * dice.uniform(0.5, 1.2),
        "clutter": dice.uniform(0.2, 0.6, 3),
    }[kind].astype(np.float32)
    light = base * (1 + across)
    if kind == "grain":
        streaks = cv2.GaussianBlur(dice.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 40, sigmaY=2)
        light = light * (1 + 0.15 * (streaks / streaks.std())[..., None])
    if kind == "clutter":
        things = np.zeros((height, width, 3), np.float32) + light
        for _ in range(14):
            centre = (int(dice.integers(0, width)), int(dice.integers(0, height)))
            axes = (int(dice.integers(60, 300)), int(dice.integers(60, 300)))
            colour = dice.uniform(0.02, 0.8, 3).tolist()
            cv2.ellipse(things, centre, axes, float(dice.uniform(0, 180)), 0, 360, colour, -1)
        light = cv2.GaussianBlur(things, (0, 0), 14)
    return np.asarray(np.clip(light, 0, 1), np.float32)


def _shadow(truth: U8, dice: np.random.Generator) -> F32:
    """A soft shadow beside the product, float32 HxW 0..1."""
    shift = np.array([[1, 0, dice.uniform(-60, 60)], [0, 1, dice.uniform(5, 50)]], np.float32)
    moved = cv2.warpAffine(truth, shift, truth.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(moved, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft = cv2.GaussianBlur(small, (0, 0), float(dice.uniform(2, 7)))
    return np.asarray(cv2.resize(soft, truth.shape[::-1]), np.float32) * float(dice.uniform(0.3, 1))
