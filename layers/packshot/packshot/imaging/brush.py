"""A reviewer's brush on a matte: strokes that add to the product or take away from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import cv2
import numpy as np

from packshot.imaging.light import U8

_SUBPIXEL = 4  # bits of fraction that cv2 draws with


class BrushStroke(Protocol):
    """One stroke: where it went, how wide and how soft it is."""

    @property
    def mode(self) -> str:
        """add or remove."""

    @property
    def size(self) -> float:
        """Diameter, share of the matte's longest side."""

    @property
    def softness(self) -> float:
        """0 a hard edge, 1 soft to the centre."""

    @property
    def points(self) -> Sequence[tuple[float, float]]:
        """x as a share of the width, y of the height."""


def paint(matte: U8, strokes: Iterable[BrushStroke]) -> U8:
    """The matte (uint8 HxW) with the strokes laid on in their order; the given one stays as it is."""
    out = matte.copy()
    for stroke in strokes:
        ink, (top, bottom, left, right) = _ink(out.shape, stroke)
        part = out[top:bottom, left:right]
        part[:] = np.maximum(part, ink) if stroke.mode == "add" else np.minimum(part, 255 - ink)
    return out


def _ink(shape: tuple[int, ...], stroke: BrushStroke) -> tuple[U8, tuple[int, int, int, int]]:
    """The stroke's coverage (uint8) inside its box (top, bottom, left, right), cut at the matte's frame.

    A soft stroke is drawn narrower and blurred, so that it is half covered where a hard one would end.
    """
    height, width = shape[:2]
    diameter = max(1.0, stroke.size * max(height, width))
    sigma = stroke.softness * diameter / 5
    points = np.asarray(stroke.points, np.float64) * (width, height)
    reach = diameter / 2 + 3 * sigma + 2
    left, top = (max(0, int(low - reach)) for low in points.min(0))
    right, bottom = (
        max(start, min(end, int(high + reach) + 1))
        for high, start, end in zip(points.max(0), (left, top), (width, height), strict=True)
    )
    ink = np.zeros((bottom - top, right - left), np.uint8)
    if not ink.size:
        return ink, (top, bottom, left, right)
    steps = np.round((points - (left, top)) * (1 << _SUBPIXEL)).astype(np.int32)
    if len(steps) == 1:
        radius = round(diameter / 2 * (1 << _SUBPIXEL))
        cv2.circle(ink, tuple(map(int, steps[0])), radius, 255, -1, cv2.LINE_AA, _SUBPIXEL)
    else:
        cv2.polylines(ink, [steps], False, 255, max(1, round(diameter)), cv2.LINE_AA, _SUBPIXEL)
    if sigma > 0.3:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.uint8)
    return ink, (top, bottom, left, right)
