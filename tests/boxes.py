"""Boxes on a sweep: small photos whose true matte is known, and what is measured on a good cut-out of them."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.imaging.cutout import RawMatte, Settings, finish
from packshot.imaging.measure import measure

U8 = npt.NDArray[np.uint8]


@cache
def draw(seed: int, side: int = 480) -> tuple[U8, U8]:
    """An RGB photo of a coloured box with rounded corners on a light sweep, and its matte."""
    rng = np.random.default_rng(seed)
    alpha = np.zeros((side, side), np.float32)
    left, top = side // 4 + int(rng.integers(0, side // 20)), side // 4 + int(rng.integers(0, side // 20))
    cv2.rectangle(alpha, (left, top), (side - left, side - top), 1.0, -1)
    alpha = (cv2.GaussianBlur(alpha, (0, 0), side / 50) > 0.5).astype(np.float32)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 0.8)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (side, side)).astype(np.float32), (0, 0), 1.2)
    product = np.clip(rng.integers(40, 150, 3).astype(np.float32) + grain[..., None], 5, 245)
    sweep = np.full((side, side, 3), (238, 238, 236), np.float32)
    photo = product * alpha[..., None] + sweep * (1 - alpha[..., None])
    return photo.round().astype(np.uint8), (alpha * 255).round().astype(np.uint8)


def jpeg(photo: U8) -> bytes:
    """The photo as a file."""
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


@cache
def numbers() -> dict[str, float]:
    """What is measured on a good cut-out."""
    photo, matte = draw(0)
    cut = finish(photo, RawMatte(matte, "accurate", {"certainty": 0.99}), "general", Settings())
    return {**cut.measurements, **measure(photo, cut.matte, cut.master, cut.shadow, {"certainty": 0.99})}


def result(photo_id: str, *, bad: bool = False, **fields: Any) -> dict[str, Any]:
    """The checkpoint that process leaves for a photo; ``bad``: the product was lost."""
    measured = {**numbers(), **({"coverage": 0.0001} if bad else {})}
    base = {
        "photo_id": photo_id, "recipe": "0" * 16, "engine": {}, "settings": {}, "profile_version": 0,
        "way": "accurate", "altered": False, "notes": [], "width": 480, "height": 480, "measurements": measured,
        "seconds": {},
    }  # fmt: skip
    return {**base, **fields}
