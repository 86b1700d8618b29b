"""The search for the cheapest setting of a coder that keeps colour and structure, on a mosaic of the rendering's own
blocks.

JPEG has three ladders of settings. The usual tables (IJG) with halved colour serve most products. Where fine
coloured texture would shift, full colour is needed; and there *flat* tables, which treat all frequencies
alike, reach a given pixelwise colour difference with about a third fewer bytes than IJG tables of a high
quality.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from packshot.export import measure
from packshot.export.coders import FLAT_FROM, FLAT_TO, Setting, read_pixels, write
from packshot.export.mosaic import mosaic
from packshot.export.render import Rendering
from packshot.export.specs import EncodeSpec

SATURATED = 20.0  # chroma levels lost at edges from which 4:2:0 is visible
DEAR = 88  # from this quality on, the other ladders are tried as well
_SSIM_MARGIN = 0.0015  # the mosaic is asked for a little more than the whole file
_DELTA_E_MARGIN = 0.95
_SAMPLES = 4_000
_FALL = 0.04  # of the excess's logarithm with a step of quality, until two tries tell: 0.03 (IJG) to 0.05 (flat)
_MOST_GUESSES = 5
_STRIDE = 4  # steps of quality from a setting that served another rendering of the product


@dataclass(frozen=True)
class _Tried:
    """A mosaic's bytes at a setting, and the larger of what it loses of colour and structure over what it may."""

    size: int
    excess: float

    @property
    def holds(self) -> bool:
        """True when the mosaic keeps colour and structure."""
        return self.excess <= 1


class Search:
    """The search on one rendering; a setting that was tried once is not tried again."""

    def __init__(self, rendering: Rendering, spec: EncodeSpec) -> None:
        self.spec = spec
        tiles, cover = mosaic(rendering)
        self._reference = measure.Reference(tiles, cover, _SAMPLES, keep=True)
        self._saturated = measure.chroma_loss(tiles) > SATURATED
        self._known: dict[Setting, _Tried] = {}

    def best(self, hint: Setting | None) -> Setting | None:
        """The setting with the smallest mosaic among the ladders that hold, or None when none does.

        ``hint`` is what served another rendering of the same product: its ladder is taken again, from there.
        """
        if hint is not None and hint.quality >= self.spec.quality_min and not (self._saturated and hint.halved):
            found = self._near(hint)
            if found is not None:
                return found
        low, high = self.spec.quality_min, self.spec.quality_max
        if self.spec.format == "webp":  # halves the colour always: where its best does not hold, none does
            return self._lowest(Setting(low), high, low)
        found = None if self._saturated else self._lowest(Setting(low), min(high, DEAR + 4), low)
        if found is not None and found.quality <= max(low, DEAR):
            return found
        found = self._lowest(Setting(low, "4:4:4"), high, (low + high) // 2, found) or found
        if self.spec.format == "jpeg":  # flat tables need about the same number
            flat, near = Setting(max(FLAT_FROM, low), "4:4:4", flat=True), found.quality if found else high
            found = self._lowest(flat, FLAT_TO, near + 1, found) or found
        return found

    def _tried(self, setting: Setting) -> _Tried:
        """What the mosaic comes to at this setting."""
        if setting not in self._known:
            data = write(self._reference.picture, self.spec.format, setting, final=False)
            got = read_pixels(data)[..., :3]
            colour = self._reference.delta_e(got) / (self.spec.delta_e_max * _DELTA_E_MARGIN)
            lost, allowed = 1 - self._reference.ssim(got), 1 - self.spec.ssim_floor - _SSIM_MARGIN
            excess = max(colour, lost / allowed if allowed > 0 else math.inf, 1e-3)
            self._known[setting] = _Tried(len(data), excess)
        return self._known[setting]

    def _lowest(self, first: Setting, most: int, start: int, rival: Setting | None = None) -> Setting | None:
        """The lowest setting that holds on a ladder that begins with ``first``, or None: none does, or none with a
        smaller mosaic than a rival's.

        The logarithm of the excess falls about evenly with quality, so that guessing from ``start`` takes half the
        tries of a bisection; which it becomes when guesses do not help.
        """
        below, above = first.quality - 1, most + 1  # nothing below holds, and from above on all does or is not asked
        at, last, fall, tries = min(max(start, first.quality), most), None, _FALL, 0
        while above - below > 1:
            done, tries = self._tried(replace(first, quality=at)), tries + 1
            if not done.holds and rival is not None and done.size >= self._known[rival].size:
                return None
            below, above = (below, at) if done.holds else (at, above)
            height = math.log(done.excess)
            if last is not None and (last[1] - height) * (at - last[0]) > 0:
                fall = (last[1] - height) / (at - last[0])
            last = at, height
            guess = at + math.ceil(height / fall) if tries < _MOST_GUESSES else (below + above) // 2
            at = min(max(guess, below + 1), above - 1)
        held = replace(first, quality=above)
        if above > most or (rival is not None and self._tried(held).size >= self._known[rival].size):
            return None
        return held

    def _near(self, hint: Setting) -> Setting | None:
        """From a setting in strides along its ladder: the lowest that holds, or None when none up to the top does."""
        low, most = self.spec.quality_min, FLAT_TO if hint.flat else self.spec.quality_max
        low = max(low, FLAT_FROM) if hint.flat else low
        if self._tried(hint).holds:
            at = hint
            while at.quality > low and self._tried(less := replace(at, quality=max(low, at.quality - _STRIDE))).holds:
                at = less
            return at
        steps = range(hint.quality + 2, most + 1, 2)
        return next((s for quality in steps if self._tried(s := replace(hint, quality=quality)).holds), None)


def stronger(setting: Setting, spec: EncodeSpec) -> Setting:
    """The next setting that keeps more; the same one at the end of the ladder."""
    most = FLAT_TO if setting.flat else spec.quality_max
    if setting.quality >= most and spec.format == "jpeg" and not setting.flat:
        return Setting(FLAT_TO - 4, "4:4:4", flat=True)
    if setting.quality >= DEAR and setting.halved and spec.format != "webp":
        return replace(setting, subsampling="4:4:4")
    return replace(setting, quality=min(most, setting.quality + (2 if setting.flat else 3)))


def strongest(spec: EncodeSpec) -> Setting:
    """The end of the ladders: what a file is written with when no setting holds."""
    if spec.format == "jpeg":
        return Setting(FLAT_TO, "4:4:4", flat=True)
    return Setting(spec.quality_max, "4:2:0" if spec.format == "webp" else "4:4:4")
