"""Mattes spoiled on purpose, in the ways in which networks and people spoil them, from mild to gross.

Every damage takes the true matte and returns a spoiled one (or a tinted cut-out, or a turned shadow).
Whether the result is a *defect* is not decided by the damage but by the truth (`judge`): a mild one may be
harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from bench.scores import BAND_SHARE, USABLE_EDGE, USABLE_HOLES, USABLE_IOU, USABLE_SPILL
from packshot.imaging.light import F32, U8

Dice = np.random.Generator


@dataclass(frozen=True)
class Judgement:
    """What the truth says of a matte; ``ok`` means usable."""

    iou: float
    edge: float
    holes: float
    spill: float

    @property
    def ok(self) -> bool:
        """Usable: IoU, edge error, lost and added area within bounds."""
        return (
            self.iou >= USABLE_IOU
            and self.edge <= USABLE_EDGE
            and self.holes <= USABLE_HOLES
            and self.spill <= USABLE_SPILL
        )


def judge(matte: U8, truth: U8) -> Judgement:
    """Compare with the truth, both uint8 HxW: IoU at 0.5, mean error in the edge band (0.5 % of the long
    side and all soft pixels), share of the solid product lost, share of the clear backdrop taken in.
    """
    true, pred = truth.astype(np.float32) / 255, matte.astype(np.float32) / 255
    hard, got = true >= 0.5, pred >= 0.5
    line = hard & (cv2.erode(hard.astype(np.uint8), np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)) == 0)
    radius = max(2, round(BAND_SHARE * max(true.shape)))
    near = cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius
    band = near | ((true > 0.02) & (true < 0.98))
    opaque, clear = true > 0.95, true < 0.05
    union = int((hard | got).sum())
    return Judgement(
        iou=float((hard & got).sum() / union) if union else 1.0,
        edge=float(np.abs(pred - true)[band].mean()) if band.any() else 0.0,
        holes=float((pred[opaque] < 0.5).mean()) if opaque.any() else 0.0,
        spill=float((pred[clear] > 0.5).mean()) if clear.any() else 0.0,
    )


def _disc(radius: int) -> U8:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _pixels(truth: U8, dice: Dice, low: float, high: float) -> int:
    """A length between low and high pixels of a 2400-px photo, more often short than long."""
    scale = float(max(truth.shape)) / 2400
    return max(1, round(float(low * (high / low) ** dice.uniform()) * scale))


def _patch(truth: U8, dice: Dice, where: U8, share: float) -> F32:
    """A wobbly blob around a random pixel of ``where``, about ``share`` of the product's area; 0..1."""
    ys, xs = np.nonzero(where)
    i = int(dice.integers(len(ys)))
    radius = max(3.0, float(np.sqrt(share * (truth >= 128).sum() / np.pi)))
    y, x = np.mgrid[0 : truth.shape[0], 0 : truth.shape[1]].astype(np.float32)
    angle = np.arctan2(y - ys[i], x - xs[i])
    wobble = 1 + sum(dice.uniform(-0.15, 0.15) * np.cos(k * angle + dice.uniform(0, 6.3)) for k in (2, 3, 5))
    blob = np.clip((radius * wobble - np.hypot(x - xs[i], y - ys[i])) / 2 + 0.5, 0, 1)
    return np.asarray(blob, np.float32)


def erode(truth: U8, dice: Dice) -> U8:
    """The edge too far inside by 1 to 10 px."""
    return cv2.erode(truth, _disc(_pixels(truth, dice, 1, 10)))


def dilate(truth: U8, dice: Dice) -> U8:
    """The edge too far outside by 1 to 10 px."""
    return cv2.dilate(truth, _disc(_pixels(truth, dice, 1, 10)))


def soften(truth: U8, dice: Dice) -> U8:
    """A blurred edge, sigma 1 to 12 px."""
    return cv2.GaussianBlur(truth, (0, 0), _pixels(truth, dice, 1, 12))


def hole(truth: U8, dice: Dice) -> U8:
    """A hole where the product is solid, 0.2 to 6 % of it."""
    inside = cv2.erode(truth, _disc(9))
    blob = _patch(truth, dice, (inside if inside.any() else truth) >= 128, 0.002 * 30 ** dice.uniform())
    return np.asarray((truth * (1 - blob)).round(), np.uint8)


def half_hole(truth: U8, dice: Dice) -> U8:
    """A part that came out half transparent, 1 to 20 % of the product."""
    blob = _patch(truth, dice, truth >= 128, 0.01 * 20 ** dice.uniform())
    return (truth * (1 - float(dice.uniform(0.55, 0.95)) * blob)).round().astype(np.uint8)


