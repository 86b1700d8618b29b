"""Mirrors: the backdrop's colour taken out of what chrome and gold reflect of it, light and shade kept."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.reduced import enlarged_rows, luminance, reduced_size, spread_from_around

Mask = npt.NDArray[np.bool_]

_SIDE = 700  # px of the longer side where product and backdrop are judged
_ROWS = 512  # rows worked on at a time
_FAINT = 0.05  # a backdrop whose colour is less than this share of its light casts none
_BAND = 0.06  # depth of the edge band, share of the product's longer side


def neutralise(rgb: U8, alpha: U8, backdrop_linear: F32 | None) -> U8:
    """uint8 HxWx3 with the mirrored backdrop colour neutralised inside the product.

    rgb uint8 HxWx3 sRGB, alpha uint8 HxW, backdrop_linear float32 h x w x 3 of any size; None where unknown: then
    guessed from around the product, so rgb must hold the photo there. Luminance is unchanged, so highlights and
    reflections keep their drawing. Along the edge, where a curved mirror faces the backdrop, the backdrop's
    colour is taken out of what has greys beside it; further in only if the product as a whole is a neutral
    mirror, so that its own colours stay. A product of the backdrop's own hue, and any product before a neutral
    backdrop, comes back as it is.
    """
    size = reduced_size(rgb.shape, _SIDE)
    small = linear(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    shape = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    if backdrop_linear is None:
        base = spread_from_around(small, shape)
    else:
        base = np.asarray(cv2.resize(backdrop_linear, size, interpolation=cv2.INTER_AREA), np.float32)
    weight = _weights(small, shape, base)
    if float(weight.max(initial=0)) < 0.02:
        return rgb
    out = rgb.copy()
    for top in range(0, rgb.shape[0], _ROWS):
        rows = slice(top, min(top + _ROWS, rgb.shape[0]))
        inside = np.nonzero(alpha[rows] > 0)
        if not inside[0].size:
            continue
        here, strength = (enlarged_rows(f, rows, rgb.shape)[inside] for f in (base, weight))
        out[rows][inside] = srgb(_without(linear(rgb[rows][inside]), here, strength))
    return out


def _colour(light: F32) -> F32:
    """The part of linear ...x3 light that is off grey, of luminance 0."""
    flat = light.reshape(-1, 1, 3)
    return np.asarray((flat - luminance(flat)[..., None]).reshape(light.shape), np.float32)


def _share(light: F32, base: F32) -> F32:
    """How much of the backdrop's colour is in each pixel: 0 none, 1 as much as in the backdrop itself."""
    own = _colour(base)
    part = (_colour(light) * own).sum(-1) / np.maximum(np.square(own).sum(-1), 1e-6)
    return np.asarray(np.clip(part, 0, 1.15), np.float32)


def _without(light: F32, base: F32, strength: F32) -> F32:
    return np.asarray(light - (strength * _share(light, base))[..., None] * _colour(base), np.float32)


def _foreign(light: F32, base: F32) -> F32:
    """Colour of a pixel that is not the backdrop's, relative to its light."""
    bare = _without(light, base, np.ones(light.shape[:-1], np.float32))
    rest = np.sqrt(np.square(_colour(bare)).sum(-1))
    return np.asarray(rest / (np.sqrt(np.square(light).sum(-1)) + 0.02), np.float32)


def _weights(small: F32, shape: F32, base: F32) -> F32:
    """0..1 per reduced pixel: how much of the backdrop's colour to take out there."""
    solid = shape > 0.5
    if not solid.any():
        return np.zeros_like(shape)
    colourful = np.sqrt(np.square(_colour(base)).sum(-1)) / (luminance(base) + 0.02)
    cast = np.clip((colourful - _FAINT) / 0.10, 0, 1)
    depth = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 5)
    rows, columns = np.nonzero(solid)
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    band = np.exp(-((depth / (_BAND * side)) ** 2))
    foreign = cv2.GaussianBlur(_foreign(small, base), (0, 0), 1.0)
    mirrored = np.exp(-((foreign / 0.14) ** 2))
    # polished metal gives back most of what it mirrors; a dull part of the same hue has less of it
    bright = np.clip((_share(small, base) - 0.15) / 0.3, 0, 1)
    # a mirror shows grey things beside the backdrop: where no grey is near, the colour is the product's own
    inner = solid & (depth > 2)
    grey = (_grey(small, base) & inner).astype(np.float32)
    near = [cv2.GaussianBlur(f, (0, 0), 0.045 * side) for f in (grey, inner.astype(np.float32))]
    chrome = np.clip((near[0] / np.maximum(near[1], 1e-3) - 0.06) / 0.15, 0, 1)
    weight = cast * mirrored * np.maximum(band * chrome * bright, _metal(small, base, depth > 0.01 * side))
    return np.asarray(cv2.GaussianBlur(weight.astype(np.float32), (0, 0), 0.8), np.float32)


def _grey(light: F32, base: F32) -> Mask:
    """bool HxW: little of the backdrop's colour in the pixel, and none of another."""
    lent = _share(light, base) * luminance(base) < 0.25 * luminance(light)
    return np.asarray(lent & (_foreign(light, base) < 0.12))


def _metal(small: F32, base: F32, inner: Mask) -> float:
    """0..1: how surely the product is a neutral mirror: nothing but greys, and the backdrop's hue in part.

    A product painted in the backdrop's hue has it everywhere and no grey; a coloured product has others.
    """
    if not inner.any():
        return 0.0
    own = float((_foreign(small[inner], base[inner]) < 0.12).mean())
    grey = float(_grey(small, base)[inner].mean())
    return float(np.clip((own - 0.75) / 0.2, 0, 1) * np.clip((grey - 0.08) / 0.15, 0, 1))
