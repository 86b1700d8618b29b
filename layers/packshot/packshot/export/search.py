"""The search for the cheapest setting of a coder that keeps colour and structure, on a mosaic of the rendering's own
blocks.

JPEG has three ladders of settings. The usual tables (IJG) with halved colour serve most products. Where fine
coloured texture would shift, full colour is needed; and there *flat* tables, which treat all frequencies
alike, reach a given pixelwise colour difference with about a third fewer bytes than IJG tables of a high
quality.
"""

from __future__ import annotations

from dataclasses import replace

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
_STRIDE = 4  # steps of quality from a setting that served another rendering of the product


class Search:
    """The search on one rendering; a setting that was tried once is not tried again."""

    def __init__(self, rendering: Rendering, spec: EncodeSpec) -> None:
        self.spec = spec
        tiles, cover = mosaic(rendering)
        self._reference = measure.Reference(tiles, cover, _SAMPLES, keep=True)
        self._saturated = measure.chroma_loss(tiles) > SATURATED
        self._sizes: dict[Setting, int] = {}
        self._held: dict[Setting, bool] = {}

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
            return self._lowest(Setting(low), high) if self._holds(Setting(high)) else None
        found = None if self._saturated else self._lowest(Setting(low), min(high, DEAR + 4))
        if found is not None and found.quality <= max(low, DEAR):
            return found
        others = [self._lowest(Setting(low, "4:4:4"), high)]
        if self.spec.format == "jpeg":
            others.append(self._lowest(Setting(max(FLAT_FROM, low), "4:4:4", flat=True), FLAT_TO))
        there = [setting for setting in (found, *others) if setting is not None]
        return min(there, key=lambda setting: self._sizes[setting]) if there else None

    def _holds(self, setting: Setting) -> bool:
        """True when the mosaic keeps colour and structure at this setting."""
        if setting not in self._held:
            data = write(self._reference.picture, self.spec.format, setting, final=False)
            self._sizes[setting] = len(data)
            got = read_pixels(data)[..., :3]
            self._held[setting] = (
                self._reference.delta_e(got) <= self.spec.delta_e_max * _DELTA_E_MARGIN
                and self._reference.ssim(got) >= self.spec.ssim_floor + _SSIM_MARGIN
            )
        return self._held[setting]

    def _lowest(self, first: Setting, most: int) -> Setting | None:
        """The lowest setting that holds on a ladder that begins with ``first``, or None; by bisection."""
        if self._holds(first):
            return first
        low, high = first.quality + 1, most
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._holds(replace(first, quality=middle)) else (middle + 1, high)
        last = replace(first, quality=low)
        return last if self._holds(last) else None

    def _near(self, hint: Setting) -> Setting | None:
        """From a setting in strides along its ladder: the lowest that holds, or None when none up to the top does."""
        low, most = self.spec.quality_min, FLAT_TO if hint.flat else self.spec.quality_max
        low = max(low, FLAT_FROM) if hint.flat else low
        if self._holds(hint):
            at = hint
            while at.quality > low and self._holds(less := replace(at, quality=max(low, at.quality - _STRIDE))):
                at = less
            return at
        steps = range(hint.quality + 2, most + 1, 2)
        return next((s for quality in steps if self._holds(s := replace(hint, quality=quality))), None)


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
