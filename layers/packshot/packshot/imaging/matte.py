"""From the photo to its matte: find the product, ask the network that is needed, let colour settle the edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import cv2
import numpy as np

from packshot.imaging import backdrop, hue, refiner, rim, studio, topology, upsample
from packshot.imaging.light import F32, U8, linear
from packshot.imaging.studio import Box, Sweep

Way = Literal["fast", "auto", "accurate"]
PRESENT = 128
MARGIN_SHARE = 0.03
SMALLEST_PRODUCT_SHARE = 0.0005
WORK_SIDE = 2400
"""Long side in pixels of the crop that the matting itself works on; larger photos are finished from there."""
EVEN_SIZE, CLUTTER_SIZE, FULL_SIZE = 704, 896, 1024
"""Long side of what the accurate network sees: first on a sweep, first on clutter, of what is thin and again."""
FAST_CERTAINTY = 0.98
"""Certainty of a first look from which on a second is not worth its time: a fiftieth of the product's area may be in
doubt deeper than an edge."""
CLUTTER_LENIENCE = 1.5
"""How much more doubt that may be before clutter, where a second look takes twice the time."""
BODIES: dict[str, refiner.Body] = {"textured": "porous", "reflective": "firm", "transparent": "firm"}
OTHERS_WEIGHT, GLASS_OTHERS_WEIGHT = 0.5, 0.25
"""Share of the other looks in the opinion beside the sharpest; a glass edge is thin, and others only blur it."""
FUR_DEPTH = 3.0
AGREEMENT = 0.7
DOUBT_REACH = 3
"""Doubt narrower than this many network pixels each way is only an edge, which the fine network knows best."""


class NoProduct(Exception):
    """No product was found in the photo: a verdict, not a failure."""


class Opinions(Protocol):
    """What the networks say of a photo; `networks.Networks` in production."""

    def u2netp(self, rgb: U8) -> F32:
        """Coarse matte, 0..1, of any size."""

    def isnet(self, rgb: U8, size: int = 1024) -> F32:
        """Fine matte, 0..1, long side `size`."""

    def settle(self, features: F32) -> F32:
        """The refiner's answer to its features."""


@dataclass(frozen=True)
class How:
    """What kind of product it is (glass owns its inside), how it is looked at, and what certainty is enough, 0..1."""

    segment: str = "general"
    way: Way = "auto"
    fast_certainty: float = FAST_CERTAINTY


@dataclass(frozen=True)
class Opinion:
    """The networks' coarse matte, after how many looks, and how far those disagree (share of the product)."""

    matte: F32
    looks: int = 1
    disagreement: float = 0.0


@dataclass(frozen=True)
class Found:
    """A matte, uint8 HxW of the photo's size, the way taken ("fast": one look was enough, else "accurate") and what was
    measured on it.
    """

    matte: U8
    way: str
    numbers: dict[str, float] = field(default_factory=dict)


def find(rgb: U8, how: How, networks: Opinions) -> Found:
    """The product's matte. rgb uint8 HxWx3.

    Raises NoProduct when nothing stands in the photo or the networks see no product.
    """
    height, width = rgb.shape[:2]
    whole = (0, height, 0, width)
    sweep = studio.fit(rgb)
    if sweep.even:
        box = studio.product_box(sweep, height, width, MARGIN_SHARE)
        if box is None:
            raise NoProduct("nothing stands out from the even backdrop")
    else:
        box = whole
    found = _in_crop(rgb, box, sweep, how, networks)
    if box != whole and _cut_by(found.matte, box):
        found = _in_crop(rgb, whole, sweep, how, networks)
    if cv2.countNonZero(np.asarray(found.matte >= PRESENT, np.uint8)) < SMALLEST_PRODUCT_SHARE * height * width:
        raise NoProduct("the network sees no product")
    return found


