"""Is the backdrop an even sweep, and where on it does the product stand? Answered without any network.

A studio sweep is one smooth surface: a low polynomial fits it, and robust weights leave product and shadow out of the
fit. On such a backdrop only the product has edges (shadows are soft), which gives the crop that the network is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear
from packshot.imaging.reduced import shrunk

LONG_SIDE, THIN = 320, 2
"""The small size, and of which pixels of it each way every so many'th is fitted to: a surface has 15 terms."""
ORDER = 4
TURNS = 6
RING_SHARE = 0.03
EVEN_BELOW = 0.035
"""A sweep is even where the frame's typical misfit (root-light units) is below this; clutter starts at 0.05."""
SIGMA_FLOOR = 0.004
EDGE_FLOOR, EDGE_NOISE = 0.008, 2.5
SMALLEST_SHARE = 0.02
SMALLEST_PX = 12

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sweep:
    """The fitted backdrop at the small size: colour h x w x 3 in root light (square root of linear), its typical
    misfit along the frame, and the photo itself in root light."""

    colour: F32
    sigma: float
    photo: F32

    @property
    def even(self) -> bool:
        """Whether the backdrop is smooth enough for its colour to be evidence."""
        return self.sigma < EVEN_BELOW


def fit(rgb: U8) -> Sweep:
    """Fit a polynomial sweep to a uint8 HxWx3 sRGB photo by iterated Tukey weights, starting from the frame."""
    scale = LONG_SIDE / max(rgb.shape[:2])
    size = (max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))
    root = np.sqrt(linear(shrunk(rgb, size)))
    height, width = root.shape[:2]
    surface, thin = _terms(height, width), np.s_[::THIN, ::THIN]
    ring = _ring(height, width)[thin].reshape(-1)
    terms, values = surface[thin].reshape(-1, surface.shape[2]), root[thin].reshape(-1, 3)
    weight = ring.astype(np.float32)
    for turn in range(TURNS):
        weighted = terms * weight[:, None]
        normal = terms.T @ weighted + 1e-3 * np.eye(terms.shape[1], dtype=np.float32)
        coefficients = np.linalg.solve(normal, weighted.T @ values)
        off = values - terms @ coefficients
        misfit = np.sqrt(np.einsum("nc,nc->n", off, off))
        sigma = max(1.48 * float(np.median(misfit[ring])), SIGMA_FLOOR)
        inlier = np.square(np.clip(1 - np.square(misfit / (4 * sigma)), 0, None))
        weight = np.where(ring, inlier, np.float32(0.15 * turn) * inlier)
    return Sweep(np.asarray(surface @ coefficients, np.float32), sigma, root)


def product_box(sweep: Sweep, height: int, width: int, margin: float) -> Box | None:
    """(top, bottom, left, right) in photo pixels around all that has edges on the sweep, or None.

    `margin` is added on every side, as a share of the box's longer side.
    """
    difference = cv2.GaussianBlur(sweep.photo - sweep.colour, (0, 0), 0.7)
    across, down = (cv2.Sobel(difference, -1, x, 1 - x, scale=0.125) for x in (1, 0))
    steep = np.sqrt((np.square(across) + np.square(down)).sum(axis=2))
    noise = float(np.percentile(steep[_ring(*steep.shape)], 90))
    seen = (steep > max(EDGE_NOISE * noise, EDGE_FLOOR)).astype(np.uint8)
    seen = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(seen)
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = stats[1:][areas > max(SMALLEST_PX, SMALLEST_SHARE * areas.max())]
    if not len(kept):
        return None
    left, top = kept[:, 0].min(), kept[:, 1].min()
    right, bottom = (kept[:, 0] + kept[:, 2]).max(), (kept[:, 1] + kept[:, 3]).max()
    return grown((top, bottom, left, right), margin, steep.shape, (height, width))


def grown(box: tuple[float, float, float, float], margin: float, inside: tuple[int, ...], of: tuple[int, int]) -> Box:
    """A box of a small picture (shape `inside`) with a margin, carried to the photo's height and width `of`."""
    sy, sx = of[0] / inside[0], of[1] / inside[1]
    top, bottom, left, right = box[0] * sy, box[1] * sy, box[2] * sx, box[3] * sx
    more = margin * max(bottom - top, right - left)
    return (
        max(0, int(top - more)),
        min(of[0], int(np.ceil(bottom + more))),
        max(0, int(left - more)),
        min(of[1], int(np.ceil(right + more))),
    )


@lru_cache(maxsize=8)
def _terms(height: int, width: int) -> F32:
    """The polynomial's terms at every pixel, height x width x 15."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=-1)


def _ring(height: int, width: int) -> F32:
    ring = np.ones((height, width), bool)
    wide = max(2, round(RING_SHARE * max(height, width)))
    ring[wide:-wide, wide:-wide] = False
    return ring
