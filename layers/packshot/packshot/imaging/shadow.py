"""Shadows: cast ones for a cut-out, the photo's own one separated, and their numbers for the lot's check.

A shadow layer is uint8 HxW density: 255 takes all light from the new background, 0 none. Composed as
``background * (1 - shadow) * (1 - alpha) + foreground * alpha``; so it may lie under the product too.

Directions are where the shadow falls in the picture, degrees clockwise from the right: 0 right, 90 down.
Lengths and softness are shares of the product's height (of a quarter of its width if it is flatter than
that), density is 0..1.
"""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear
from packshot.imaging.reduced import blurred, luminance, reduced_size, shrunk, spread

Kind = Literal["none", "contact", "drop", "natural"]

_CAST_SIDE = 900  # px; a shadow is smooth, so it is drawn small and enlarged
_NATURAL_SIDE = 1000
_PRESENT = 8  # alpha below this (of 255) is no product
_STANDING = 0.35  # share of the product's height, from below, that decides where it stands: 28 % and what is beside
_FADE = 0.02  # a shadow must not reach the frame: faded out over this share of the picture's longest side
_FLOOR = 0.025  # darkening that an even backdrop's fit and noise leave by themselves


def cast(
    alpha: U8,
    kind: Kind,
    *,
    direction_deg: float,
    length: float,
    softness: float,
    density: float,
    natural: U8 | None = None,
) -> U8:
    """uint8 HxW shadow density for the product of `alpha` (uint8 HxW).

    none: all zero. contact: a dark core and a soft halo where the product stands, leaning to
    `direction_deg` by `length`. drop: the silhouette moved by `length` and softened. natural: the density
    given as `natural` (uint8 HxW, from :func:`natural`), times `density`.
    Raises ValueError for an unknown kind, or for natural without its density.
    """
    if kind not in ("none", "contact", "drop", "natural"):
        raise ValueError(f"unknown shadow kind {kind!r}: none, contact, drop or natural")
    if kind == "natural":
        if natural is None:
            raise ValueError("a natural shadow needs the photo's own density: pass natural=")
        return cv2.convertScaleAbs(natural, alpha=float(np.clip(density, 0, 1)))
    if kind == "none" or density <= 0:
        return np.zeros(alpha.shape, np.uint8)
    size = reduced_size(alpha.shape, _CAST_SIDE)
    small = shrunk(alpha, size).astype(np.float32) / 255
    box = _bounds(small)
    if box is None:
        return np.zeros(alpha.shape, np.uint8)
    side = max(0.25 * (box[2] - box[0]), box[3] - box[1])
    step = (math.cos(math.radians(direction_deg)) * side, math.sin(math.radians(direction_deg)) * side)
    soft = max(0.6, float(np.clip(softness, 0, 0.5)) * side)
    reach = float(np.clip(length, 0, 1))
    if kind == "drop":
        dark = _drop(small, (step[0] * reach, step[1] * reach), soft)
    else:
        dark = _contact(small, box, (step[0] * reach, step[1] * reach), soft)
    dark *= min(1.0, density)
    return _enlarge(_fade_to_frame(dark), alpha.shape)


def natural(rgb: U8, alpha: U8, backdrop_linear: F32) -> U8:
    """uint8 HxW density of the photo's own shadow, separated from product and backdrop.

    rgb uint8 HxWx3 sRGB, alpha uint8 HxW, backdrop_linear float32 h x w x 3 (any size, it is smooth) the backdrop
    as it would be lit without the product. The shadow is a darkening that keeps the backdrop's hue and hangs
    together with the product; a dark object or a coloured reflection beside it is not one. Under the product's
    edge it is filled smoothly from around, so that no product edge shows in it.
    """
    size = reduced_size(alpha.shape, _NATURAL_SIDE)
    light = linear(shrunk(rgb, size))
    base = cv2.resize(backdrop_linear, size, interpolation=cv2.INTER_AREA)
    small = shrunk(alpha, size)
    side = max(size)
    ratio = luminance(light) / np.maximum(luminance(base), 1e-3)
    dark = np.clip(1 - ratio, 0, 1).astype(np.float32)
    # the hue test: a grey filter scales all channels alike; what departs from that is an object
    tint = np.abs(light / np.maximum(base, 1e-3) - ratio[..., None]).max(2)
    believable = np.exp(-((tint / 0.25) ** 2)).astype(np.float32)
    reach = max(3, round(side * 0.004)) | 1
    near = cv2.dilate((small >= _PRESENT).astype(np.uint8), np.ones((reach, reach), np.uint8))
    known = (1 - near).astype(np.float32) * believable
    dark = spread(dark, known)
    dark = np.asarray(cv2.GaussianBlur(dark, (0, 0), max(0.8, side * 0.0016)), np.float32)
    dark *= _hangs_together(dark, near, side)
    # under the product the fill is a guess: only as far in as a soft edge needs it, for glass shows it
    depth = cv2.distanceTransform(near, cv2.DIST_L2, 5)
    dark *= np.exp(-((depth / (0.02 * side)) ** 2))
    return _enlarge(_fade_to_frame(dark), alpha.shape)


