"""The backdrop and the product as two colour fields, estimated from the pixels that are surely one or the other.

A studio backdrop, its gradients and the product's shadow on it vary smoothly, so what lies behind the product's edge
can be filled in from around it. How far the sure backdrop departs from its own smooth course says how much to
trust that: little on paper, much on clutter and where a contact shadow falls off steeply.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32
from packshot.imaging.reduced import reduced_size, shrunk

Bool = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

OUTSIDE_REACH, OUTSIDE_BELOW = 4, 0.1
"""Surely backdrop: the matte is below 0.1 everywhere within 4 network pixels."""
INSIDE_REACH, INSIDE_ABOVE = 3, 0.9
"""Surely product: the matte is above 0.9 everywhere within 3 network pixels."""
CORE_REACH = 12
"""Also surely product: more likely than not, and no doubt of the outside within 12 network pixels."""
COURSE_SHARE = 1 / 150
"""Gaussian sigma of the backdrop's smooth course, share of the long side."""
FAINT = 1e-3
BORDER = 2
"""Pixels around a window of a half-size field that its enlargement reads."""
FOREIGN_SIDE, FILL_SIDE = 640, 320
NOTCH_SHARE = 0.04
FOREIGN_FLOOR, FOREIGN_SIGMAS = 0.1, 8.0
WANDER, NOISE = 25.0, 2e-4
"""Colour is half trusted where product and backdrop are five spreads apart, or 0.014 of full light."""


@dataclass(frozen=True)
class View:
    """What is known of every pixel of a photo, or of a window of it, float32 h x w each.

    backdrop, product: h x w x 3 linear light, defined everywhere; spread: departure of the backdrop from its smooth
    course (linear light, root of the summed channel variances); outside, inside: 1 where a pixel is surely backdrop,
    surely product, else 0.
    """

    backdrop: F32
    product: F32
    spread: F32
    outside: F32
    inside: F32