def _in_crop(rgb: U8, box: Box, sweep: Sweep, how: How, networks: Opinions) -> Found:
    """The matte of the photo found inside one box of it, zero outside."""
    top, bottom, left, right = box
    crop = rgb[top:bottom, left:right]
    work = _work_copy(crop)
    size = work.shape[1::-1]
    half = cv2.resize(work, (size[0] // 2, size[1] // 2), interpolation=cv2.INTER_AREA)
    opinion, segment = _opinion(work, sweep, how, networks), how.segment
    coarse, numbers = opinion.matte, {"disagreement": opinion.disagreement}
    light = linear(half)
    network_px = max(half.shape[:2]) / max(coarse.shape)
    matte = upsample.enlarge(coarse, *half.shape[:2])
    if sweep.even and segment == "reflective" and how.way != "fast":
        other = upsample.enlarge(networks.u2netp(half), *half.shape[:2])
        matte, numbers["mirror_regained"] = topology.regain_mirror(matte, other, light, network_px)
    matte, counts = _repaired(matte, light, sweep.even, network_px, segment == "transparent")
    depth = FUR_DEPTH if segment == "textured" else 1.0
    if sweep.even:
        matte = hue.without_shadow(light, matte, network_px, depth)
    fields = backdrop.estimate(light, matte, network_px, depth)
    numbers |= counts | _certainty(matte, light, fields) | {"backdrop_misfit": sweep.sigma}
    fine = refiner.refine(work, matte, fields, networks.settle, BODIES.get(segment, "solid"))
    if segment == "reflective" and sweep.even:
        fine, numbers["rim_completed"] = rim.complete(fine, matte, np.sqrt(light), _behind(sweep, box, rgb.shape))
    full = np.zeros(rgb.shape[:2], np.uint8)
    if max(crop.shape[:2]) > WORK_SIDE:
        full[top:bottom, left:right] = upsample.to_size(work, fine, crop)
    else:
        full[top:bottom, left:right] = upsample.in_bytes(fine)[: bottom - top, : right - left]
    return Found(full, "fast" if opinion.looks == 1 else "accurate", numbers)


def _behind(sweep: Sweep, box: Box, shape: tuple[int, ...]) -> F32:
    """The sweep's own part behind a box of the photo, at the small size that it was fitted at."""
    height, width = sweep.colour.shape[:2]
    (top, bottom), (left, right) = (
        (int(first * small / large), max(int(first * small / large) + 1, round(last * small / large)))
        for first, last, small, large in ((*box[:2], height, shape[0]), (*box[2:], width, shape[1]))
    )
    return sweep.colour[top:bottom, left:right]


def _work_copy(crop: U8) -> U8:
    """The crop at the size that it is worked on: reduced if large, else padded by a pixel to even sides."""
    height, width = crop.shape[:2]
    scale = WORK_SIDE / max(height, width)
    if scale < 1:
        size = (2 * max(8, round(width * scale / 2)), 2 * max(8, round(height * scale / 2)))
        return cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(crop, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)


def _opinion(rgb: U8, sweep: Sweep, how: How, networks: Opinions) -> Opinion:
    """What the networks say.

    An easy photo is looked at once, any photo the fast way. A network that sees a photo and its mirror image does not
    make the same mistake twice: in doubt the mean is better than either, and where they differ is doubt. Glass on a
    sweep and fringes before clutter are thin, and seen large at once. The accurate way looks a third time, and asks the
    other network too.
    """
    accurate, glass = how.way == "accurate", how.segment == "transparent"
    thin = glass if sweep.even else how.segment == "textured"
    small = EVEN_SIZE if sweep.even else CLUTTER_SIZE
    looks = [networks.isnet(rgb, FULL_SIZE if thin else small)]
    most = (1 - how.fast_certainty) * (1 if sweep.even else CLUTTER_LENIENCE)
    if how.way == "fast" or (not accurate and float(_doubt(looks[0]).sum()) <= most * float(looks[0].sum())):
        return Opinion(looks[0])
    again = small if glass and sweep.even else FULL_SIZE
    looks.append(networks.isnet(cv2.flip(rgb, 1), again)[:, ::-1])
    if accurate:
        looks.append(networks.isnet(rgb, EVEN_SIZE))
    sharpest = max(looks, key=np.size)
    shape = sharpest.shape[::-1]
    others = [cv2.resize(look, shape, interpolation=cv2.INTER_LINEAR) for look in looks if look is not sharpest]
    disagreement = 1 - topology.agreement(sharpest, others[0])
    weight = GLASS_OTHERS_WEIGHT if glass else OTHERS_WEIGHT
    seen = np.asarray((1 - weight) * sharpest + weight * np.mean(others, axis=0), np.float32)
    if accurate:
        seen = _settled(seen, cv2.resize(networks.u2netp(rgb), shape, interpolation=cv2.INTER_LINEAR))
    return Opinion(seen, len(looks), disagreement)


def _settled(seen: F32, other: F32) -> F32:
    """Where the fine network is in doubt, the other's word is better than none, if both agree on the whole."""
    if topology.agreement(seen, other) < AGREEMENT:
        return seen
    doubt = _doubt(seen)
    return np.asarray(seen * (1 - doubt) + other * doubt, np.float32)


def _doubt(seen: F32) -> F32:
    """How undecided a matte is, 0..1, where that is more than an edge."""
    return np.asarray(
        cv2.morphologyEx(1 - np.abs(2 * seen - 1), cv2.MORPH_OPEN, backdrop.disc(DOUBT_REACH)), np.float32
    )


def _repaired(matte: F32, light: F32, even: bool, network_px: float, transparent: bool) -> tuple[F32, dict[str, float]]:
    """The coarse matte without false holes and blurred bystanders, and how many there were."""
    blurred = 0
    if not even:
        matte, blurred = topology.drop_blurred_parts(matte, np.sqrt(light).mean(axis=2))
    matte, holes = topology.close_false_holes(matte, light if even else None, network_px, transparent)
    return matte, {"holes_closed": float(holes), "blurred_parts": float(blurred)}


def _certainty(matte: F32, light: F32, fields: backdrop.Fields) -> dict[str, float]:
    """How decided the coarse matte is, and how far colour agrees with it where colour can be trusted."""
    body = float(matte.sum())
    doubt = float((2 * np.minimum(matte, 1 - matte)).sum())
    unsettled = np.nonzero(fields.unsettled)
    judge = backdrop.Judge.of(fields.at(*unsettled))
    weight = float(judge.trust.sum())
    against = float((judge.trust * np.abs(judge.alpha(light[unsettled]) - matte[unsettled])).sum())
    return {
        "certainty": 1 - min(1.0, doubt / body) if body else 0.0,
        "colour_trust": weight / max(1, len(unsettled[0])),
        "colour_disagreement": against / weight if weight else 0.0,
    }


def _cut_by(matte: U8, box: Box) -> bool:
    """Whether the product runs into a side of the box that is not the photo's own frame."""
    top, bottom, left, right = box
    height, width = matte.shape
    sides = [
        matte[top, left:right] if top > 0 else None,
        matte[bottom - 1, left:right] if bottom < height else None,
        matte[top:bottom, left] if left > 0 else None,
        matte[top:bottom, right - 1] if right < width else None,
    ]
    return any(side is not None and bool((side >= PRESENT).any()) for side in sides)
