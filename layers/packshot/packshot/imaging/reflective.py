"""Mirrors: the backdrop's colour taken out of what chrome and gold reflect of it, light and shade kept."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.reduced import LUMA, blurred, enlarged, planes, reduced_size, scale_of, shrunk, spread_from_around
from packshot.imaging.tiles import bands

Mask = npt.NDArray[np.bool_]

_SIDE = 700  # px of the longer side where product and backdrop are judged
_ROWS = 512  # rows worked on at a time
_FAINT = 0.05  # a backdrop whose colour is less than this share of its light casts none
_BAND = 0.06  # depth of the edge band, share of the product's longer side


def around(rgb: U8, alpha: U8) -> F32:
    """The backdrop as it is behind the product, guessed from around it: float32 h x w x 3 linear, reduced."""
    size = reduced_size(rgb.shape, _SIDE)
    return spread_from_around(linear(shrunk(rgb, size)), shrunk(alpha, size).astype(np.float32) / 255)


def neutralise(rgb: U8, alpha: U8, backdrop_linear: F32) -> U8:
    """uint8 HxWx3 with the mirrored backdrop colour neutralised inside the product.

    rgb uint8 HxWx3 sRGB, the photo or the product's own colour; alpha uint8 HxW, backdrop_linear float32 h x w x 3 of
    any size. Luminance is unchanged, so highlights and reflections keep their drawing. Along the edge, where a curved
    mirror faces the backdrop, the backdrop's colour is taken out of what has greys beside it; further in only if the
    product as a whole is a neutral mirror, so that its own colours stay. A product of the backdrop's own hue, and any
    product before a neutral backdrop, comes back as it is.
    """
    size = reduced_size(rgb.shape, _SIDE)
    base = planes(shrunk(backdrop_linear, size))
    shape = shrunk(alpha, size).astype(np.float32) / 255
    cast = np.clip((_colourful(base) - _FAINT) / 0.10, 0, 1)
    if not cast[shape > 0.5].any():
        return rgb
    weight = cast * _mirrors(planes(linear(shrunk(rgb, size))), shape, base)
    weight = np.asarray(cv2.GaussianBlur(weight.astype(np.float32), (0, 0), 0.8), np.float32)
    if float(weight.max(initial=0)) < 0.02:
        return rgb
    out = rgb.copy()
    field = cv2.merge([*base, weight])
    for part in bands(alpha, _ROWS):
        here = enlarged(field, part, scale_of(field.shape, rgb.shape))
        there = (alpha[part] > 0) & (here[..., 3] > 0)
        light = np.ascontiguousarray(linear(rgb[part][there]).T)
        own = np.ascontiguousarray(here[there].T)
        out[part][there] = srgb(_without(light, own[:3], own[3])).T
    return out


def _luminance(light: F32) -> F32:
    return np.asarray(np.tensordot(LUMA[0], light, 1), np.float32)


def _colourful(base: F32) -> F32:
    """The backdrop's colour off grey relative to its light."""
    return np.asarray(np.sqrt(np.square(_colour(base)).sum(0)) / (_luminance(base) + 0.02), np.float32)


def _colour(light: F32) -> F32:
    """The part of linear 3x... light that is off grey, of luminance 0."""
    return np.asarray(light - _luminance(light), np.float32)


def _share(light: F32, base: F32) -> F32:
    """How much of the backdrop's colour is in each pixel: 0 none, 1 as much as in the backdrop itself."""
    own = _colour(base)
    part = (_colour(light) * own).sum(0) / np.maximum(np.square(own).sum(0), 1e-6)
    return np.asarray(np.clip(part, 0, 1.15), np.float32)


def _without(light: F32, base: F32, strength: F32 | float) -> F32:
    return np.asarray(light - strength * _share(light, base) * _colour(base), np.float32)


def _foreign(light: F32, base: F32) -> F32:
    """Colour of a pixel that is not the backdrop's, relative to its light."""
    rest = np.sqrt(np.square(_colour(_without(light, base, 1.0))).sum(0))
    return np.asarray(rest / (np.sqrt(np.square(light).sum(0)) + 0.02), np.float32)


def _mirrors(small: F32, shape: F32, base: F32) -> F32:
    """0..1 per reduced pixel: how much of the backdrop's colour it mirrors. small and base 3 x h x w, shape h x w."""
    solid = shape > 0.5
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
    near = [blurred(f, 0.045 * side, 0.045 * side) for f in (grey, inner.astype(np.float32))]
    chrome = np.clip((near[0] / np.maximum(near[1], 1e-3) - 0.06) / 0.15, 0, 1)
    mirror = np.maximum(band * chrome * bright, _metal(small, base, depth > 0.01 * side))
    return np.asarray(mirrored * mirror, np.float32)


def _grey(light: F32, base: F32) -> Mask:
    """Little of the backdrop's colour in the pixel, and none of another."""
    lent = _share(light, base) * _luminance(base) < 0.25 * _luminance(light)
    return np.asarray(lent & (_foreign(light, base) < 0.12))


def _metal(small: F32, base: F32, inner: Mask) -> float:
    """0..1: how surely the product is a neutral mirror: nothing but greys, and the backdrop's hue in part.

    A product painted in the backdrop's hue has it everywhere and no grey; a coloured product has others.
    """
    if not inner.any():
        return 0.0
    own = float((_foreign(small[:, inner], base[:, inner]) < 0.12).mean())
    grey = float(_grey(small[:, inner], base[:, inner]).mean())
    return float(np.clip((own - 0.75) / 0.2, 0, 1) * np.clip((grey - 0.08) / 0.15, 0, 1))
