"""The shadow layer in three numbers: where it falls, how dark it is, whether it touches the product."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def shadow_measures(shadow: Bytes | None, matte: Bytes) -> dict[str, float]:
    """Direction, density and contact of a shadow layer (255 = darkest) beside the product, H x W both.

    ``shadow_present`` 0 or 1; ``shadow_direction`` 0..360 degrees, 0 = right, 90 = down: from the middle of
    the product's foot to the shadow's centre of mass; ``shadow_reach`` 0..2: that distance by the product's
    diagonal (below about 0.03 the direction means nothing); ``shadow_density`` 0..1: 95th percentile where
    there is shadow; ``shadow_contact`` 0..1: density just below the foot by the shadow's density.
    """
    none = {
        "shadow_present": 0.0,
        "shadow_direction": 0.0,
        "shadow_reach": 0.0,
        "shadow_density": 0.0,
        "shadow_contact": 0.0,
    }
    product = matte >= 128
    if shadow is None or not product.any():
        return none
    beside = np.where(product, 0, shadow).astype(np.float32) / 255
    dark = beside > 0.03
    if dark.sum() < 1e-4 * beside.size:
        return none
    rows, columns = np.nonzero(product.any(1))[0], np.nonzero(product.any(0))[0]
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    foot_rows = slice(max(rows[0], rows[-1] - max(2, round(0.04 * height))), rows[-1] + 1)
    foot_y, foot_x = np.nonzero(product[foot_rows])
    centre = np.array([foot_x.mean(), foot_y.mean() + foot_rows.start])
    ys, xs = np.nonzero(dark)
    mass = beside[ys, xs]
    offset = np.array([np.average(xs, weights=mass), np.average(ys, weights=mass)]) - centre
    density = float(np.percentile(mass, 95))
    ring = cv2.dilate(product.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & ~product
    ring[: foot_rows.start] = False
    touch = float(beside[ring].mean()) if ring.any() else 0.0
    return {
        "shadow_present": 1.0,
        "shadow_direction": float(np.degrees(np.arctan2(offset[1], offset[0])) % 360),
        "shadow_reach": float(np.clip(np.hypot(*offset) / np.hypot(height, width), 0, 2)),
        "shadow_density": density,
        "shadow_contact": float(np.clip(touch / max(density, 0.02), 0, 1)),
    }
