"""A smooth model of the backdrop, fitted to what the matte leaves out, and how far colours are from it.

The model is a cubic surface per L*a*b* channel, fitted robustly. A shadow is the model scaled down in linear
light: in L*a*b* that scales (L + 16, a, b) by the cube root of the factor (CIE 1976), so that a pixel's
distance to the nearest shade of the backdrop is a projection. How well it explains the surroundings is its trust:
on a cluttered backdrop it says little.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging.light import F32
from packshot.imaging.reduced import planes, shrunk

SIDE = 300
ORDER = 3
DARKEST = 0.6  # cube root of the darkest shadow's factor: 0.22 of the light
_POWERS = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
_WHITE = np.array([16, 0, 0], np.float32)


@dataclass(frozen=True)
class Backdrop:
    """Coefficients 10 x 3 of the surface over (x, y) in 0..1, its noise (CIE76) and trust (0..1)."""

    coefficients: F32
    noise: float
    trust: float

    def distances_in(self, lab: F32) -> F32:
        """CIE76 distance of a picture's colours, L*a*b* H x W x 3, to the backdrop's nearest shade, H x W."""
        height, width = lab.shape[:2]
        x, y = (_powers((np.arange(n) / n).astype(np.float32)) for n in (width, height))
        surface = np.zeros((3, ORDER + 1, ORDER + 1), np.float32)
        for (i, j), values in zip(_POWERS, self.coefficients, strict=True):
            surface[:, j, i] = values
        return _apart(planes(lab), y.T @ surface @ x)


def _apart(lab: F32, model: F32) -> F32:
    """CIE76 distance of colours (3 x ...) to the backdrop's own, lit or in its nearest shade."""
    white = _WHITE.reshape(3, *(1,) * (lab.ndim - 1))
    v, p = model + white, lab + white
    scale = np.clip((p * v).sum(0) / np.maximum(np.square(v).sum(0), 1e-3), DARKEST, 1.0)
    v *= scale
    p -= v
    return np.asarray(np.sqrt(np.square(p).sum(0)), np.float32)


def _powers(x: F32) -> F32:
    """1, x, x^2 … of N values, one row each."""
    return np.stack([x**n for n in range(ORDER + 1)])


def _terms(x: F32, y: F32) -> F32:
    """The surface's terms at N places, 10 x N."""
    xs, ys = _powers(x), _powers(y)
    return np.stack([xs[i] * ys[j] for i, j in _POWERS])


def fit(lab: F32, alpha: F32) -> Backdrop | None:
    """The backdrop's model from the pixels well outside the matte (H x W x 3, H x W); None when there are
    few.
    """
    small_lab, small_alpha = reduced(lab, alpha)
    reach = max(2, round(0.03 * max(small_alpha.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    away = cv2.dilate(np.asarray(small_alpha > 0.05, np.uint8), kernel) == 0
    ys, xs = np.nonzero(away)
    if len(ys) < 0.05 * away.size:
        return None
    colours = np.ascontiguousarray(small_lab[ys, xs].T)
    x, y = (xs / away.shape[1]).astype(np.float32), (ys / away.shape[0]).astype(np.float32)
    terms = _terms(x, y)
    weight = np.ones(len(ys), np.float32)
    for _ in range(4):
        weighted = terms * weight
        coefficients = np.linalg.lstsq(weighted @ terms.T, weighted @ colours.T, rcond=None)[0]
        distance = _apart(colours, coefficients.T @ terms)
        spread = max(1.0, 1.5 * float(np.median(distance)))
        weight = np.asarray(1 / (1 + (distance / (2 * spread)) ** 2) ** 2, np.float32)
    trust = float((distance < 6).mean())
    return Backdrop(np.asarray(coefficients, np.float32), spread, max(0.0, (trust - 0.5) * 2))


def reduced(lab: F32, alpha: F32) -> tuple[F32, F32]:
    """Both at the small working size of the model; themselves if they are."""
    scale = min(1.0, SIDE / max(alpha.shape))
    size = (max(8, round(alpha.shape[1] * scale)), max(8, round(alpha.shape[0] * scale)))
    return shrunk(lab, size), shrunk(alpha, size)
