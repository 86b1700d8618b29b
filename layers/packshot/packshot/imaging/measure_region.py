"""What lies inside and outside the matte: holes, islands, colours on the wrong side, leftovers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8
from packshot.imaging.reduced import planes, shrunk

Mask = npt.NDArray[np.bool_]

NEAR, WIDE = 16, 4  # cells of the colour-and-place grids along the long side
PAD = 4  # pixels around a piece that its surroundings are looked at in
COLOUR_STEP = 7.0  # CIE76 units of one cell


def shape_measures(lab: F32, alpha: F32, part: tuple[slice, slice]) -> dict[str, float]:
    """Areas of the 0.5-mask; shares are of the product's area unless said otherwise.

    ``coverage`` 0..1 of the frame; ``frame_cut`` 0..1: share of the frame's border that the product covers;
    ``holes`` and ``islands`` 0..1: area enclosed, area apart from the main piece; ``holes_alike`` and
    ``islands_alike`` 0..1: the area of those whose colour is that of their surroundings (no reason in the
    photo to be a hole or an island); ``core_soft`` 0..1: share of the eroded product that is neither solid
    nor clear; ``soft_area`` 0..1: areas wider than 1 % of the long side that are neither. ``part``: rows and
    columns outside of which the matte is clear.
    """
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]) >= 0.5
    size, long_side = alpha.size, max(alpha.shape)
    least = max(4, round(4e-6 * size))
    lab, alpha = lab[part], alpha[part]
    solid = np.asarray(alpha >= 0.5, np.uint8)
    area = max(1, int(solid.sum()))
    holes, holes_alike = _pieces(_enclosed(1 - solid), lab, least, all_but=0)
    islands, islands_alike = _pieces(solid, lab, least, all_but=1)
    radius = max(3, round(0.01 * long_side))
    disc = _disc(round(radius / 2))  # twice by half the radius takes half of the time
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, disc, iterations=2)
    core = cv2.erode(closed, disc, borderValue=0, iterations=2) > 0
    half = np.asarray((alpha > 0.08) & (alpha < 0.92), np.uint8)
    wide = cv2.morphologyEx(half, cv2.MORPH_OPEN, _disc(max(2, round(0.005 * long_side))))
    unsure = core & (half > 0)
    return {
        "coverage": float(solid.sum() / size),
        "frame_cut": float(border.mean()),
        "holes": min(1.0, holes / area),
        "holes_alike": min(1.0, holes_alike / area),
        "islands": min(1.0, islands / area),
        "islands_alike": min(1.0, islands_alike / area),
        "core_soft": float(unsure.sum() / max(1, core.sum())),
        "soft_area": min(1.0, float(wide.sum() / area)),
    }


def _disc(radius: int) -> U8:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)


def _enclosed(mask: U8) -> U8:
    """The mask without its pieces that touch the border."""
    ringed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(ringed, None, (0, 0), 0)
    return ringed[1:-1, 1:-1]


def _pieces(mask: U8, lab: F32, least: int, all_but: int) -> tuple[int, int]:
    """Area and look-alike area of the mask's pieces of ``least`` pixels, but for the largest ``all_but``."""
    left, top, width, height = cv2.boundingRect(mask)
    part = slice(max(0, top - PAD), top + height + PAD), slice(max(0, left - PAD), left + width + PAD)
    mask, lab = np.ascontiguousarray(mask[part]), lab[part]
    # most have none to be measured, and counting takes a fifth of the time of measuring
    if not width or cv2.connectedComponents(mask, connectivity=4)[0] <= 1 + all_but:
        return 0, 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA]
    large = [int(i) for i in np.flatnonzero(areas >= least) if i > 0]
    rest = sorted(large, key=lambda i: -areas[i])[all_but:]
    alike = sum(int(areas[i]) for i in rest[:40] if _alike(labels, stats[i], i, lab))
    return int(areas[rest].sum()), alike


