"""Carry a coarse matte up to the photo's own resolution, led by the photo's edges."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8

GUIDE_RADIUS_SHARE = 0.004
GUIDE_EPS = 1e-4


def enlarge(matte: F32, height: int, width: int) -> F32:
    """A network's matte stretched to height x width, 0..1."""
    big = cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(big, 0, 1, out=big)


def guided(rgb: U8, matte: F32, radius: int | None = None, eps: float = GUIDE_EPS) -> F32:
    """Guided filter with a colour guide (He, Sun, Tang 2013): the matte as a locally linear function of the photo.

    rgb uint8 HxWx3, matte float32 HxW in 0..1 of the same size; radius in pixels (default 0.4 % of the long
    side); eps in squared units of a 0..1 guide. Answers float32 HxW in 0..1.
    """
    r = radius or max(2, round(GUIDE_RADIUS_SHARE * max(matte.shape)))
    guide = rgb.astype(np.float32) / 255

    def mean(a: F32) -> F32:
        return cv2.boxFilter(a, -1, (2 * r + 1, 2 * r + 1), borderType=cv2.BORDER_REFLECT)

    gm, mm = mean(guide), mean(matte)
    cov = mean(guide * matte[..., None]) - gm * mm[..., None]
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    rr, rg, rb, gg, gb, bb = (mean(guide[..., i] * guide[..., j]) - gm[..., i] * gm[..., j] for i, j in pairs)
    rr, gg, bb = rr + eps, gg + eps, bb + eps
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    det = rr * c00 + rg * c01 + rb * c02
    x, y, z = cov[..., 0], cov[..., 1], cov[..., 2]
    slope = np.stack([c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z], axis=-1)
    slope /= det[..., None]
    offset = mm - np.einsum("hwc,hwc->hw", slope, gm)
    fine = np.einsum("hwc,hwc->hw", mean(slope), guide) + mean(offset)
    clipped: F32 = np.clip(fine, 0, 1, out=fine)
    return clipped
