"""Carry a coarse matte up to the photo's own resolution, led by the photo's edges."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8

GUIDE_RADIUS = 3
BAND_ROWS = 512
GUIDE_EPS = 1e-4


def enlarge(matte: F32, height: int, width: int) -> F32:
    """A network's matte stretched to height x width, 0..1."""
    big = cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(big, 0, 1, out=big)


def to_size(small_rgb: U8, matte: F32, rgb: U8) -> F32:
    """A matte of a reduced photo carried to the photo's own size along its edges.

    Fast guided filter (He, Sun 2015): the matte is a locally linear function of the colours; the function is found on
    the reduced photo and applied to the photo itself, in bands of rows. small_rgb uint8 h x w x 3, matte float32
    h x w, rgb uint8 HxWx3; answers float32 HxW, 0..1. Of the same size, the matte is returned as it is.
    """
    if matte.shape == rgb.shape[:2]:
        return matte
    slope, offset = _linear_model(small_rgb, matte, GUIDE_RADIUS)
    height, width = rgb.shape[:2]
    model = np.dstack([slope, offset, matte])
    sy, sx = matte.shape[0] / height, matte.shape[1] / width
    out = np.empty((height, width), np.float32)
    for top in range(0, height, BAND_ROWS):
        bottom = min(top + BAND_ROWS, height)
        shift = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (top + 0.5) * sy - 0.5]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        planes = [
            cv2.warpAffine(
                np.ascontiguousarray(model[..., i]),
                shift,
                (width, bottom - top),
                flags=flags,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for i in range(5)
        ]
        guide = rgb[top:bottom].astype(np.float32) / 255
        led = planes[3] + sum(planes[i] * guide[..., i] for i in range(3))
        soft = np.clip(4 * np.minimum(planes[4], 1 - planes[4]), 0, 1)
        out[top:bottom] = np.clip(planes[4] + soft * (led - planes[4]), 0, 1)
    return out


def _linear_model(rgb: U8, matte: F32, r: int, eps: float = GUIDE_EPS) -> tuple[F32, F32]:
    """Slope h x w x 3 and offset h x w of the matte over the photo's colours in windows of radius r, averaged."""
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
    offset = mm - (slope * gm).sum(axis=2)
    return mean(slope), mean(offset)
