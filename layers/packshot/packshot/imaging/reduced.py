"""Work at a reduced size where the effect is smooth: sizes, luminance and filling from the surroundings."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32

_LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)  # Rec. 709, of linear RGB


def luminance(light: F32) -> F32:
    """float32 HxWx3 linear RGB -> float32 HxW relative luminance (Rec. 709)."""
    return np.asarray(cv2.transform(light, _LUMA), np.float32).reshape(light.shape[:2])


def reduced_size(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """(width, height) of an array of `shape` (HxW...) whose longest side is at most `longest` px."""
    h, w = shape[:2]
    k = min(1.0, longest / max(h, w))
    return max(1, round(w * k)), max(1, round(h * k))


def spread(values: F32, known: F32) -> F32:
    """Fill what is not known, smoothly, from what is (pull-push pyramid, Gortler et al. 1996).

    values: float32 HxW or HxWxC; known: float32 HxW weights 0..1. Returns `values` where known is 1, a
    weighted mean where it is between, and coarser and coarser means of the neighbourhood where it is 0.
    All zero where nothing at all is known.
    """
    weight = known if values.ndim == 2 else known[..., None]
    if min(values.shape[:2]) <= 2:
        total = float(known.sum())
        mean = (values * weight).sum((0, 1)) / total if total > 0 else np.zeros(values.shape[2:], np.float32)
        return np.asarray(values * weight + mean * (1 - weight), np.float32)
    h, w = values.shape[:2]
    half = ((w + 1) // 2, (h + 1) // 2)
    mass = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(np.asarray(values * weight, np.float32), half, interpolation=cv2.INTER_AREA)
    safe = np.maximum(mass, 1e-6)
    means = sums / (safe if values.ndim == 2 else safe[..., None])
    coarse = spread(np.asarray(means, np.float32), np.minimum(1, mass * 4).astype(np.float32))
    fill = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.asarray(values * weight + fill.reshape(values.shape) * (1 - weight), np.float32)


def spread_from_around(light: F32, alpha: F32) -> F32:
    """The backdrop behind a product, spread smoothly from what is seen around it.

    light float32 HxWx3, alpha float32 HxW 0..1; returns float32 HxWx3.
    """
    around = (cv2.dilate(alpha, np.ones((9, 9), np.uint8)) < 0.02).astype(np.float32)
    field = cv2.GaussianBlur(spread(light, around), (0, 0), 0.01 * max(alpha.shape))
    return np.asarray(field, np.float32)


def enlarged_rows(field: F32, rows: slice, shape: tuple[int, ...]) -> F32:
    """The rows of a reduced field enlarged to the photo's size."""
    step = field.shape[0] / shape[0], field.shape[1] / shape[1]
    move = np.array([[step[1], 0, 0.5 * step[1] - 0.5], [0, step[0], (rows.start + 0.5) * step[0] - 0.5]])
    return np.asarray(
        cv2.warpAffine(
            field,
            move,
            (shape[1], rows.stop - rows.start),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )
