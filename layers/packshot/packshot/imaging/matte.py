"""From the photo to its matte: find the product coarsely, look closely where that is not enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import cv2
import numpy as np

from packshot.imaging import refine
from packshot.imaging.light import F32, U8

Way = Literal["fast", "auto", "accurate"]
Box = tuple[int, int, int, int]
PRESENT = 0.5
MARGIN_SHARE = 0.08
SMALLEST_PRODUCT_SHARE = 0.0005


class NoProduct(Exception):
    """No product was found in the photo: a verdict, not a failure."""


class Opinions(Protocol):
    """What the networks say of a photo; `networks.Networks` in production."""

    def u2netp(self, rgb: U8) -> F32: ...
    def isnet(self, rgb: U8, size: int = 1024) -> F32: ...


@dataclass(frozen=True)
class Found:
    """A matte, float32 HxW 0..1 of the photo's size, the way taken and what was measured on it."""

    matte: F32
    way: str
    numbers: dict[str, float] = field(default_factory=dict)


def find(rgb: U8, way: Way, networks: Opinions, size: int = 768) -> Found:
    """The product's matte. rgb uint8 HxWx3; raises NoProduct when the networks see none."""
    height, width = rgb.shape[:2]
    coarse = networks.u2netp(rgb)
    top, bottom, left, right = product_box(coarse, height, width)
    if way == "fast":
        fine = refine.guided(rgb, refine.enlarge(coarse, height, width))
        return Found(fine, "fast", {"certainty": certainty(coarse), "disagreement": 0.0})
    crop = np.ascontiguousarray(rgb[top:bottom, left:right])
    answer = networks.isnet(crop, size)
    matte = np.zeros((height, width), np.float32)
    matte[top:bottom, left:right] = refine.guided(crop, refine.enlarge(answer, *crop.shape[:2]))
    if (matte >= PRESENT).mean() < SMALLEST_PRODUCT_SHARE:
        raise NoProduct("the accurate network sees no product")
    small = cv2.resize(matte, coarse.shape[::-1], interpolation=cv2.INTER_AREA)
    numbers = {"certainty": certainty(answer), "disagreement": float(np.abs(small - coarse).mean())}
    return Found(matte, "accurate", numbers)


def product_box(coarse: F32, height: int, width: int) -> Box:
    """(top, bottom, left, right) of the product in photo pixels with a margin of 8 % of its size.

    Raises NoProduct where the coarse matte has no part above one half.
    """
    seen = coarse >= PRESENT
    if seen.mean() < SMALLEST_PRODUCT_SHARE:
        raise NoProduct("the fast network sees no product")
    rows, cols = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    sy, sx = height / coarse.shape[0], width / coarse.shape[1]
    top, bottom, left, right = rows[0] * sy, (rows[-1] + 1) * sy, cols[0] * sx, (cols[-1] + 1) * sx
    margin = MARGIN_SHARE * max(bottom - top, right - left)
    return (
        max(0, int(top - margin)),
        min(height, int(bottom + margin) + 1),
        max(0, int(left - margin)),
        min(width, int(right + margin) + 1),
    )


def certainty(matte: F32) -> float:
    """How decided a matte is: 1 where every value is 0 or 1, 0 where all of the product is at one half."""
    body = float(matte.sum())
    doubt = float((2 * np.minimum(matte, 1 - matte)).sum())
    return 1.0 - min(1.0, doubt / body) if body > 0 else 0.0