def measure(shadow: U8, alpha: U8) -> dict[str, float]:
    """Numbers of a shadow for the lot's consistency check.

    shadow, alpha: uint8 HxW. Returns direction_deg (0..360, where the visible shadow lies seen from the
    product; 90 = below; 0 if there is none), density (0..1, 95th percentile of the visible shadow),
    contact (0..1, mean density just under the product's lowest edge), area (visible shadow over product
    area) and frame (0..1, the darkest that the shadow is on the picture's border).
    """
    size = reduced_size(alpha.shape, 640)
    a, s = (shrunk(layer, size).astype(np.float32) / 255 for layer in (alpha, shadow))
    frame = float(max(s[0].max(), s[-1].max(), s[:, 0].max(), s[:, -1].max()))
    box = _bounds(a)
    seen = s * (1 - a)
    part = _rim_of(seen)
    dark = seen[part][(seen[part] > 0.02) & (a[part] < 0.5)]
    if box is None or dark.size == 0:
        return {"direction_deg": 0.0, "density": 0.0, "contact": 0.0, "area": 0.0, "frame": frame}
    return {
        "direction_deg": _direction(seen, a, box),
        "density": float(np.percentile(dark, 95)),
        "contact": _contact_density(s, a, box),
        "area": float(seen.sum() / max(1.0, float(a.sum()))),
        "frame": frame,
    }


def _bounds(alpha: F32) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of what is at least half opaque (or at all present), None if nothing is."""
    for limit in (0.5, _PRESENT / 255):
        x, y, width, height = cv2.boundingRect((alpha >= limit).view(np.uint8))
        if width:
            return x, y, x + width, y + height
    return None


def _moved(image: F32, dx: float, dy: float) -> F32:
    h, w = image.shape
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    return np.asarray(cv2.warpAffine(image, move, (w, h), flags=cv2.INTER_LINEAR), np.float32)


def _drop(alpha: F32, step: tuple[float, float], soft: float) -> F32:
    return blurred(_moved(alpha, *step), soft, soft)


def _contact(alpha: F32, box: tuple[int, int, int, int], step: tuple[float, float], soft: float) -> F32:
    """Core and halo where the product stands, as dark as 1 at the darkest place that can be seen."""
    part, box = _around_feet(alpha.shape, box, step, soft)
    clear = 1 - alpha[part]
    foot = _feet(alpha[part], box, soft)
    core = _moved(blurred(foot, max(0.8, soft * 0.5), max(0.6, soft * 0.28)), 0, max(0.7, soft * 0.25))
    wide = _moved(foot, step[0] * 0.5, step[1] * 0.25 + soft * 0.35)
    wide = blurred(wide, soft * 2.4, max(0.8, soft * 0.8))
    core /= max(1e-6, float((core * clear).max()))
    # as dark as under a foot without end to either side: a thin leg throws a fainter halo than a wide base
    endless = blurred(foot, 1e-3, max(0.8, soft * 0.8))
    wide /= max(1e-6, float(endless.max()))
    dark = 1 - (1 - 0.7 * np.minimum(core, 1)) * (1 - 0.5 * np.minimum(wide, 1))
    whole = np.zeros_like(alpha)
    whole[part] = (dark / max(1e-6, float((dark * clear).max()))).clip(0, 1)
    return whole


def _around_feet(
    shape: tuple[int, ...], box: tuple[int, int, int, int], step: tuple[float, float], soft: float
) -> tuple[tuple[slice, slice], tuple[int, int, int, int]]:
    """Rows and columns that a contact shadow may reach, and the product's box seen from there."""
    across = math.ceil(0.5 * abs(step[0]) + 12 * soft) + 8  # five sigma of the widest blur
    down = math.ceil(0.25 * abs(step[1]) + 6 * soft) + 8
    top = max(0, math.floor(box[3] - _STANDING * (box[3] - box[1])) - down)
    left = max(0, box[0] - across)
    part = slice(top, min(shape[0], box[3] + down)), slice(left, min(shape[1], box[2] + across))
    return part, (box[0] - left, box[1] - top, box[2] - left, box[3] - top)


