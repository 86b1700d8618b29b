"""From linear passes to the files of a photo with known truth; nothing here needs Blender."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.renders.catalogue import COLUMNS, Product
from packshot.imaging.backdrop import fill
from packshot.imaging.light import F32, U8, srgb

KNEE = 0.8
# The lamps give a white surface a light near 1: more gain would turn black on dark grey into grey on grey.
MOST_GAIN = 1.5
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
QUALITY = 92


@dataclass(frozen=True)
class Photo:
    """photo and colour uint8 h x w x 3 sRGB, alpha uint8 h x w; photo = colour x alpha + backdrop by construction."""

    photo: U8
    colour: U8
    alpha: U8


def extended(premultiplied: F32, covered: F32) -> F32:
    """The product's own colour (h x w x 3, linear), carried beyond its edge; edge pixels lean on whole ones."""
    weight = np.clip(covered, 0, 1) ** 3
    own = premultiplied / np.maximum(covered, 1e-3)[..., None]
    return np.maximum(fill(own.astype(np.float32), weight.astype(np.float32)), 0)


def exposure(light: F32, alpha: F32, plate: F32, white: bool) -> float:
    """The gain that puts a white backdrop at 0.9, or else the level that 7 % exceed at 0.62, unless all is dark."""
    if white:
        return 0.9 / max(1e-4, float(np.percentile(plate[alpha < 0.01] @ LUMINANCE, 60)))
    mixed = (light * alpha[..., None] + plate * (1 - alpha[..., None])) @ LUMINANCE
    return min(MOST_GAIN, 0.62 / max(1e-4, float(np.percentile(mixed, 93))))


def tone(light: F32) -> F32:
    """Linear light with highlights rolled off smoothly from `KNEE` to 1."""
    over = np.maximum(light - KNEE, 0) / (1 - KNEE)
    return np.where(light < KNEE, light, KNEE + (1 - KNEE) * (1 - np.exp(-over))).astype(np.float32)


def develop(premultiplied: F32, covered: F32, alpha: F32, plate: F32, white: bool, rng: np.random.Generator) -> Photo:
    """Expose, tone, mix in linear light and add the camera's noise.

    The product's light (premultiplied h x w x 3, covered h x w) may be smaller than alpha and plate.
    """
    height, width = alpha.shape
    light = extended(premultiplied, covered)
    gain = exposure(light, covered, cv2.resize(plate, covered.shape[::-1], interpolation=cv2.INTER_AREA), white)
    # Toned before it is enlarged: beside the bare light of a glint the cubic would ring to black.
    colour = cv2.resize(tone(light * gain), (width, height), interpolation=cv2.INTER_CUBIC)
    colour, behind = np.clip(colour, 0, 1), tone(plate * gain)
    alpha8 = np.round(alpha * 255).astype(np.uint8)
    share = (alpha8.astype(np.float32) / 255)[..., None]
    mixed = colour * share + behind * (1 - share)
    noisy = mixed + rng.normal(size=mixed.shape) * np.sqrt(1.5e-4 * mixed + 1.5e-6)
    return Photo(srgb(noisy.astype(np.float32)), srgb(colour), alpha8)


def write(folder: Path, product: Product, made: Photo) -> None:
    """The photo's three files and its catalogue row; the row comes last and replaces one of the same SKU."""
    for name in ("fg", "alpha", "photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _save(folder / "fg" / f"{product.stem}.png", made.colour[..., ::-1], [])
    _save(folder / "alpha" / f"{product.stem}.png", made.alpha, [])
    _save(folder / "photos" / f"{product.stem}.jpg", made.photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    enter(folder / "catalog.csv", product)


def enter(catalog: Path, product: Product) -> None:
    """Put the product's row into the catalogue, sorted by SKU."""
    rows = {product.sku: product.row()}
    if catalog.exists():
        with catalog.open(encoding="utf-8", newline="") as file:
            rows = {known["sku"]: known for known in csv.DictReader(file)} | rows
    with catalog.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows[sku] for sku in sorted(rows))


def _save(path: Path, picture: U8, options: list[int]) -> None:
    if not cv2.imwrite(str(path), picture, options):
        raise OSError(f"{path} cannot be written")