def part_missing(truth: U8, dice: Dice) -> U8:
    """An end cut off straight: 0.5 to 25 % of the product."""
    angle = dice.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0 : truth.shape[0], 0 : truth.shape[1]].astype(np.float32)
    along = x * np.cos(angle) + y * np.sin(angle)
    cut = np.quantile(along[truth >= 128], 1 - 0.005 * 50 ** dice.uniform())
    return np.where(along > cut, 0, truth).astype(np.uint8)


def thin_lost(truth: U8, dice: Dice) -> U8:
    """Straps, wires and points lost: everything thinner than 6 to 60 px."""
    return cv2.morphologyEx(truth, cv2.MORPH_OPEN, _disc(_pixels(truth, dice, 3, 30)))


def gaps_filled(truth: U8, dice: Dice) -> U8:
    """Gaps and meshes filled, up to 6 to 80 px wide."""
    return cv2.morphologyEx(truth, cv2.MORPH_CLOSE, _disc(_pixels(truth, dice, 3, 40)))


def leftover(truth: U8, dice: Dice) -> U8:
    """A piece of backdrop taken along at the edge, 0.3 to 10 % of the product."""
    ring = (cv2.dilate(truth, _disc(9)) >= 128) & (truth < 128)
    blob = _patch(truth, dice, ring, 0.003 * 33 ** dice.uniform())
    return np.maximum(truth, (blob * 255).astype(np.uint8))


def island(truth: U8, dice: Dice) -> U8:
    """A piece of backdrop apart from the product, 0.2 to 6 %."""
    away = cv2.dilate(truth, _disc(25)) < 8
    if not away.any():
        return leftover(truth, dice)
    blob = _patch(truth, dice, away, 0.002 * 30 ** dice.uniform())
    return np.maximum(truth, (blob * 255).astype(np.uint8))


def halo(truth: U8, dice: Dice) -> U8:
    """A half-transparent rim of backdrop, 3 to 30 px wide."""
    wide = cv2.dilate(truth, _disc(_pixels(truth, dice, 3, 30)))
    rim = cv2.GaussianBlur(wide, (0, 0), 2) * float(dice.uniform(0.25, 0.7))
    return np.maximum(truth, rim.round().astype(np.uint8))


def shadow_kept(truth: U8, dice: Dice) -> U8:
    """The ground shadow taken for product: a flat blob at the foot."""
    ys, xs = np.nonzero(truth >= 128)
    foot = xs[ys > ys.max() - 0.05 * np.ptp(ys) - 1]
    width, height = (np.ptp(foot) + 40) * dice.uniform(0.5, 1.1), np.ptp(ys) * dice.uniform(0.02, 0.12)
    blob = np.zeros_like(truth)
    centre = (int(foot.mean() + dice.uniform(-0.2, 0.2) * width), int(ys.max()))
    cv2.ellipse(blob, centre, (int(width / 1.6) + 1, int(height) + 1), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return np.maximum(truth, cv2.GaussianBlur(blob, (0, 0), 3))


def wobble(truth: U8, dice: Dice) -> U8:
    """An outline that wanders 1 to 14 px off, as coarse networks draw it."""
    size = (max(4, truth.shape[1] // 60), max(4, truth.shape[0] // 60))
    reach = _pixels(truth, dice, 1, 14) * 1.5
    dx, dy = (
        cv2.resize(
            dice.normal(0, reach, size[::-1]).astype(np.float32),
            truth.shape[::-1],
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    )
    y, x = np.mgrid[0 : truth.shape[0], 0 : truth.shape[1]].astype(np.float32)
    return cv2.remap(truth, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def coarse(truth: U8, dice: Dice) -> U8:
    """Drawn at 80 to 800 px and enlarged."""
    scale = 80 * 10 ** dice.uniform() / max(truth.shape)
    small = cv2.resize(truth, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, truth.shape[::-1], interpolation=cv2.INTER_CUBIC)


def jagged(truth: U8, dice: Dice) -> U8:
    """Cut hard at a threshold: no soft pixels left."""
    return np.where(truth >= int(dice.integers(40, 215)), 255, 0).astype(np.uint8)


def tint(colour: U8, dice: Dice) -> U8:
    """The cut-out's colour changed: a gain a channel (white balance) or a gamma (exposure), mild to plain."""
    strength = 0.01 * 20 ** dice.uniform()
    gain = 1 + strength * dice.choice([-1, 1], 3) * dice.uniform(0.3, 1, 3)
    return np.clip(colour.astype(np.float32) * gain.astype(np.float32), 0, 255).round().astype(np.uint8)


MATTE_DAMAGES: dict[str, Callable[[U8, Dice], U8]] = {
    f.__name__: f
    for f in (
        erode, dilate, soften, hole, half_hole, part_missing, thin_lost, gaps_filled, leftover, island, halo,
        shadow_kept, wobble, coarse, jagged,
    )
}  # fmt: skip
