"""Ghost mannequin: the garment alone, its openings, and what is seen inside them.

:func:`separate` takes a cut-out of garment and mannequin apart; :func:`fill_interior` gives the openings an
inside. The first removes only; the second makes up what no camera saw, so its result is always reviewed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging import mannequin
from packshot.imaging.alike import Shapes
from packshot.imaging.interior import fill_interior
from packshot.imaging.light import F32, U8, linear
from packshot.imaging.mannequin import Mask
from packshot.imaging.reduced import reduced_size, sampled, spread

__all__ = ["GhostResult", "fill_interior", "separate"]

_SIDE = 512  # px of the longer side that the separation works at
BORDER_REACH, BORDER_SIGMA = 8, 2.0
"""Pixels of the small size within which the border is smoothed, and how much: cloth hangs in curves, not in steps."""
ALIKE, APART, FAR = 14, 26, 40
"""CIE76 units between garment and mannequin below which their colours draw no border, above which they do alone, and
above which they do so even where the backdrop's colour is mixed in."""
FAINT, SLIVER_SHARE = 40, 0.002
"""A loose part of the garment, seen from 40 of 255 up, is a sliver below 0.2 % of the largest part's area."""


@dataclass(frozen=True)
class GhostResult:
    """What :func:`separate` found.

    alpha: uint8 HxW garment alone; removed: uint8 HxW mannequin, stand and skin that were inside the matte;
    openings: uint8 HxW where an interior should be seen; confidence 0..1; numbers: measurements for inspect.
    """

    alpha: U8
    removed: U8
    openings: U8
    confidence: float
    numbers: dict[str, float]


def separate(rgb: U8, alpha: U8, *, networks_hint: F32 | None = None) -> GhostResult:
    """Take mannequin, neck, arms, legs, stand and skin out of an apparel matte.

    rgb uint8 HxWx3 sRGB upright, alpha uint8 HxW of garment and mannequin together, networks_hint float32
    HxW 0..1 another opinion on what is garment, or None. Where no mannequin is found the matte is returned as
    it is, with `removed` empty.
    """
    box = _bounds(alpha)
    if box is None:
        empty = np.zeros_like(alpha)
        return GhostResult(alpha.copy(), empty, empty, 0.0, {"ghost_removed": 0.0, "ghost_overlap": 1.0})
    part = (slice(box[1], box[3]), slice(box[0], box[2]))
    photo, matte = rgb[part], alpha[part]
    size = reduced_size(matte.shape, _SIDE)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(matte, size, interpolation=cv2.INTER_AREA) >= 128
    light = linear(cv2.GaussianBlur(small, (0, 0), 0.8))
    marks = mannequin.seeds(inside)
    if not marks.mannequin.any() or not marks.garment.any():
        empty = np.zeros_like(alpha)
        return GhostResult(alpha.copy(), empty, empty, 0.5, {"ghost_removed": 0.0, "ghost_overlap": 1.0})
    hint = None if networks_hint is None else cv2.resize(networks_hint[part], size, interpolation=cv2.INTER_AREA)
    parted = mannequin.split(light, inside, marks, hint)
    chance, shapes = parted.chance, parted.shapes
    garment = _tidy(chance, inside, marks)
    share = _share_at_full_size(photo, matte, small, garment, inside, shapes.arms)
    out, gone, holes = alpha.copy(), np.zeros_like(alpha), np.zeros_like(alpha)
    out[part] = _without_slivers(cv2.multiply(matte, share, scale=1 / 255))
    gone[part] = cv2.subtract(matte, out[part])
    opening = _openings(garment, inside, marks, shapes)
    holes[part] = _smooth_enlarged(opening, matte.shape)
    numbers = {
        "ghost_removed": float((inside & ~garment).sum() / max(1, int(inside.sum()))),
        "ghost_overlap": parted.overlap,
        "ghost_unsure": float(((chance > 0.2) & (chance < 0.8) & inside).sum() / max(1, int(inside.sum()))),
    }
    return GhostResult(out, gone, holes, _confidence(numbers, marks), numbers)


def _bounds(alpha: U8) -> tuple[int, int, int, int] | None:
    solid = alpha >= 128
    ys, xs = np.nonzero(solid.any(1))[0], np.nonzero(solid.any(0))[0]
    if not ys.size:
        return None
    pad = max(2, round(0.005 * max(alpha.shape)))  # for the soft edge
    h, w = alpha.shape
    return (
        max(0, int(xs[0]) - pad),
        max(0, int(ys[0]) - pad),
        min(w, int(xs[-1]) + pad),
        min(h, int(ys[-1]) + pad),
    )


