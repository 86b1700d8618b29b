"""Carry a coarse matte up to the photo's own resolution, led by the photo's edges."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8
from packshot.imaging.reduced import enlarged, scale_of
from packshot.imaging.tiles import grown, runs

GUIDE_RADIUS = 3
GUIDE_EPS = 1e-4
SURE = 1 / 510
"""A matte nearer to 0 or 1 than this is so in 8 bits."""


def enlarge(matte: F32, height: int, width: int) -> F32:
    """A network's matte stretched to height x width, 0..1."""
    big = cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(big, 0, 1, out=big)


def in_bytes(matte: F32) -> U8:
    """A matte of 0..1 as 0..255, rounded; for large ones many times quicker than numpy."""
    return np.asarray(cv2.convertScaleAbs(matte, alpha=255), np.uint8)


def to_size(small_rgb: U8, matte: F32, rgb: U8) -> U8:
    """A matte of a reduced photo carried to the photo's own size along its edges.

    Fast guided filter (He, Sun 2015): the matte is a locally linear function of the colours; the function is found on
    the reduced photo and applied to the photo itself, both only where the matte is soft. small_rgb uint8 h x w x 3,
    matte float32 h x w 0..1, rgb uint8 HxWx3; answers uint8 HxW.
    """
    out = np.asarray(cv2.resize(in_bytes(matte), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    near = np.ones((3, 3), np.uint8)  # a sure pixel beside its opposite is soft when enlarged
    soft = np.asarray((cv2.erode(matte, near) < 1 - SURE) & (cv2.dilate(matte, near) > SURE), np.uint8)
    scale = scale_of(matte.shape, rgb.shape)
    for part in runs(soft):
        around = grown(part, 2 * GUIDE_RADIUS + 1, matte.shape)
        rows, columns = (slice(round(p.start / k), round(p.stop / k)) for p, k in zip(part, scale, strict=True))
        model = _linear_model(small_rgb[around], matte[around], GUIDE_RADIUS)
        plain, model = (
            enlarged(field, (rows, columns), scale, (around[0].start, around[1].start))
            for field in (matte[around], model)
        )
        *slope, led = cv2.split(model)
        for plane, guide in zip(slope, cv2.split(rgb[rows, columns]), strict=True):
            led += plane * (guide * np.float32(1 / 255))
        plain += np.clip(4 * np.minimum(plain, 1 - plain), 0, 1) * (led - plain)
        out[rows, columns] = in_bytes(np.clip(plain, 0, 1))
    return out


def _linear_model(rgb: U8, matte: F32, r: int, eps: float = GUIDE_EPS) -> F32:
    """The matte over the photo's colours in windows of radius r, averaged: three slopes and an offset, h x w x 4."""
    guide = np.stack(cv2.split(rgb)).astype(np.float32) * np.float32(1 / 255)

    def mean(a: F32) -> F32:
        return cv2.boxFilter(a, -1, (2 * r + 1, 2 * r + 1), borderType=cv2.BORDER_REFLECT)

    gm, mm = [mean(plane) for plane in guide], mean(matte)
    x, y, z = (mean(plane * matte) - plane_mean * mm for plane, plane_mean in zip(guide, gm, strict=True))
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    rr, rg, rb, gg, gb, bb = (mean(guide[i] * guide[j]) - gm[i] * gm[j] for i, j in pairs)
    rr, gg, bb = rr + eps, gg + eps, bb + eps
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    det = rr * c00 + rg * c01 + rb * c02
    sums = c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z
    slope = [part / det for part in sums]
    offset = mm - sum(part * plane_mean for part, plane_mean in zip(slope, gm, strict=True))
    return np.asarray(mean(cv2.merge([*slope, offset])), np.float32)
