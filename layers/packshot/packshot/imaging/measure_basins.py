"""Does the matte divide the photo where the photo divides itself?

The photo is cut into basins, the catchments of its colour gradient (watershed), whatever the matte says. Two looks:

* *straddling*: a basin has no edge inside, so the matte should take or leave it whole;
* *a second opinion*: what each basin looks like (the product near it, the backdrop's model) is spread from basin to
  basin across weak edges, not across strong ones (a random walker, Grady 2006), and compared with the matte.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from packshot.imaging.light import F32
from packshot.imaging.measure_backdrop import Backdrop

Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

SIDE = 480
WINDOW, RISE = 7, 0.15  # a basin's bottom: the least gradient of 7 x 7 pixels, and what is at most 0.15 above it
WEAK_STEP = 1.5  # CIE76 units a pixel: an edge so strong carries an e-th of an opinion
UNLIKE, LIKE = 0.5, 0.35  # how far a colour that is not, that is a shade of the backdrop moves an opinion
LOST = (0.3, 0.7)  # from which gap between opinion and matte on it counts, and from where in full


@dataclass(frozen=True)
class Basins:
    """``labels`` h x w, 0 on the watersheds; ``area`` in pixels by label, 0 for label 0; neighbours ``one`` and
    ``other`` with the ``bond`` between them: common length, less where the edge is strong."""

    labels: npt.NDArray[np.int32]
    area: Numbers
    one: Indices
    other: Indices
    bond: Numbers

    @cached_property
    def _flat(self) -> Indices:
        return self.labels.ravel().astype(np.int64)  # as bincount takes them

    def sum(self, picture: F32) -> Numbers:
        """The sum of a picture h x w over each basin, 0 over the watersheds."""
        sums = np.bincount(self._flat, weights=picture.ravel(), minlength=len(self.area))
        return np.asarray(sums * (self.area > 0))

    def mean(self, picture: F32) -> Numbers:
        """The mean of a picture h x w in each basin, 0 on the watersheds."""
        return np.asarray(self.sum(picture) / np.maximum(1, self.area))


def basins(lab: F32) -> Basins:
    """The basins of a photo, L*a*b* H x W x 3, at a long side of 480 px."""
    slope = _slope(_small(lab))
    bottoms = slope <= cv2.erode(slope, np.ones((WINDOW, WINDOW), np.uint8)) + RISE
    _, seeds = cv2.connectedComponents(np.asarray(bottoms, np.uint8))
    height = np.asarray(np.clip(8 * slope, 0, 255), np.uint8)
    labels = np.maximum(cv2.watershed(cv2.merge([height] * 3), np.asarray(seeds, np.int32)), 0)
    count = int(labels.max()) + 1
    area = np.bincount(labels.ravel(), minlength=count).astype(np.float64)
    area[0] = 0
    return Basins(np.asarray(labels, np.int32), area, *_bonds(labels, slope, count))


def _slope(lab: F32) -> F32:
    """CIE76 units a pixel."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x, scale=0.125) for x in (1, 0))
    squares = cv2.transform(np.square(across) + np.square(down), np.ones((1, 3), np.float32))
    return np.asarray(cv2.sqrt(squares), np.float32)


def _small(lab: F32) -> F32:
    scale = min(1.0, SIDE / max(lab.shape[:2]))
    size = (max(8, round(lab.shape[1] * scale)), max(8, round(lab.shape[0] * scale)))
    # at once, not by halves, which blur a little more: the watersheds of fine meshes would run elsewhere
    return np.asarray(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), np.float32)