def _confidence(numbers: dict[str, float], marks: mannequin.Seeds) -> float:
    """Less where the colours are alike, where the walker wavered, where half of the matte went."""
    sure = (1 - 0.6 * numbers["ghost_overlap"]) * (1 - min(0.5, 3 * numbers["ghost_unsure"]))
    if numbers["ghost_removed"] > 0.55:
        sure *= 0.3
    return float(np.clip(sure * (1.0 if marks.neck else 0.7), 0, 1))


def _tidy(chance: F32, inside: Mask, marks: mannequin.Seeds) -> Mask:
    """bool HxW garment: specks of either side go to their surroundings.

    A mannequin part holds a seed or lies open on a good part of the outline; a print inside the garment
    does not. The garment is one piece, or a few large ones.
    """
    form = inside & (chance < 0.5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(form.astype(np.uint8), connectivity=4)
    rim = inside & (cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) == 0)
    keep = np.zeros(count, bool)
    for k in range(1, count):
        part = labels == k
        area = stats[k, cv2.CC_STAT_AREA]
        open_edge = int((part & rim).sum())
        keep[k] = bool((part & marks.mannequin).any()) or (
            area > 0.0008 * inside.sum() and open_edge > 1.5 * np.sqrt(area)
        )
    form = keep[labels]
    cloth = inside & ~form
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cloth.astype(np.uint8), connectivity=4)
    if count > 1:
        areas = stats[:, cv2.CC_STAT_AREA].copy()
        areas[0] = 0
        cloth = (areas > 0.02 * areas.max())[labels]
    return np.asarray(cloth)