def _alike(labels: npt.NDArray[Any], box: npt.NDArray[np.int32], number: int, lab: F32) -> bool:
    """Whether a piece has the colour of the ring around it (median step across its border below 6)."""
    left, top, wide, high = (int(v) for v in box[:4])
    y, x = slice(max(0, top - PAD), top + high + PAD), slice(max(0, left - PAD), left + wide + PAD)
    piece = np.asarray(labels[y, x] == number, np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    ring = (cv2.dilate(piece, kernel, iterations=4) > 0) & (cv2.dilate(piece, kernel, iterations=2) == 0)
    inner = (piece > 0) & (cv2.dilate(1 - piece, kernel, iterations=4) > 0)
    deep = inner & (cv2.erode(piece, kernel) > 0)
    inner = deep if deep.any() else inner
    if not ring.any() or not inner.any():
        return False
    colours = lab[y, x]
    step = np.median(colours[ring], axis=0) - np.median(colours[inner], axis=0)
    return bool(np.linalg.norm(step) < 6)


def alike_alpha(lab: F32, alpha: F32) -> tuple[F32, F32]:
    """Near and further around: the mean alpha of what has a like colour, 0..1, at a long side of at most 300 px.

    A grid over place (1/16 of the long side; 1/4) and colour (7 CIE76 units) holds the mean alpha
    of alike neighbours, as in Chen, Paris, Durand 2007 (bilateral grid).
    """
    scale = min(1.0, 300 / max(alpha.shape))
    size = (max(8, round(alpha.shape[1] * scale)), max(8, round(alpha.shape[0] * scale)))
    a, colour = shrunk(alpha, size), planes(shrunk(lab, size))
    colour += np.array([0, 128, 128], np.float32).reshape(3, 1, 1)
    shades = [np.floor(plane / COLOUR_STEP).astype(np.int64) for plane in colour]
    near, wide = (_alike_alpha(a, shades, max(a.shape) / cells) for cells in (NEAR, WIDE))
    return near, wide


def side_measures(alpha: F32, alike: F32) -> dict[str, float]:
    """Pixels that look like the other side (one of `alike_alpha`): share of the product's area, 0..1 each.

    ``looks_out``: inside the matte, yet alike to what is outside; ``looks_in``: outside, yet alike to what is inside
    (part missing, false hole).
    """
    a = shrunk(alpha, alike.shape[::-1])
    area = max(1.0, float((a >= 0.5).sum()))
    looks_out = np.clip(0.5 - alike, 0, 0.5)[a >= 0.9].sum() * 2 / area
    looks_in = np.clip(alike - 0.5, 0, 0.5)[a <= 0.1].sum() * 2 / area
    return {"looks_out": float(min(1.0, looks_out)), "looks_in": float(min(1.0, looks_in))}


def _alike_alpha(alpha: F32, shades: list[npt.NDArray[np.int64]], place: float) -> F32:
    """The mean alpha of what lies near (``place`` pixels) in a like colour (``shades``: its cell), per pixel, 0..1."""
    height, width = alpha.shape
    rows, columns = (np.floor(np.arange(n) / place).astype(np.int64) for n in (height, width))
    flat, size = np.zeros((height, width), np.int64), 1
    steps: list[int] = []
    for cells in (rows[:, None], columns[None], *shades):
        least = cells.min()
        count = int(cells.max() - least) + 3  # two empty cells behind the last: its neighbours, and the next first's
        flat *= count
        flat += cells - least
        steps = [step * count for step in steps] + [1]
        size *= count
    return _grid_mean(flat, size, steps, alpha)


def _grid_mean(flat: npt.NDArray[np.int64], size: int, steps: list[int], values: F32) -> F32:
    """Mean value of each pixel's cell and its neighbours along every axis (weights 1, 2, 1).

    The grid lies in one row of ``size`` cells, of which neighbours along an axis are one of ``steps`` apart.
    """
    index = flat.ravel()
    grids = [np.bincount(index, weights, size).astype(np.float32) for weights in (values.ravel(), None)]
    for step in steps:
        for grid in grids:
            alone = grid.copy()
            grid *= 2
            grid[step:] += alone[:-step]
            grid[:-step] += alone[step:]
    total, mass = (grid[index] for grid in grids)
    return np.asarray(total / np.maximum(mass, 1e-6), np.float32).reshape(flat.shape)


def leftover_measures(rgb: U8, alpha: F32) -> dict[str, float]:
    """Things that are often left in: shares 0..1 of the product's area.

    ``shadow_like``: smooth pixels in the outer 3 % of the matte that are the neighbouring backdrop made
    darker in its own hue; ``stand_like``: how much narrower the lowest tenth of the product is than its
    middle, when it is a thin upright piece;
    ``neutral_top`` 0..1: share of the top tenth that is bright, neutral and smooth (a mannequin's neck).
    """
    rgb, alpha = _halved(rgb, alpha)
    solid = np.asarray(alpha >= 0.5, np.uint8)
    area = max(1, int(solid.sum()))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    rough = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.5), cv2.CV_16S)) > 3
    ys, xs = np.nonzero(solid)
    inside = rgb[ys, xs].reshape(-1, 1, 3)
    if len(ys) == 0:
        return {"shadow_like": 0.0, "stand_like": 0.0, "neutral_top": 0.0}
    r, g, b = (c.reshape(-1).astype(np.int16) for c in cv2.split(inside))
    plain = np.zeros(solid.shape, np.bool_)
    spread = np.maximum(np.maximum(r, g), b) - np.minimum(np.minimum(r, g), b)
    plain[ys, xs] = (spread < 14) & (grey[ys, xs] > 150) & ~rough[ys, xs]
    return {
        "shadow_like": _shadow_like(rgb, alpha, solid, rough) / area,
        **_ends(solid > 0, plain, np.unique(ys)),
    }


