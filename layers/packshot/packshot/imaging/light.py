"""sRGB bytes to linear light and back (IEC 61966-2-1) by table: light mixes linearly, mattes are made there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

# cv2's stubs answer arrays of any number; the names say which dtype the docstrings promise.
U8 = npt.NDArray[Any]
F32 = npt.NDArray[Any]

_STEPS = 4096


def _decode(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def _encode(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


_TO_LINEAR = _decode(np.arange(256) / 255).astype(np.float32)
# Indexed by the square root of light, so that the dark end, where sRGB is steep, has enough steps.
_TO_SRGB = np.round(255 * _encode((np.arange(_STEPS + 1) / _STEPS) ** 2)).astype(np.uint8)


def linear(rgb: U8) -> F32:
    """Linear light, float32 0..1, of sRGB bytes of any shape, of none at all, too."""
    if not rgb.size:
        return np.empty(rgb.shape, np.float32)
    light: F32 = cv2.LUT(np.ascontiguousarray(rgb).reshape(len(rgb), -1), _TO_LINEAR).reshape(rgb.shape)
    return light


def srgb(light: F32) -> U8:
    """sRGB bytes of linear light of any shape, of none at all, too; values outside 0..1 are clipped."""
    if not light.size:
        return np.empty(light.shape, np.uint8)
    root = cv2.sqrt(np.clip(light, 0, 1).reshape(light.shape[0], -1)).reshape(light.shape)
    code: U8 = np.take(_TO_SRGB, (root * _STEPS + 0.5).astype(np.int16))
    return code
