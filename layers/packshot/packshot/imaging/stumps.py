"""Stumps of arms below the cuffs, where they hang against the body: told by the outline, not by the colour.

A mannequin's forearm of which little looks out of a long sleeve has neither room nor colour of its own: it hides in
the outline of the body behind it, is shaded by the cuff and tinted by the floor. But it ends: the outline steps in
from the cuff to the stump, goes straight, and steps in again from the stump to the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32
from packshot.imaging.reduced import luminance

Mask = npt.NDArray[np.bool_]

_HIGHEST = 0.3  # share of the height above which no arm ends
_STEP, _LEAP = 0.02, 0.09  # shares of the width: a step is at least and at most so wide
_STRAIGHT = 0.012  # share of the width: what is still straight at most
_SHORT, _LONG = 0.015, 0.12  # shares of the height: a stump's length
_BROAD = 0.13  # share of the width: a forearm at most
_DEEPEST = 0.4  # share of the width from the side within which the body's outline goes on below
_ANOTHER_HUE, _ANOTHER_COLOUR = 3.0, 16.0
"""CIE76 of a and b, in the same light, between cuff and stump: below it is a cuff's band, above it another cloth."""


@dataclass(frozen=True)
class Stumps:
    """bool HxW: `sure` is what stands out of the body's outline, `around` all that may belong to the same arms."""

    sure: Mask
    around: Mask


def none(inside: Mask) -> Stumps:
    """No stump at all."""
    return Stumps(np.zeros_like(inside), np.zeros_like(inside))


def find(light: F32, inside: Mask) -> Stumps:
    """Stumps in a reduced photo (float32 HxWx3 linear) and its outline (bool HxW), on either side."""
    sure, around = np.zeros_like(inside), np.zeros_like(inside)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    if count < 2:
        return Stumps(sure, around)
    body = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    for turn in (slice(None), slice(None, None, -1)):
        found = _beside(body[:, turn])
        if found is None:
            continue
        start, end, outer, inner = found
        cloth = (slice(max(0, 2 * start - end), start - 1), slice(outer + 1, inner))
        bare = (slice(start + 2, end - 1), slice(outer + 1, inner))
        if _ANOTHER_HUE < _hue_step(light[:, turn], body[:, turn], cloth, bare) < _ANOTHER_COLOUR:
            sure[:, turn][bare] = True
            around[:, turn][start : end + 1, outer : outer + round(_BROAD * body.shape[1])] = True
    return Stumps(sure & body, around & body)


def _beside(body: Mask) -> tuple[int, int, int, int] | None:
    """First row, row after the last, outer column of a stump at the left, and the column where the body goes on."""
    h, w = body.shape
    edge = np.where(body.any(1), body.argmax(1), w)
    reach, straight = max(2, round(0.012 * h)), max(1, round(_STRAIGHT * w))
    y = round(_HIGHEST * h)
    while y < h - reach:
        if edge[y] - edge[y - reach] <= _STEP * w:
            y += 1
            continue
        start = y - reach + 1 + int(np.diff(edge[y - reach : y + 1]).argmax())
        outer = int(np.median(edge[start + 1 : start + 1 + reach]))
        off = np.flatnonzero(np.abs(edge[start + 1 :] - outer) > straight)
        end = start + 1 + int(off[0]) if off.size else h
        inner = int(np.median(edge[end + 1 : end + 1 + reach])) if end + 1 < h else w
        sharp = min(outer - int(edge[start - reach]), int(edge[min(h - 1, end + 1)]) - outer)
        if (
            _SHORT * h <= end - start <= _LONG * h
            and _STEP * w < sharp
            and outer - edge[start - reach] < _LEAP * w
            and inner < _DEEPEST * w
        ):
            return start, end, outer, inner
        y = max(y + 1, start + reach + 1)
    return None


def _hue_step(light: F32, body: Mask, one: tuple[slice, slice], other: tuple[slice, slice]) -> float:
    """How far two parts' mean a and b are apart in CIE Lab, once the darker is lit as the other is."""
    core = cv2.erode(body.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    means = []
    for part in (one, other):
        if not core[part].any():
            return 0.0
        means.append(light[part][core[part]].mean(0))
    pair = np.asarray(means, np.float32)[None]
    bright = luminance(pair)
    lab = cv2.cvtColor(np.minimum(pair * (bright.max() / np.maximum(bright, 1e-4))[..., None], 1), cv2.COLOR_LRGB2Lab)
    return float(np.linalg.norm(lab[0, 0, 1:] - lab[0, 1, 1:]))
