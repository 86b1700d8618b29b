"""Small synthetic masters: a textured, coloured pot with a soft edge, and its contact shadow."""

from __future__ import annotations

import datetime as dt

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
ON = dt.date(2026, 11, 23)


def make_master(width: int = 900, height: int = 1200, colour: tuple[int, int, int] = (176, 74, 52)) -> U8:
    """A pot that fills about two thirds of the frame, uint8 HxWx4."""
    rng = np.random.default_rng(7)
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 255, -1, cv2.LINE_AA)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.2)
    light = np.linspace(0.7, 1.15, width, dtype=np.float32)[None, :, None]
    grain = cv2.GaussianBlur(rng.normal(0, 14, (height, width, 1)).astype(np.float32), (0, 0), 1.5)[..., None]
    rgb = np.clip(np.array(colour, np.float32) * light + grain, 0, 255).astype(np.uint8)
    return np.dstack([rgb, alpha])


def make_shadow(master: U8) -> U8:
    """A soft contact shadow under the pot, uint8 HxW."""
    height, width = master.shape[:2]
    shadow = np.zeros((height, width), np.float32)
    cv2.ellipse(shadow, (width // 2, height * 5 // 6), (width // 4, height // 60), 0, 0, 360, 140, -1)
    return cv2.GaussianBlur(shadow, (0, 0), height / 100).astype(np.uint8)
