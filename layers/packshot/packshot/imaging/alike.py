"""Garment and mannequin of nearly one hue: what the shape and the edges tell where colour tells little.

The sides of the neck go on as edges below the collar's back: what lies outside of them is the garment's inside,
however dark. And arms end: below a long sleeve the outline steps in from the cuff to the stump, goes straight, and
steps in again to the body, into which the stump's own colour, shaded by the cuff and tinted by the floor, may fade.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32
from packshot.imaging.reduced import luminance

Mask = npt.NDArray[np.bool_]

_BELOW = 0.1  # share of the height down to which the neck's sides are followed
_FAINT, _CLEAR = 6.0, 15.0  # CIE76 over two pixels: no edge up to the one, as good as any from the other
_BEND = 1.5  # what a column aside costs in each row, in the same unit
_HIGHEST = 0.3  # share of the height above which no arm ends
_STEP, _LEAP = 0.02, 0.09  # shares of the width: a step is at least and at most so wide
_STRAIGHT = 0.012  # share of the width: what is still straight at most
_SHORT, _LONG = 0.015, 0.12  # shares of the height: a stump's length
_BROAD = 0.13  # share of the width: a forearm at most
_DEEPEST = 0.4  # share of the width from the side within which the body's outline goes on below
_ANOTHER_HUE, _ANOTHER_COLOUR = 3.0, 16.0
"""CIE76 of a and b, in the same light, between cuff and stump: below it is a cuff's band, above it another cloth."""
_SIDES = (slice(None), slice(None, None, -1))  # as it is and mirrored


@dataclass(frozen=True)
class Shapes:
    """bool HxW masks.

    inner: the garment's inside beside the neck; stumps: arms for sure; arms: all that may belong to these; behind: the
    part of `arms` that would show the body if they were not there.
    """

    inner: Mask
    stumps: Mask
    arms: Mask
    behind: Mask


def none(inside: Mask) -> Shapes:
    """Nothing told."""
    return Shapes(*(np.zeros_like(inside) for _ in range(4)))


def find(light: F32, lab: F32, inside: Mask, form: Mask) -> Shapes:
    """What shape tells of a reduced photo (float32 HxWx3, linear and CIE Lab) within its outline (bool HxW).

    form: bool HxW where the neck is known.
    """
    found = none(inside)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    if count < 2:
        return found
    body = np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
    for turn in _SIDES:
        found.inner[:, turn] |= _outside_neck(lab[:, turn], body[:, turn], form[:, turn])
        stump = _stump(body[:, turn])
        if stump is None:
            continue
        start, end, outer, inner = stump
        cloth = (slice(max(0, 2 * start - end), start - 1), slice(outer + 1, inner))
        bare = (slice(start + 2, end - 1), slice(outer + 1, inner))
        if _ANOTHER_HUE < _hue_step(light[:, turn], body[:, turn], cloth, bare) < _ANOTHER_COLOUR:
            found.stumps[:, turn][bare] = body[:, turn][bare]
            for mask, left in ((found.arms, outer), (found.behind, inner + 2)):
                arm = (slice(start, end + 1), slice(left, outer + round(_BROAD * body.shape[1])))
                mask[:, turn][arm] = body[:, turn][arm]
    return found


def _outside_neck(lab: F32, body: Mask, form: Mask) -> Mask:
    """bool HxW: what lies right of the neck's right side, as far as that can be followed below the known neck.

    The side is the path, a row a step, over the most and the clearest edges (dynamic programming).
    """
    beside = np.zeros_like(body)
    rows = np.nonzero(form.any(1))[0]
    if not rows.size:
        return beside
    top, (left, right) = int(rows[-1]), np.nonzero(form[rows[-1]])[0][[0, -1]]
    middle, width, deep = int(left + right) // 2, int(right - left) + 1, round(_BELOW * len(lab))
    part = (slice(top, top + deep), slice(middle, middle + width + 2))
    strip, within = lab[part], body[part]
    gap = np.flatnonzero(~within[0])
    if not gap.size or gap[0] >= strip.shape[1] - 1:
        return beside
    gain = np.full(within.shape, -_FAINT, np.float32)
    gain[:, 1:-1] += np.minimum(_CLEAR, np.sqrt(np.square(strip[:, 2:] - strip[:, :-2]).sum(2)))
    gain[:, 1:-1][within[:, 2:] != within[:, :-2]] = _CLEAR - _FAINT
    score, came = np.full(gain.shape, -np.inf, np.float32), np.zeros(gain.shape, np.int8)
    score[0, max(0, gap[0] - 2) : gap[0] + 2] = 0
    moves = np.arange(-1, 4)
    for y in range(1, len(gain)):
        before = np.pad(score[y - 1], 3, constant_values=-np.inf)
        ways = np.stack([before[3 - d : before.size - 3 - d] - _BEND * abs(d) for d in moves])
        came[y] = moves[ways.argmax(0)]
        score[y] = ways.max(0) + gain[y]
    y, x = (int(v) for v in np.unravel_index(int(score.argmax()), score.shape))
    while y > 0:
        beside[top + y, middle + x + 2 : middle + 2 * width] = True
        x, y = x - int(came[y, x]), y - 1
    return beside & body


def _stump(body: Mask) -> tuple[int, int, int, int] | None:
    """First row, row after the last, outer column of a stump at the left, and the column where the body goes on."""
    h, w = body.shape
    edge = np.where(body.any(1), body.argmax(1), w)
    reach, straight = max(2, round(0.012 * h)), max(1, round(_STRAIGHT * w))
    y = max(reach, round(_HIGHEST * h))
    while y < h - reach:
        if edge[y] - edge[y - reach] <= _STEP * w:
            y += 1
            continue
        start = y - reach + 1 + int(np.diff(edge[y - reach : y + 1]).argmax())
        before, outer = int(edge[max(0, start - reach)]), int(np.median(edge[start + 1 : start + 1 + reach]))
        off = np.flatnonzero(np.abs(edge[start + 1 :] - outer) > straight)
        end = start + 1 + int(off[0]) if off.size else h
        inner = int(np.median(edge[end + 1 : end + 1 + reach])) if end + 1 < h else w
        sharp = min(outer - before, int(edge[min(h - 1, end + 1)]) - outer)
        long_enough = _SHORT * h <= end - start <= _LONG * h
        if long_enough and _STEP * w < sharp and outer - before < _LEAP * w and inner < _DEEPEST * w:
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
