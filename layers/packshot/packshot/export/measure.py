"""How far a written file is from its rendering: structural similarity and colour difference."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
SAMPLES = 12_000
STRIP = 64  # rows, a multiple of four


def _means(plane: F32) -> F32:
    """Means over 8x8 windows at every fourth pixel, from exact means over 4x4 blocks."""
    high, wide = plane.shape[:2]
    quarter = cv2.resize(plane, (wide // 4, high // 4), interpolation=cv2.INTER_AREA)
    return np.asarray(quarter[:-1, :-1] + quarter[1:, :-1] + quarter[:-1, 1:] + quarter[1:, 1:]) * np.float32(0.25)


def ssim_planes(a: U8, b: U8) -> list[float]:
    """Mean SSIM per plane of two uint8 HxWxC pictures, C values 0..1.

    Wang et al. 2004 with L = 255 over uniform 8x8 windows, one every 4 px (the windows of x264): within 0.003
    of the sliding 7x7 window on product photos (tested), at a tenth of its time. Up to 3 px at the right and
    lower end are left out, and pictures below 8 px are compared as wholes.
    """
    high, wide = (v // 4 * 4 for v in a.shape[:2])
    if min(high, wide) < 8:
        return [1.0 if np.array_equal(a, b) else 0.0] * a.shape[2]
    total, count = np.zeros(a.shape[2]), 0
    for top in range(0, high - 4, STRIP):  # strips stay in the processor's cache; neighbours share a row of blocks
        rows = slice(top, min(top + STRIP + 4, high))
        share = _similarity(a[rows, :wide].astype(np.float32), b[rows, :wide].astype(np.float32))
        total += share.reshape(-1, a.shape[2]).sum(axis=0, dtype=np.float64)
        count += share.shape[0] * share.shape[1]
    return [float(v) / count for v in total]


def _similarity(x: F32, y: F32) -> F32:
    """SSIM of every window of two float32 HxWxC pictures."""
    mx, my = _means(x), _means(y)
    mxx, myy, mxy = mx * mx, my * my, mx * my
    spread = _means(x * x + y * y) - mxx - myy
    together = _means(x * y) - mxy
    share = ((2 * mxy + _C1) * (2 * together + _C2)) / ((mxx + myy + _C1) * (spread + _C2))
    return np.asarray(share, np.float32)


def ssim(a: U8, b: U8) -> float:
    """The smaller of the SSIM of luma (BT.601) and the mean SSIM of R, G, B, of two uint8 HxWx3 pictures.

    The second is what colour subsampling hurts, so a file cannot pass on its luma alone.
    """
    planes = ssim_planes(_with_luma(a), _with_luma(b))
    return min(planes[3], sum(planes[:3]) / 3)


def _with_luma(rgb: U8) -> U8:
    return np.asarray(cv2.merge([*cv2.split(rgb), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)]), np.uint8)


def delta_e(a: U8, b: U8, mask: npt.NDArray[np.bool_], samples: int = SAMPLES) -> float:
    """Mean CIEDE2000 (sRGB, D65) of two uint8 HxWx3 pictures inside a bool HxW mask; 0 when the mask is
    empty.

    At most about ``samples`` pixels, evenly spread over the mask: the mean of 12,000 is good to about 0.01.
    """
    from skimage.color import (
        deltaE_ciede2000,
        rgb2lab,
    )  # half a second of import that other callers need not pay

    where = np.flatnonzero(mask)
    if not where.size:
        return 0.0
    where = where[:: max(1, where.size // samples)]
    x, y = a.reshape(-1, 3)[where][None], b.reshape(-1, 3)[where][None]
    return float(np.mean(deltaE_ciede2000(rgb2lab(x), rgb2lab(y))))


def chroma_loss(rgb: U8) -> float:
    """How much colour 4:2:0 would cost: the 99.5th percentile of the chroma (Cb, Cr) lost by halving it,
    0..255.
    """
    chroma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))[..., 1:]
    high, wide = chroma.shape[:2]
    half = cv2.resize(chroma, ((wide + 1) // 2, (high + 1) // 2), interpolation=cv2.INTER_AREA)
    back = cv2.resize(half, (wide, high), interpolation=cv2.INTER_LINEAR)
    return float(np.percentile(cv2.absdiff(chroma, np.asarray(back)).max(axis=2), 99.5))
