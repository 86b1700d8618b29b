"""Alpha estimated anew in the edge band and compared with the matte.

alpha* = (c - B).(F - B) / |F - B|^2, from the local product and backdrop colours F and B."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8
from packshot.imaging.measure_edge import lab_of
from packshot.imaging.reduced import sampled


def residual_measures(lab: F32, alpha: F32, master: U8, long_side: int) -> dict[str, float]:
    """Alpha estimated anew in the edge band, against the matte.

    What lies around the product, of a photo whose long side is ``long_side`` at working size: L*a*b* H x W x 3, alpha
    H x W, and the cut-out's colours uint8 H x W x 3.

    ``alpha_residual`` 0..1: mean |alpha - alpha*| in the band, where product and backdrop differ in colour;
    ``fringe`` 0..1: how far the cut-out's edge colour leans from the product's own colour towards the backdrop's.
    """
    nothing = {"alpha_residual": 0.0, "fringe": 0.0}
    radius = max(2, round(0.005 * long_side))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = (alpha >= 0.5).astype(np.uint8)
    inside = cv2.erode(solid, kernel)
    outside = 1 - cv2.dilate(np.asarray(alpha > 0.05, np.uint8), kernel)
    band = ((inside == 0) & (cv2.dilate(solid, kernel) > 0)) | ((alpha > 0.02) & (alpha < 0.98))
    ys, xs = np.nonzero(band)
    if len(ys) < 32:
        return nothing
    product, backdrop = (sampled(_spread(lab, m, 0.012 * long_side), ys, xs, alpha.shape) for m in (inside, outside))
    known = (product[:, 3] > 0.01) & (backdrop[:, 3] > 0.01)
    if known.sum() < 32:
        return nothing
    ys, xs, f, b = ys[known], xs[known], product[known, :3], backdrop[known, :3]
    c, a = lab[ys, xs], alpha[ys, xs]
    axis = f - b
    length = _dot(axis, axis)
    clear = length > 64
    if clear.sum() < 32:
        return nothing
    estimate = np.clip(_dot(c - b, axis)[clear] / length[clear], 0, 1)
    error = np.abs(a[clear] - estimate)
    weight = np.minimum(length[clear], 900.0)
    lean = np.clip(_dot(f - lab_of(master[ys, xs]), axis)[clear] / length[clear], 0, 1)
    edge = (a[clear] > 0.1) & (a[clear] < 0.95)
    return {
        "alpha_residual": float(np.average(error, weights=weight)),
        "fringe": float(np.average(lean[edge], weights=weight[edge])) if edge.sum() >= 32 else 0.0,
    }


def _dot(one: F32, other: F32) -> F32:
    """Scalar products of N x 3 by N x 3."""
    return np.asarray(np.einsum("nc,nc->n", one, other), np.float32)


def _spread(lab: F32, mask: U8, sigma: float) -> F32:
    """The mean colour of a mask of 0 and 1 around every pixel, and how much of it there is, h x w x 4.

    At a third of the size: the colours are smooth by construction.
    """
    height, width = mask.shape
    small = (max(1, width // 3), max(1, height // 3))
    weight = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(cv2.copyTo(lab, mask), small, interpolation=cv2.INTER_AREA)
    total = cv2.GaussianBlur(weight, (0, 0), sigma / 3)
    sums = cv2.split(cv2.GaussianBlur(colour, (0, 0), sigma / 3))
    return np.asarray(cv2.merge([*(plane / np.maximum(total, 1e-6) for plane in sums), total]), np.float32)
