"""The product's own colour where photo pixels are a mixture of product and backdrop.

Two-pass blur fusion (Forte, "Approximate fast foreground colour estimation", ICIP 2021), in linear light. The
wide pass runs on a small copy, the narrow one at full size and only in the tiles that hold soft pixels, so that a
large photo needs no full-size float copies and a clear outline costs what its length does.
"""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear, srgb

WIDE_LONG_SIDE = 640
WIDE_RADIUS_SHARE = 0.05
NARROW_RADIUS_SHARE = 0.002
TILE = 128
SOFT_LOW, SOFT_HIGH = 1, 254


def product_colour(rgb: U8, matte: U8, strength: float = 1.0) -> U8:
    """The photo with every soft pixel's colour replaced by the product's share of it.

    rgb uint8 HxWx3 sRGB, matte uint8 HxW; strength 0 keeps the photo's colours, 1 removes the backdrop's
    share fully. Pixels with matte 255 keep the photo's bytes; where the matte is 0 the colour is 0.
    """
    out = np.asarray(cv2.copyTo(rgb, matte), np.uint8)
    soft = np.asarray(cv2.inRange(matte, SOFT_LOW, SOFT_HIGH), np.uint8)
    if strength <= 0 or not soft.any():
        return out
    wide = _wide_pass(rgb, matte)
    radius = max(2, round(NARROW_RADIUS_SHARE * max(matte.shape)))
    for top in range(0, matte.shape[0], TILE):
        columns = np.flatnonzero(cv2.reduce(soft[top : top + TILE], 0, cv2.REDUCE_MAX)[0])
        for left in np.unique(columns // TILE) * TILE:
            box = (top, min(top + TILE, matte.shape[0]), int(left), min(int(left) + TILE, matte.shape[1]))
            _narrow_pass(rgb, matte, out, box, radius, wide, strength)
    return out


def _fuse(image: F32, alpha: F32, fore: F32, back: F32, size: int) -> tuple[F32, F32]:
    """One pass of blur fusion: (foreground, mean backdrop), both float32 HxWx3 linear."""
    kernel = (size, size)
    a = alpha[..., None]
    blur_a = cv2.blur(alpha, kernel)[..., None]
    mean_f = cv2.blur(fore * a, kernel) / (blur_a + 1e-5)
    mean_b = cv2.blur(back * (1 - a), kernel) / ((1 - blur_a) + 1e-5)
    fitted = mean_f + a * (image - a * mean_f - (1 - a) * mean_b)
    clipped: F32 = np.clip(fitted, 0, 1, out=fitted)
    return clipped, mean_b


def _wide_pass(rgb: U8, matte: U8) -> tuple[F32, F32]:
    scale = min(1.0, WIDE_LONG_SIDE / max(matte.shape))
    shape = (max(1, round(matte.shape[1] * scale)), max(1, round(matte.shape[0] * scale)))
    image = linear(cv2.resize(rgb, shape, interpolation=cv2.INTER_AREA))
    alpha = cv2.resize(matte, shape, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    radius = max(2, round(WIDE_RADIUS_SHARE * max(shape)))
    return _fuse(image, alpha, image, image, 2 * radius + 1)


def _narrow_pass(
    rgb: U8, matte: U8, out: U8, box: tuple[int, int, int, int], radius: int, wide: tuple[F32, F32], strength: float
) -> None:
    """Write the product's colour of the soft pixels inside box (top, bottom, left, right) into `out`."""
    height, width = matte.shape
    top, bottom, left, right = box
    t, b, le, r = max(0, top - radius), min(height, bottom + radius), max(0, left - radius), min(width, right + radius)
    image, alpha = linear(rgb[t:b, le:r]), matte[t:b, le:r].astype(np.float32) / 255
    fore, back = (_sample(field, (t, b, le, r), height, width) for field in wide)
    colour, _ = _fuse(image, alpha, fore, back, 2 * radius + 1)
    here = (slice(top - t, bottom - t), slice(left - le, right - le))
    part = matte[top:bottom, left:right]
    soft = (part >= SOFT_LOW) & (part <= SOFT_HIGH)
    mixed = image[here][soft] * (1 - strength) + colour[here][soft] * strength
    out[top:bottom, left:right][soft] = srgb(mixed)


def _sample(field: F32, box: tuple[int, int, int, int], height: int, width: int) -> F32:
    """The part of a small field that a box of the full-size photo covers, enlarged linearly."""
    t, b, le, r = box
    sy, sx = field.shape[0] / height, field.shape[1] / width
    to_field = np.array([[sx, 0, (le + 0.5) * sx - 0.5], [0, sy, (t + 0.5) * sy - 0.5]], np.float64)
    part: F32 = cv2.warpAffine(
        field, to_field, (r - le, b - t), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return part