def _bonds(labels: npt.NDArray[np.int32], slope: F32, count: int) -> tuple[Indices, Indices, Numbers]:
    """Neighbouring basins, each pair once, and what holds them together."""
    keys, steps = [], []
    for before, after, between in (
        (labels[:, :-2], labels[:, 2:], slope[:, 1:-1]),
        (labels[:-2], labels[2:], slope[1:-1]),
    ):
        apart = (before > 0) & (after > 0) & (before != after)
        low, high = np.minimum(before, after)[apart], np.maximum(before, after)[apart]
        keys.append(low.astype(np.int64) * count + high)
        steps.append(between[apart])
    pairs, which = np.unique(np.concatenate(keys), return_inverse=True)
    length = np.bincount(which, minlength=len(pairs))
    step = np.bincount(which, weights=np.concatenate(steps), minlength=len(pairs)) / np.maximum(1, length)
    bond = length * np.exp(-step / WEAK_STEP)
    return np.asarray(pairs // count, np.int64), np.asarray(pairs % count, np.int64), np.asarray(bond, np.float64)


def basin_measures(lab: F32, alpha: F32, alike: F32, backdrop: Backdrop | None) -> dict[str, float]:
    """Areas by the product's area, 0..1 each. L*a*b* H x W x 3, alpha H x W, ``alike`` of any size: the mean
    alpha of what looks alike nearby, 0..1.

    ``straddle_in``: solid matte in basins that lie mostly outside it (a leftover, a shadow taken along);
    ``straddle_out``: clear matte in basins that lie mostly inside (a false hole, a part cut off); both but for the
    outermost pixel, which ``straddle_thin`` adds to the latter (gaps of a mesh or chain that are closed or cut open);
    ``opinion_lost``: basins outside the matte that by the second opinion belong to the product.
    """
    lab = _small(lab)
    parts = basins(lab)
    height, width = parts.labels.shape
    small = np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    product = max(1.0, float((small >= 0.5).sum()))
    inside, outside = small > 0.9, small < 0.1
    within, without, thin = (parts.sum(m) for m in (_deep(inside), _deep(outside), np.asarray(outside, np.float32)))
    mostly_out = within <= without
    mostly_in = parts.sum(np.asarray(inside, np.float32)) > thin
    matte = parts.mean(small)
    opinion = _walked(parts, _looks(parts, lab, alike, backdrop))
    lost = np.clip((opinion - matte - LOST[0]) / (LOST[1] - LOST[0]), 0, 1) * (matte < LOST[0])
    return {
        "straddle_in": min(1.0, float(within[mostly_out].sum()) / product),
        "straddle_out": min(1.0, float(without[~mostly_out].sum()) / product),
        "straddle_thin": min(1.0, float(thin[mostly_in].sum()) / product),
        "opinion_lost": min(1.0, float((lost * parts.area).sum()) / product),
    }


def _deep(side: npt.NDArray[np.bool_]) -> F32:
    """1 where a pixel and all around it lie on a side: along the outline a basin may well be cut by a pixel."""
    return cv2.erode(np.asarray(side, np.float32), np.ones((3, 3), np.uint8))


def _looks(parts: Basins, lab: F32, alike: F32, backdrop: Backdrop | None) -> Numbers:
    """What each basin by itself looks like, 0 backdrop .. 1 product."""
    height, width = parts.labels.shape
    looks = parts.mean(np.asarray(cv2.resize(alike, (width, height), interpolation=cv2.INTER_LINEAR), np.float32))
    if backdrop is None:
        return looks
    shade = parts.mean(backdrop.distances_in(lab))
    bound = max(5.0, 2.5 * backdrop.noise)
    unlike, like = np.clip((shade - bound) / (1.5 * bound), 0, 1), np.clip(1 - shade / bound, 0, 1)
    return np.asarray(np.clip(looks + backdrop.trust * (UNLIKE * unlike - LIKE * like), 0, 1))


def _walked(parts: Basins, looks: Numbers) -> Numbers:
    """Opinions after they were spread: those that differ least over strong bonds and from the looks together."""
    count = len(parts.area)
    ends = (np.concatenate([parts.one, parts.other]), np.concatenate([parts.other, parts.one]))
    bonds = coo_matrix((np.concatenate([parts.bond, parts.bond]), ends), shape=(count, count)).tocsr()
    own = np.sqrt(np.maximum(1, parts.area))
    held = np.asarray(bonds.sum(axis=1)).ravel() + own
    return np.asarray(spsolve((diags(held) - bonds).tocsc(), own * looks))
