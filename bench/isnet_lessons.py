"""What the accurate network is tuned on: known products as they were photographed, or put in front of something else.

What stands behind a product is the backdrop of another one's photo, with that product taken out, a made-up one, or a
sharp pattern; now and then with products out of focus on it, which are not to be taken for part of what is sold. Some
products are cut by the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.composites import KINDS, backdrop, paint, recoloured, shadow
from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.networks import for_isnet
from packshot.imaging.reduced import reduced_size, spread_from_around

KEPT_SIDE, MADE_SIDE = 1152, 720
"""Long side in pixels that photos are kept at, and of a photo that is made up."""
SIZES = (512, 576, 640, 704, 832)
"""Long sides that the network is shown."""
MARGINS = (0.03, 0.03, 0.06, 0.15, 0.3)
TAKEN, WHOLE, CUT, OWN_COLOUR = 0.5, 0.3, 0.15, 0.65
"""How often: as photographed, not cropped, cut by the frame, in its own colour."""
OTHERS_BACKDROP, PATTERN, BYSTANDERS = 0.45, 0.2, 0.4
"""How often another photo's backdrop is behind, and a pattern (else a studio or clutter); and others on it."""


@dataclass(frozen=True)
class Product:
    """A product at a small size: its photo, truth, its own colour extended beyond its edge, and the photo without it.

    uint8 HxWx3 sRGB, truth uint8 HxW.
    """

    photo: U8
    truth: U8
    colour: U8
    behind: U8


def products(folders: Sequence[Path], left_out: Sequence[str] = ()) -> list[Product]:
    """The products of folders that have `photos/<name>.jpg`, and `alpha/` and `fg/` of the same name as PNG."""
    names = [(f, p.stem) for f in folders for p in sorted((f / "photos").glob("*.jpg")) if p.stem not in left_out]
    return [_product(folder, name) for folder, name in names]


def _product(folder: Path, name: str) -> Product:
    photo, colour, truth = (
        _read(folder / file) for file in (f"photos/{name}.jpg", f"fg/{name}.png", f"alpha/{name}.png")
    )
    alpha = np.ascontiguousarray(truth[..., 0])
    return Product(photo, alpha, colour, srgb(spread_from_around(linear(photo), alpha.astype(np.float32) / 255)))


def _read(path: Path) -> U8:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(path)
    small = cv2.resize(picture, reduced_size(picture.shape, KEPT_SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1])


def lesson(known: Sequence[Product], rng: np.random.Generator) -> tuple[F32, F32]:
    """What the network is shown, 1 x 3 x h x w, and the truth of it, 1 x 1 x h x w, 0..1."""
    if rng.random() < TAKEN:
        chosen = _any(known, rng)
        photo, truth = chosen.photo, chosen.truth
    else:
        photo, truth = composed(known, rng)
    part = _crop(truth, rng)
    shown = for_isnet(_toned(np.ascontiguousarray(photo[part]), rng), int(rng.choice(SIZES)))
    wanted = cv2.resize(np.ascontiguousarray(truth[part]), shown.shape[:1:-1], interpolation=cv2.INTER_AREA)
    answer = wanted[None, None].astype(np.float32) / 255
    if rng.random() < 0.5:
        shown, answer = shown[..., ::-1], answer[..., ::-1]
    return np.ascontiguousarray(shown), np.ascontiguousarray(answer)


def composed(known: Sequence[Product], rng: np.random.Generator) -> tuple[U8, U8]:
    """One product, smaller and somewhere else, before another backdrop with a shadow on it; photo and truth."""
    chosen = _any(known, rng)
    width, height = reduced_size(chosen.truth.shape, MADE_SIDE)
    scale = rng.uniform(0.55, 1.0)
    across, down = rng.uniform(-0.12, 0.12) + (1 - scale) / 2, (1 - scale) * rng.uniform(0.3, 1.0)
    light, alpha = _placed(chosen, (width, height), scale, (across, down))
    if rng.random() < 0.5:
        light, alpha = np.ascontiguousarray(light[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1])
    if rng.random() > OWN_COLOUR:
        light = recoloured(light, rng)
    behind = _behind(known, (width, height), rng) * shadow(alpha, rng)[..., None]
    mixed = light * alpha[..., None] + behind * (1 - alpha[..., None])
    mixed = mixed + mixed * rng.normal(size=mixed.shape) * rng.uniform(0.002, 0.012)
    return srgb(mixed.astype(np.float32)), np.round(alpha * 255).astype(np.uint8)


