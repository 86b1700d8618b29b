"""Alpha estimated anew in the edge band and compared with the matte.

alpha* = (c - B).(F - B) / |F - B|^2, from the local product and backdrop colours F and B."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8
from packshot.imaging.measure_edge import lab_of


def residual_measures(lab: F32, alpha: F32, master: U8) -> dict[str, float]:
    """Alpha estimated anew in the edge band, against the matte (working size: L*a*b* H x W x 3, H x W, and the
    cut-out's colours uint8 H x W x 3).

    ``alpha_residual`` 0..1: mean |alpha - alpha*| in the band, where product and backdrop differ in colour;
    ``alpha_bias`` -1..1: its signed mean, > 0 = the matte takes in backdrop; ``fringe`` 0..1: how far the
    cut-out's edge colour leans from the product's own colour towards the backdrop's;
    ``band_contrast`` 0..1: share of the band where the estimate can be made.
    """
    nothing = {"alpha_residual": 0.0, "alpha_bias": 0.0, "fringe": 0.0, "band_contrast": 0.0}
    long_side = max(alpha.shape)
    radius = max(2, round(0.005 * long_side))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = (alpha >= 0.5).astype(np.uint8)
    inside = cv2.erode(solid, kernel)
    outside = 1 - cv2.dilate(np.asarray(alpha > 0.05, np.uint8), kernel)
    band = ((inside == 0) & (cv2.dilate(solid, kernel) > 0)) | ((alpha > 0.02) & (alpha < 0.98))
    product, has_product = _spread(lab, inside.astype(np.float32), 0.012 * long_side)
    backdrop, has_backdrop = _spread(lab, outside.astype(np.float32), 0.012 * long_side)
    ys, xs = np.nonzero(band & has_product & has_backdrop)
    if len(ys) < 32:
        return nothing
    f, b, c, a = product[ys, xs], backdrop[ys, xs], lab[ys, xs], alpha[ys, xs]
    axis = f - b
    length = (axis**2).sum(1)
    clear = length > 64
    if clear.sum() < 32:
        return {**nothing, "band_contrast": float(clear.mean())}
    estimate = np.clip(((c - b) * axis).sum(1)[clear] / length[clear], 0, 1)
    error = a[clear] - estimate
    weight = np.minimum(length[clear], 900.0)
    lean = np.clip(((f - lab_of(master[ys, xs])) * axis).sum(1)[clear] / length[clear], 0, 1)
    edge = (a[clear] > 0.1) & (a[clear] < 0.95)
    return {
        "alpha_residual": float(np.average(np.abs(error), weights=weight)),
        "alpha_bias": float(np.average(error, weights=weight)),
        "fringe": float(np.average(lean[edge], weights=weight[edge])) if edge.sum() >= 32 else 0.0,
        "band_contrast": float(clear.mean()),
    }


def _spread(lab: F32, mask: F32, sigma: float) -> tuple[F32, npt.NDArray[np.bool_]]:
    """The mean colour of a mask of 0 and 1 around every pixel, and where there is enough of it to say so.

    Worked at a third of the size: the colours are smooth by construction.
    """
    height, width = mask.shape
    small = (max(1, width // 3), max(1, height // 3))
    weight = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
    kept = cv2.copyTo(lab, np.asarray(mask, np.uint8))
    colour = cv2.resize(kept, small, interpolation=cv2.INTER_AREA)
    total = cv2.GaussianBlur(weight, (0, 0), sigma / 3)
    mean = cv2.GaussianBlur(colour, (0, 0), sigma / 3) / np.maximum(total, 1e-6)[..., None]
    full = cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR)
    enough = cv2.resize(total, (width, height), interpolation=cv2.INTER_LINEAR) > 0.01
    return np.asarray(full, np.float32), np.asarray(enough, np.bool_)