def _halved(rgb: U8, alpha: F32) -> tuple[U8, F32]:
    """At most 600 px: hints need no more."""
    scale = min(1.0, 600 / max(alpha.shape))
    size = (max(8, round(alpha.shape[1] * scale)), max(8, round(alpha.shape[0] * scale)))
    return shrunk(rgb, size), shrunk(alpha, size)


def _shadow_like(rgb: U8, alpha: F32, solid: U8, rough: Mask) -> float:
    """Number of smooth pixels near the rim that are a darker shade of the backdrop's own hue."""
    long_side = max(alpha.shape)
    outside = np.asarray(alpha < 0.05, np.float32)
    light = np.maximum(rgb, 1).astype(np.float32)
    sigma = 0.03 * long_side
    near = _blur(light * cv2.merge([outside] * 3), sigma)
    share = _blur(outside, sigma)
    core = cv2.erode(solid, _disc(max(1, round(0.015 * long_side))), borderValue=0, iterations=2)
    rim = (solid > 0) & (core == 0)
    ys, xs = np.nonzero(rim & ~rough & (share > 1e-3))
    ratio = light[ys, xs] * share[ys, xs, None] / np.maximum(near[ys, xs], 1)
    mean = ratio.mean(1)
    even = (np.abs(ratio - mean[:, None]) < 0.04).all(1) & (mean > 0.35) & (mean < 0.97)
    return float(even.sum())


def _blur(image: F32, sigma: float) -> F32:
    """Gaussian blur at an eighth of the size: for colours that are smooth anyway."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), max(0.8, sigma / 8))
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _ends(solid: Mask, plain: Mask, rows: npt.NDArray[np.int64]) -> dict[str, float]:
    """Stand below and neck above, from the width of the product's rows."""
    if len(rows) < 20:
        return {"stand_like": 0.0, "neutral_top": 0.0}
    widths = solid[rows].sum(1)
    tenth = max(1, len(rows) // 10)
    middle = float(np.median(widths[len(rows) // 3 : -len(rows) // 3]))
    low = float(np.median(widths[-tenth:]))
    top = solid[rows[:tenth]]
    return {
        "stand_like": float(np.clip(1 - low / max(1.0, 0.25 * middle), 0, 1)),
        "neutral_top": float((plain[rows[:tenth]] & top).sum() / max(1, top.sum())),
    }