def _feet(alpha: F32, box: tuple[int, int, int, int], soft: float) -> F32:
    """0..1 where the product meets the ground: the lower ends of its columns of pixels that stand.

    A column stands if it ends within the lowest tenth of the product, or within the lowest 28 % and lower
    than the columns on both of its sides: a chair's rear legs do, a handle or a leaf in the air does not.
    """
    h, w = alpha.shape
    height = box[3] - box[1]
    solid = alpha >= 0.5
    low = np.where(solid.any(0), h - 1 - solid[::-1].argmax(0), -1).astype(np.float32)
    reach = max(2, round(0.08 * (box[2] - box[0])))
    padded = np.pad(low, reach, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    left, right = windows[:w].min(1), windows[reach + 1 :][:w].min(1)
    drop = 0.03 * height
    leg = (low >= box[3] - 0.28 * height) & (low - left > drop) & (low - right > drop)
    stands = np.where(leg, 1.0, np.clip(1.2 - (box[3] - low) / (0.1 * height), 0, 1)) * (low >= 0)
    rows = np.arange(h, dtype=np.float32)[:, None]
    slab = np.clip(1 - (low[None] - rows) / max(2.0, 1.5 * soft), 0, 1) * (rows <= low[None])
    return np.asarray(slab * stands[None] * alpha, np.float32)


def _fade_to_frame(dark: F32) -> F32:
    """The shadow times a ramp that is zero on the border: marketplaces refuse one that runs out. Changes `dark`."""
    width = max(2.0, _FADE * max(dark.shape))
    y, x = (np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / width, 0, 1).astype(np.float32) for n in dark.shape)
    rim = math.ceil(width)
    whole, inner = slice(None), slice(rim, -rim)
    for rows, columns in (
        (slice(rim), whole), (slice(max(rim, dark.shape[0] - rim), None), whole),
        (inner, slice(rim)), (inner, slice(max(rim, dark.shape[1] - rim), None)),
    ):  # fmt: skip
        ramp = np.minimum.outer(y[rows], x[columns])
        dark[rows, columns] *= ramp * ramp * (3 - 2 * ramp)
    return dark


def _enlarge(dark: F32, shape: tuple[int, ...]) -> U8:
    if dark.shape == tuple(shape):
        return np.round(np.clip(dark, 0, 1) * 255).astype(np.uint8)
    # enlarged as 16 bit and then rounded: a soft slope enlarged from 8 bit shows bands
    fine = cv2.resize(np.clip(dark * 65280, 0, 65535).astype(np.uint16), (shape[1], shape[0]))
    return np.asarray(cv2.convertScaleAbs(fine, alpha=1 / 256), np.uint8)


def _hangs_together(dark: F32, near: U8, side: int) -> F32:
    """0..1 weight: 1 where the darkening is above the floor and joined to the product.

    The floor rises with the distance from the product: a shadow thins out there, and what is left is more
    likely the backdrop's own fall of light.
    """
    ys = np.nonzero(near.any(1))[0]
    reach = max(8.0, float(ys.max() - ys.min())) if ys.size else float(side)
    far = cv2.distanceTransform(1 - near, cv2.DIST_L2, 5) / reach
    floor = _FLOOR + 0.25 * np.minimum(far, 1)
    # what lies higher than the product's lower third is wall, not ground: a shadow there has to be plainer
    foot, third = (float(ys.max()), reach / 3) if ys.size else (float(dark.shape[0]), 1.0)
    rows = np.arange(dark.shape[0], dtype=np.float32)[:, None]
    floor = floor + 0.08 * np.clip((foot - third - rows) / third, 0, 1)
    above = np.clip((dark - floor) / (4 * floor), 0, 1)
    joined = ((dark > floor) | (near > 0)).astype(np.uint8)
    _, labels = cv2.connectedComponents(joined, connectivity=4)
    touching = np.unique(labels[near > 0])
    keep = np.isin(labels, touching[touching > 0]).astype(np.float32)
    weight = above * above * (3 - 2 * above) * cv2.GaussianBlur(keep, (0, 0), max(1.0, side * 0.004))
    return np.asarray(weight, np.float32)


def _rim_of(seen: F32) -> tuple[slice, slice]:
    """Rows and columns of what is seen, and a pixel more to each side."""
    x, y, width, height = cv2.boundingRect((seen > 0).view(np.uint8))
    return slice(max(0, y - 1), y + height + 1), slice(max(0, x - 1), x + width + 1)


def _direction(seen: F32, alpha: F32, box: tuple[int, int, int, int]) -> float:
    """Where the visible shadow lies: its pixels, each pulling away from the nearest product edge.

    A silhouette moved by (dx, dy) uncovers about dx * height beside it and dy * width below it, so the
    sums are divided by the product's height and width to give back the move itself.
    """
    away = cv2.distanceTransform((alpha < 0.5).view(np.uint8), cv2.DIST_L2, 5)
    part = _rim_of(seen)
    away, seen = away[part], seen[part]
    gx = cv2.Sobel(away, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(away, cv2.CV_32F, 0, 1, ksize=3)
    size = np.maximum(1e-6, np.hypot(gx, gy))
    pull_x = float((seen * gx / size).sum()) / max(1, box[3] - box[1])
    pull_y = float((seen * gy / size).sum()) / max(1, box[2] - box[0])
    return math.degrees(math.atan2(pull_y, pull_x)) % 360


def _contact_density(shadow: F32, alpha: F32, box: tuple[int, int, int, int]) -> float:
    """Mean density in the strip under the columns whose lowest point stands on the ground."""
    solid = alpha >= 0.5
    columns = np.nonzero(solid.any(0))[0]
    lowest = alpha.shape[0] - 1 - solid[::-1][:, columns].argmax(0)
    standing = lowest >= box[3] - max(2.0, 0.03 * (box[3] - box[1]))
    values = [
        float(shadow[min(alpha.shape[0] - 1, y + 2), x])
        for x, y in zip(columns[standing], lowest[standing], strict=True)
    ]
    return float(np.mean(values)) if values else 0.0