@dataclass(frozen=True)
class Fields:
    """Colour fields of a photo h x w. They are smooth, and kept at half its size; what is sure is known by the pixel.

    backdrop, product, spread: float32, as in `View`, (h + 1) // 2 x (w + 1) // 2; outside, inside: bool h x w.
    """

    backdrop: F32
    product: F32
    spread: F32
    outside: Bool
    inside: Bool

    @property
    def unsettled(self) -> Bool:
        """h x w, where a pixel is surely neither."""
        return ~(self.inside | self.outside)

    def window(self, rows: slice, columns: slice) -> View:
        """What is known of a window of the photo, whose slices must have both ends, inside the photo or beyond it."""
        outside = self.outside[rows, columns]
        backdrop, product, spread = (
            _enlarged(field, rows, columns, outside.shape) for field in (self.backdrop, self.product, self.spread)
        )
        inside = self.inside[rows, columns].astype(np.float32)
        return View(backdrop, product, spread, outside.astype(np.float32), inside)

    def whole(self) -> View:
        """What is known of the whole photo."""
        return self.window(slice(0, self.outside.shape[0]), slice(0, self.outside.shape[1]))

    def at(self, rows: Indices, columns: Indices) -> View:
        """What is known of n pixels, given by their rows and columns: the nearest of the fields, n and n x 3."""
        near = (rows // 2, columns // 2)
        sure = (side[rows, columns].astype(np.float32) for side in (self.outside, self.inside))
        return View(self.backdrop[near], self.product[near], self.spread[near], *sure)


def estimate(light: F32, matte: F32, network_px: float, depth: float = 1.0) -> Fields:
    """Fields from a linear-light photo h x w x 3 and a coarse matte h x w.

    The fields are filled one level down: for gaps, whose filling is smooth, the full size tells no more.
    `network_px` is the side of a network pixel in pixels of the matte; `depth` widens the doubt into the product, for
    fur and yarn, through which the backdrop shows.
    """
    possible, certain = ((matte >= OUTSIDE_BELOW).astype(np.uint8), (matte > INSIDE_ABOVE).astype(np.uint8))
    outside = cv2.dilate(possible, disc(OUTSIDE_REACH * network_px)) == 0
    inside = cv2.erode(certain, disc(INSIDE_REACH * depth * network_px)) > 0
    solid = cv2.distanceTransform((matte >= 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    inside |= solid > CORE_REACH * network_px
    off = np.maximum(outside, FAINT * _frame(matte), dtype=np.float32)
    mass = cv2.pyrDown(off)
    total, share = cv2.pyrDown(cv2.multiply(light, cv2.merge([off] * 3))), cv2.merge([mass] * 3)
    backdrop = _pulled(total, share)
    on = cv2.merge([np.maximum(inside, FAINT * (matte > 0.8), dtype=np.float32)] * 3)
    product = _pulled(cv2.pyrDown(cv2.multiply(light, on)), cv2.pyrDown(on))
    course = cv2.GaussianBlur(backdrop, (0, 0), COURSE_SHARE * max(matte.shape) / 2)
    squared = cv2.pyrDown(cv2.multiply(_squared(light), off))
    departure = squared + np.einsum("...c,...c->...", course, course * share - 2 * total)
    spread = _pulled(np.maximum(departure, 0), mass)
    return Fields(backdrop, product, np.sqrt(spread), outside, inside)


def foreign(light: F32, matte: F32, floor: float = FOREIGN_FLOOR, sigmas: float = FOREIGN_SIGMAS) -> F32:
    """How surely pixels of the product's silhouette are not the backdrop around it, lit or shaded; above 1 is sure.

    light h x w x 3 linear, matte h x w, floor in root light. The backdrop is filled in from outside; a shadow scales
    its channels by one factor below 1, so the distance is taken to that ray of colours. Looked at in a small size.
    """
    height, width = matte.shape
    small, size = shrunk(light, reduced_size(light.shape, FOREIGN_SIDE)), (width, height)
    tiny = shrunk(small, reduced_size(small.shape, FILL_SIDE))
    inside = _silhouette(cv2.resize(matte, tiny.shape[1::-1], interpolation=cv2.INTER_AREA))
    weight = (cv2.dilate(inside, disc(2)) < 0.01).astype(np.float32)
    weight = np.maximum(weight, FAINT * _frame(weight))
    lit = fill(tiny, weight)
    wander = np.abs(np.sqrt(tiny) - np.sqrt(cv2.GaussianBlur(lit, (0, 0), 3))).max(axis=2)[weight > 0.5]
    sigma = float(np.median(wander)) if wander.size else 1.0
    behind = np.sqrt(cv2.resize(lit, small.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    root = np.sqrt(small)
    share = np.einsum("...c,...c->...", root, behind) / (np.einsum("...c,...c->...", behind, behind) + 1e-6)
    off = root - np.clip(share, 0, 1)[..., None] * behind
    distance = np.sqrt(np.einsum("...c,...c->...", off, off)) / max(floor, sigmas * sigma)
    return np.asarray(cv2.resize(distance, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _silhouette(matte: F32) -> F32:
    """What the matte covers with its holes and notches filled, 1 or 0; notches up to 4 % of the long side."""
    solid = (matte >= 0.5).astype(np.uint8)
    reach = 2 * round(NOTCH_SHARE * max(matte.shape) / 2) + 1
    padded = cv2.copyMakeBorder(solid, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(reach // 2))
    flooded = closed.copy()
    cv2.floodFill(flooded, None, (0, 0), 2)
    filled: F32 = (flooded != 2)[reach:-reach, reach:-reach].astype(np.float32)
    return filled


@dataclass(frozen=True)
class Judge:
    """Alpha by colour alone, of pixels of which it is known what lies behind and before them.

    behind: linear light ... x 3; way: from the backdrop to the product, ... x 3; apart: its squared length; trust:
    how far colour is to be trusted, 0..1. It is worth little where the two are hardly apart, or not farther than the
    backdrop itself wanders.
    """

    behind: F32
    way: F32
    apart: F32
    trust: F32

    @classmethod
    def of(cls, known: View) -> Judge:
        """A judge of the pixels that a view is of."""
        way = known.product - known.backdrop
        apart = np.einsum("...c,...c->...", way, way)
        return cls(known.backdrop, way, apart, apart / (apart + WANDER * np.square(known.spread) + NOISE))

    def alpha(self, light: F32) -> F32:
        """The pixels' places on the way from backdrop to product, 0..1; light ... x 3 linear."""
        along = np.einsum("...c,...c->...", light - self.behind, self.way)
        return np.asarray(np.clip(along / (self.apart + 1e-6), 0, 1), np.float32)


def fill(values: F32, weight: F32) -> F32:
    """Values h x w x 3 kept where weight h x w is 1 and filled smoothly from around where it is less.

    Pull-push (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4): weighted averages down a pyramid, then
    every gap takes what the coarser level knows. All zeros where the weight is zero everywhere.
    """
    share = cv2.merge([weight] * 3)
    return _pulled(cv2.multiply(values, share), share)


def _pulled(total: F32, mass: F32) -> F32:
    """Pull-push from sums of values times weights, and those weights: of one shape, which numpy is quickest with."""
    sums, weights = [total], [mass]
    while min(weights[-1].shape[:2]) >= 4:
        sums.append(cv2.pyrDown(sums[-1]))
        weights.append(cv2.pyrDown(weights[-1]))
    filled: F32 = sums[-1] / np.maximum(weights[-1], np.float32(1e-6))
    for total, mass in zip(sums[-2::-1], weights[-2::-1], strict=True):
        coarse = np.asarray(cv2.pyrUp(filled, dstsize=mass.shape[1::-1]), np.float32)
        known: F32 = total / np.maximum(mass, np.float32(1e-6))
        known -= coarse
        known *= np.minimum(mass, np.float32(1))
        filled = coarse + known
    return filled


def _squared(light: F32) -> F32:
    """The sum of the squares of three channels, h x w."""
    return np.asarray(cv2.transform(cv2.multiply(light, light), np.ones((1, 3), np.float32)), np.float32)


def _enlarged(field: F32, rows: slice, columns: slice, shape: tuple[int, ...]) -> F32:
    """The window of a half-size field, one step up the pyramid."""
    top, left = (max(0, at.start // 2 - BORDER) for at in (rows, columns))
    part = field[top : rows.stop // 2 + 1 + BORDER, left : columns.stop // 2 + 1 + BORDER]
    row, column = rows.start - 2 * top, columns.start - 2 * left
    up: F32 = cv2.pyrUp(part)[row : row + shape[0], column : column + shape[1]]
    return up


def disc(radius: float) -> F32:
    """A flat disc for cv2's morphology; radius in pixels, at least 1."""
    r = max(1, round(radius))
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * r + 1, 2 * r + 1))


def _frame(like: F32) -> F32:
    """1 on the outermost pixels: the last resort where nothing is surely backdrop."""
    frame = np.ones_like(like)
    frame[1:-1, 1:-1] = 0
    return frame