def _share_at_full_size(photo: U8, matte: U8, small: U8, garment: Mask, inside: Mask, shaded: Mask) -> U8:
    """uint8 HxW share of garment, with the border drawn by the full-size photo.

    In a narrow band each pixel is the mix of the garment's and the mannequin's local colour that explains
    it best; where the two colours are too alike, or what is seen is a cuff's shade (bool HxW `shaded`, reduced), the
    enlarged border stays.
    """
    h, w = photo.shape[:2]
    form = inside & ~garment
    if not form.any():
        return np.full((h, w), 255, np.uint8)
    # what lies outside the outline (soft edges do) goes with the nearer of the two
    to_cloth, to_form = (cv2.distanceTransform((~m).astype(np.uint8), cv2.DIST_L2, 5) for m in (garment, form))
    share = _smooth_border(to_form - to_cloth, (w, h))
    near = np.ones((7, 7), np.uint8)
    band = cv2.bitwise_and(cv2.dilate(garment.astype(np.uint8), near), cv2.dilate(form.astype(np.uint8), near))
    band[cv2.dilate(shaded.astype(np.uint8), near) > 0] = 0
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    core = np.ones((5, 5), np.uint8)
    cloth_colour = spread(lab, cv2.erode(garment.astype(np.uint8), core).astype(np.float32))
    form_colour = spread(lab, cv2.erode(form.astype(np.uint8), core).astype(np.float32))
    ys, xs = np.nonzero(cv2.resize(band, (w, h), interpolation=cv2.INTER_NEAREST))
    if not ys.size:
        return share
    pixels = cv2.cvtColor(photo[ys, xs][:, None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[:, 0]
    cloth, base = (sampled(field, ys, xs, (h, w)) for field in (cloth_colour, form_colour))
    axis = cloth - base
    apart = np.sqrt(np.square(axis).sum(1))
    mix = ((pixels - base) * axis).sum(1) / np.maximum(apart * apart, 1e-3)
    mix = np.clip((mix - 0.08) / 0.84, 0, 1)
    trust = np.clip((apart - ALIKE) / (APART - ALIKE), 0, 1)
    trust *= (apart > FAR) | (cv2.erode(matte, np.ones((3, 3), np.uint8))[ys, xs] >= 250)
    side = share[ys, xs].astype(np.float32) / 255
    share[ys, xs] = np.round(255 * (trust * mix + (1 - trust) * side)).astype(np.uint8)
    return share


def _smooth_border(nearer: F32, size: tuple[int, int]) -> U8:
    """uint8 share of garment of a size (width, height), from how much nearer the garment is than the mannequin."""
    near = np.clip(nearer, -BORDER_REACH, BORDER_REACH).astype(np.float32)
    smooth = cv2.resize(cv2.GaussianBlur(near, (0, 0), BORDER_SIGMA), size, interpolation=cv2.INTER_CUBIC)
    scale = 127.5 * size[1] / nearer.shape[0]
    return np.asarray(np.clip(127.5 + scale * smooth, 0, 255), np.uint8)


def _without_slivers(garment: U8) -> U8:
    """The garment's matte without its loose slivers: the dark line between cloth and form looks like cloth."""
    count, labels = cv2.connectedComponents((garment > FAINT).view(np.uint8), connectivity=8)
    if count <= 2:
        return garment  # one piece; OpenCV's other numbers of the pieces would take five times as long
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    loose = areas < SLIVER_SHARE * areas.max()
    loose[0] = False
    if not loose.any():
        return garment
    return np.where(loose[labels], 0, garment).astype(np.uint8)


def _smooth_enlarged(opening: Mask, shape: tuple[int, ...]) -> U8:
    """The opening at full size: a smooth rim above; to the sides and below grown under the garment's edge."""
    out = np.zeros(shape[:2], np.uint8)
    if not opening.any():
        return out
    grow = np.ones((3, 5), np.uint8)
    wide = cv2.dilate(opening.astype(np.uint8) * 255, grow, anchor=(2, 2))
    h, w = shape[:2]
    step = max(1.0, h / opening.shape[0])
    sigma = 1.3 * step
    x, y, across, down = cv2.boundingRect(wide)
    reach, scale = math.ceil(4 * sigma + step) + 2, w / opening.shape[1]
    part = (
        slice(max(0, math.floor(y * step) - reach), math.ceil((y + down) * step) + reach),
        slice(max(0, math.floor(x * scale) - reach), math.ceil((x + across) * scale) + reach),
    )
    large = cv2.resize(wide, (w, h), interpolation=cv2.INTER_LINEAR)[part]
    # back to an edge of about two pixels: the blur spread it over some four steps
    slope = max(1.0, 1.6 * step)
    table = np.clip((np.arange(256) - 127.5) * slope + 127.5, 0, 255).astype(np.uint8)
    out[part] = cv2.LUT(cv2.GaussianBlur(large, (0, 0), sigma), table)
    return out


def _openings(garment: Mask, inside: Mask, marks: mannequin.Seeds, shapes: Shapes) -> Mask:
    """bool HxW: what the mannequin filled and where the garment's inside should now be seen.

    The neck: between the two sides of the collar, below an arc that joins them. Sleeves and hem: the
    shallow hollows of the garment's outline where something was removed. Below a cuff: the body behind the arm.
    """
    gone = inside & ~garment
    size = float(np.sqrt(max(1, int(garment.sum()))))
    reach = max(3, round(0.05 * size)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    padded = np.pad(garment.astype(np.uint8), reach)
    hollow = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach] > 0
    low = np.zeros_like(garment)
    low[round(0.3 * garment.shape[0]) :] = True
    found = gone & (hollow & low & ~shapes.arms | shapes.behind)
    if marks.neck:
        found |= _neck_opening(garment, gone, int(np.nonzero(marks.mannequin[: garment.shape[0] // 2])[1].mean()))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] > 0.0006 * garment.sum()
    large[0] = False
    return np.asarray(large[labels])


def _neck_opening(garment: Mask, gone: Mask, centre: int) -> Mask:
    """Rows where the collar stands on both sides of the neck, between them, above the front edge."""
    h, w = garment.shape
    columns = np.arange(w)
    left = np.where(garment[:, :centre], columns[:centre], -1).max(1, initial=-1)
    right = np.where(garment[:, centre:], columns[centre:], w).min(1, initial=w)
    wide = garment.sum(1).max()
    rows = np.nonzero((left >= 0) & (right < w) & (right - left < 0.55 * wide) & (right - left > 1))[0]
    rows = rows[rows < np.nonzero(garment.any(1))[0][0] + 0.35 * h]
    found = np.zeros_like(garment)
    if not rows.size:
        return found
    top = int(rows[0])
    between = (columns[None] > left[:, None]) & (columns[None] < right[:, None])
    half = max(1.0, (right[top] - left[top]) / 2)
    middle = (right[top] + left[top]) / 2
    arc = top + 0.12 * half * np.clip(1 - ((columns - middle) / half) ** 2, 0, 1)
    found[rows] = (between & gone)[rows]
    return np.asarray(found & (np.arange(h)[:, None] >= arc[None]))
