"""Which parts belong to the product: holes that are none, and things in the photo that are not the product."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging import backdrop
from packshot.imaging.light import F32, U8

Bool = npt.NDArray[np.bool_]
SOLID = 0.5
SMALLEST_HOLE = 12
"""Holes smaller than this many network pixels across are left to the refiner."""
GLASS_DOUBT = 0.028
"""Mean matte in a hole of a transparent product above which the network half saw glass: open air stays below."""
FOREIGN_SHARE = 0.7
AIR = 0.08
"""Mean matte in a hole below which the network is sure that it is open air."""
SURE = 0.8
MIRROR_FLOOR, MIRROR_SIGMAS, MIRROR_CORE = 0.02, 8.0, 4
MIRROR_AGREEMENT, EMPTY = 0.85, 0.01
PART_SHARE = 0.01
BLURRED_BELOW, BLURRED_RATIO = 2.2, 0.75
"""A part is out of focus when its outline's sharpness is under both: 2.2, and 0.75 of the sharpest part's."""
FINE_SIGMA, BROAD_SIGMA = 1.0, 4.0


def close_false_holes(matte: F32, light: F32 | None, network_px: float, transparent: bool) -> tuple[F32, int]:
    """Close enclosed holes that are product, and say how many there were.

    matte float32 h x w; light h x w x 3 linear, None where the backdrop is not even; network_px the side of a network
    pixel. A hole is false where most of its core is certainly not the backdrop, or, in a transparent product, where
    the network doubted.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((matte < SOLID).astype(np.uint8), connectivity=4)
    height, width = matte.shape
    smallest = (1 if transparent else SMALLEST_HOLE * network_px) ** 2
    left, top, wide, high, area = stats.T
    inner = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height) & (area >= smallest)
    holes = [label for label in np.flatnonzero(inner) if label > 0]
    if not holes:
        return matte, 0
    foreign = None if light is None else backdrop.foreign(light, matte)
    closed, out = 0, matte.copy()
    for label in holes:
        window = (slice(top[label], top[label] + high[label]), slice(left[label], left[label] + wide[label]))
        hole = np.asarray(labels[window] == label)
        if _is_product(hole, matte[window], None if foreign is None else foreign[window], transparent):
            rim = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            out[window][rim] = 1.0
            closed += 1
    return out, closed


def regain_mirror(matte: F32, other: F32, light: F32, network_px: float) -> tuple[F32, float]:
    """Polished metal that one network lost in the backdrop that it mirrors, and its share of the picture.

    A part that the other network is sure of is regained on two half proofs: the first network left a trace of doubt
    there (an opening, as inside a handle or a chain, it leaves empty), and either both agree on the product as a whole
    or the colour is hardly the backdrop's. Parts narrower than the coarser network can draw count only as enclosed
    holes, and only where both agree. All float32 h x w, light h x w x 3 linear.
    """
    agree = agreement(matte, other) >= MIRROR_AGREEMENT
    lost = matte < SOLID
    found = ((other > SURE) & lost).astype(np.uint8)
    disc = backdrop.disc(MIRROR_CORE * network_px)
    wide = np.asarray(cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_CLOSE, disc), cv2.MORPH_OPEN, disc), np.uint8)
    found = np.maximum(wide, found & _enclosed(matte, SMALLEST_HOLE * network_px)) if agree else wide
    count, labels = cv2.connectedComponents(found)
    if count < 2:
        return matte, 0.0
    off = np.ones_like(matte)
    if not agree:
        off = backdrop.foreign(light, np.maximum(matte, other), MIRROR_FLOOR, MIRROR_SIGMAS)
    core = (cv2.erode(found, np.ones((3, 3), np.uint8)) > 0) & lost  # parts are joined across what was never lost
    parts = [(i, (labels == i) & core) for i in range(1, count)]
    metal = [i for i, part in parts if part.any() and matte[part].mean() > EMPTY and np.median(off[part]) > 0.5]
    regained = np.isin(labels, metal)
    return np.where(regained, 1, matte).astype(np.float32), float(regained.mean())


def _enclosed(matte: F32, across: float) -> U8:
    """1 in the holes of a matte that are as large as a square of side `across`, in pixels, whatever their shape."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((matte < SOLID).astype(np.uint8), connectivity=4)
    height, width = matte.shape
    left, top, wide, high, area = stats.T
    inner = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height) & (area >= across**2)
    inner[0] = False
    return np.asarray(inner[labels], np.uint8)


def agreement(one: F32, other: F32) -> float:
    """Overlap of two mattes of one size as a share of their union; 1 where both are empty."""
    union = float(((one >= SOLID) | (other >= SOLID)).sum())
    return float(((one >= SOLID) & (other >= SOLID)).sum()) / union if union else 1.0


def _is_product(hole: U8, matte: F32, foreign: F32 | None, transparent: bool) -> bool:
    if foreign is not None:
        enough = 1.0 if float(matte[hole].mean()) < AIR else 0.5  # two half proofs make one
        core = cv2.erode(np.pad(hole, 1).astype(np.uint8), np.ones((5, 5), np.uint8))[1:-1, 1:-1] > 0
        if core.any() and float((foreign[core] > enough).mean()) > FOREIGN_SHARE:
            return True
    return transparent and float(matte[hole].mean()) > GLASS_DOUBT


def drop_blurred_parts(matte: F32, grey: F32) -> tuple[F32, int]:
    """Remove parts of the matte that are out of focus beside a sharp one, and say how many were removed.

    matte h x w, grey h x w (root light) of the same size. A product is photographed in focus; a separate thing whose
    outline is much softer stands before or behind it. A single part always stays.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte >= SOLID).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    parts = [i for i in range(1, count) if areas[i] >= PART_SHARE * areas[1:].max()]
    if len(parts) < 2:
        return matte, 0
    sharpness = _edge_sharpness(grey)
    outline = cv2.morphologyEx((matte >= SOLID).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
    focus = {
        i: _focus(sharpness, outline & (cv2.dilate((labels == i).astype(np.uint8), np.ones((3, 3))) > 0)) for i in parts
    }
    best = max(focus.values())
    blurred = [i for i in parts if focus[i] < min(BLURRED_BELOW, BLURRED_RATIO * best)]
    if not blurred:
        return matte, 0
    kept = [part for part in parts if part not in blurred]
    return _without(matte, np.isin(labels, blurred), np.isin(labels, kept)), len(blurred)


def _without(matte: F32, gone: Bool, stay: Bool) -> F32:
    """The matte with some parts and their soft surroundings empty; the surroundings of parts that stay are kept."""
    reach = 2 * round(0.01 * max(matte.shape)) + 1
    near_gone = cv2.dilate(gone.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    near_kept = cv2.dilate(stay.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.where(near_gone & ~near_kept, 0, matte).astype(np.float32)


def _edge_sharpness(grey: F32) -> tuple[F32, F32]:
    """Gradient magnitudes at a fine and a broad scale: a sharp edge is much steeper at the fine one."""

    def steep(sigma: float) -> F32:
        smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
        return cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))

    return steep(FINE_SIGMA), steep(BROAD_SIGMA)


def _focus(sharpness: tuple[F32, F32], outline: U8) -> float:
    """Upper-quartile ratio of fine to broad steepness along an outline, where there is an edge at all."""
    fine, broad = sharpness[0][outline], sharpness[1][outline]
    edge = broad > np.percentile(broad, 50) if broad.size else broad > 0
    return float(np.percentile(fine[edge] / (broad[edge] + 1e-6), 75)) if edge.any() else 0.0