def _behind(known: Sequence[Product], size: tuple[int, int], rng: np.random.Generator) -> F32:
    """Linear light, height x width x 3 of `size` (width, height)."""
    kind = rng.random()
    if kind < OTHERS_BACKDROP:
        whole = _any(known, rng).behind
        share = rng.uniform(0.6, 1.0)
        height, width = (int(side * share) for side in whole.shape[:2])
        top, left = (int(rng.integers(0, more + 1)) for more in np.subtract(whole.shape[:2], (height, width)))
        part = np.ascontiguousarray(whole[top : top + height, left : left + width])
        light = linear(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
        if rng.random() < 0.3:
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(1, 6)), np.float32)
    elif kind < OTHERS_BACKDROP + PATTERN:
        light = _pattern(size, rng)
    else:
        light = backdrop(size[1], size[0], str(rng.choice(KINDS)), rng)
    if rng.random() < BYSTANDERS:
        for _ in range(int(rng.integers(1, 5))):
            at = (rng.uniform(-0.3, 0.9), rng.uniform(-0.1, 0.5))
            other, alpha = _placed(_any(known, rng), size, rng.uniform(0.25, 0.8), at)
            unsharp = rng.uniform(3, 12)
            other, alpha = (cv2.GaussianBlur(plane, (0, 0), unsharp) for plane in (other, alpha))
            light = light * (1 - alpha[..., None]) + rng.uniform(0.4, 1) * other * alpha[..., None]
    return np.asarray(light, np.float32)


def _pattern(size: tuple[int, int], rng: np.random.Generator) -> F32:
    """Three colours mixed by grain of several sizes, or laid in stripes or checks that the grain bends."""
    grain = np.zeros(size[::-1], np.float32)
    for cell in 2.0 ** rng.choice(np.arange(1, 8), 4, replace=False):
        coarse = rng.normal(size=(int(size[1] / cell) + 2, int(size[0] / cell) + 2)).astype(np.float32)
        grain += rng.uniform(0.1, 1) * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    turn, period = rng.uniform(0, np.pi), rng.uniform(0.02, 0.25) * max(size)
    along, over = (x * np.cos(turn + a) + y * np.sin(turn + a) for a in (0, np.pi / 2))
    bend = rng.choice([0, 0.3, 1.5])
    stripes = np.sin(2 * np.pi * along / period + bend * grain)
    checks = stripes * np.sin(2 * np.pi * over / period + bend * grain)
    first = (grain, np.sign(stripes), np.sign(checks))[int(rng.integers(3))]
    mix = [1 / (1 + np.exp(-3 * part))[..., None] for part in (first, np.roll(grain, size[0] // 3, axis=1))]
    light = paint(rng) * (1 - mix[0]) + mix[0] * (paint(rng) * (1 - mix[1]) + paint(rng) * mix[1])
    return np.asarray(cv2.GaussianBlur(light * rng.uniform(0.3, 1), (0, 0), rng.uniform(0.3, 2)), np.float32)


def _placed(product: Product, size: tuple[int, int], scale: float, at: tuple[float, float]) -> tuple[F32, F32]:
    """A product's linear light and alpha in a picture of `size`; its frame has `scale` of it, its corner is `at`."""
    small = (max(1, int(size[0] * scale)), max(1, int(size[1] * scale)))
    light = linear(cv2.resize(product.colour, small, interpolation=cv2.INTER_AREA))
    alpha = cv2.resize(product.truth, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    move = np.array([[1, 0, at[0] * size[0]], [0, 1, at[1] * size[1]]])
    return (
        np.asarray(cv2.warpAffine(light, move, size, borderMode=cv2.BORDER_REPLICATE), np.float32),
        np.asarray(cv2.warpAffine(alpha, move, size), np.float32),
    )


def _crop(truth: U8, rng: np.random.Generator) -> tuple[slice, slice]:
    """The whole photo, or a box around the product with a margin of its own on each side, inside it where it is cut."""
    rows, columns = (np.flatnonzero((truth > 100).any(axis=axis)) for axis in (1, 0))
    if rng.random() < WHOLE or not rows.size:
        return slice(None), slice(None)
    longest = max(np.ptp(rows), np.ptp(columns))
    more = [int(longest * rng.choice(MARGINS) * rng.uniform(0.7, 1.3)) for _ in range(4)]
    if rng.random() < CUT:
        for side in rng.choice(4, int(rng.integers(1, 3)), replace=False):
            more[side] = -int(rng.uniform(0.05, 0.35) * np.ptp(rows if side < 2 else columns))
    return (
        slice(max(0, rows[0] - more[0]), rows[-1] + 1 + more[1]),
        slice(max(0, columns[0] - more[2]), columns[-1] + 1 + more[3]),
    )


def _toned(photo: U8, rng: np.random.Generator) -> U8:
    """Another exposure, white balance and camera noise; now and then without colour, or with channels exchanged."""
    code = photo.astype(np.float32) / 255
    if rng.random() < 0.6:
        code = code ** rng.uniform(0.75, 1.3) * rng.uniform(0.85, 1.05)
    if rng.random() < 0.4:
        code = code * np.exp(rng.normal(size=3) * 0.08)
    if rng.random() < 0.06:
        code = np.repeat(code.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.15:
        code = code[..., rng.permutation(3)]
    if rng.random() < 0.3:
        code = code + rng.normal(size=code.shape) * rng.uniform(0.002, 0.015)
    return np.ascontiguousarray(np.round(np.clip(code, 0, 1) * 255), np.uint8)


def _any(known: Sequence[Product], rng: np.random.Generator) -> Product:
    return known[int(rng.integers(len(known)))]
