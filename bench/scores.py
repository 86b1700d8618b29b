"""How far a predicted matte is from the truth: eight figures a photo, and when it counts as usable.

Alpha is in 0..1. `edge` and `grad` look only at the edge band: pixels within 0.5 % of the long side of the truth's
outline, and every half-transparent pixel. `grad` is the Grad error of alphamatting.com (Rhemann et al., CVPR 2009) per
pixel, with sigma 1.4.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

F32 = npt.NDArray[np.float32]

BAND_SHARE = 0.005
SIGMA = 1.4
USABLE_IOU, USABLE_EDGE, USABLE_HOLES, USABLE_SPILL = 0.97, 0.12, 0.01, 0.01


@dataclass(frozen=True)
class Score:
    """mae over the whole photo; edge, grad in the edge band; iou at alpha 0.5; holes: share of opaque truth below
    0.5; spill: share of clear truth above 0.5."""

    mae: float
    edge: float
    iou: float
    grad: float
    holes: float
    spill: float

    @property
    def ok(self) -> bool:
        """Usable as it is: all four limits kept."""
        return bool(
            self.iou >= USABLE_IOU
            and self.edge <= USABLE_EDGE
            and self.holes <= USABLE_HOLES
            and self.spill <= USABLE_SPILL
        )

    def row(self) -> dict[str, float]:
        """All figures by name, `ok` as 0 or 1."""
        return asdict(self) | {"ok": float(self.ok)}


WORST = Score(mae=1.0, edge=1.0, iou=0.0, grad=1.0, holes=1.0, spill=1.0)
FIGURES = (*(f.name for f in fields(Score)), "ok")


def score(predicted: F32, true: F32) -> Score:
    """Score one matte, float32 HxW 0..1, against the truth; a matte of another size gets the worst score."""
    if predicted.shape != true.shape:
        return WORST
    hard, found = true >= 0.5, predicted >= 0.5
    band = edge_band(true)
    difference = np.abs(predicted - true)
    union = int((hard | found).sum())
    slope = np.abs(_steepness(predicted) - _steepness(true))
    return Score(
        mae=float(difference.mean()),
        edge=_mean(difference, band),
        iou=float((hard & found).sum()) / union if union else 1.0,
        grad=_mean(slope, band),
        holes=_mean((~found).astype(np.float32), true > 0.95),
        spill=_mean(found.astype(np.float32), true < 0.05),
    )


def edge_band(true: F32) -> npt.NDArray[np.bool_]:
    """Where the edge figures look: near the outline of the truth, and wherever the truth is half-transparent."""
    hard = true >= 0.5
    outline = hard ^ ndimage.binary_erosion(hard)
    reach = max(2, round(BAND_SHARE * max(true.shape)))
    away = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    band = (away <= reach) & outline.any()
    return np.asarray(band | ((true > 0.02) & (true < 0.98)))


def means(rows: list[Score]) -> dict[str, float]:
    """The mean of every figure; raises ValueError for no rows."""
    if not rows:
        raise ValueError("nothing to average")
    return {name: float(np.mean([row.row()[name] for row in rows])) for name in FIGURES}


def _mean(values: F32, where: npt.NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def _steepness(alpha: F32) -> F32:
    return np.asarray(ndimage.gaussian_gradient_magnitude(alpha, SIGMA), np.float32)
