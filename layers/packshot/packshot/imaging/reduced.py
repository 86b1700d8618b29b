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
