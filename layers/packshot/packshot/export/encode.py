"""The smallest file that keeps the SSIM floor, the colour and the byte limit, found in few encodes.

The setting is searched on a mosaic of the rendering's own blocks (cheap), then proved on the whole file:
decoded, compared with the rendering, and raised where the mosaic was too kind.

JPEG has three ladders of settings. The usual tables (IJG) with halved colour serve most products. Where fine
coloured texture would shift, full colour is needed; and there *flat* tables, which treat all frequencies
alike, reach a given pixelwise colour difference with about a third fewer bytes than IJG tables of a high
quality.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from packshot.export import measure
from packshot.export.channels import EncodeSpec
from packshot.export.mosaic import mosaic
from packshot.export.render import Rendering, on_white

U8 = npt.NDArray[np.uint8]

SATURATED = 20.0  # chroma levels lost at edges from which 4:2:0 is visible
FLAT_FROM, FLAT_TO = 60, 98  # flat ladder: level 60 = step 20, 98 = step 1
_DEAR = 88  # from this quality on, the other ladders are tried as well
_SSIM_MARGIN = 0.0015  # the mosaic is asked for a little more than the whole file
_DELTA_E_MARGIN = 0.95
_PROBE_SAMPLES = 5_000
_MOST_PROOFS = 6
_RLE = 3  # zlib's Z_RLE


@dataclass(frozen=True)
class Embedded:
    """The metadata blocks that go into the file (empty bytes = none)."""

    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""

    def named(self) -> dict[str, Any]:
        """The blocks there are, by Pillow's names."""
        blocks = {"exif": self.exif, "xmp": self.xmp, "icc_profile": self.icc}
        return {name: block for name, block in blocks.items() if block}


NOTHING = Embedded()


@dataclass(frozen=True)
class Setting:
    """One setting of a coder: quality 1..100, subsampling, and for JPEG whether the tables are flat."""

    quality: int
    subsampling: str = "4:2:0"
    flat: bool = False

    def tables(self) -> list[list[int]]:
        """Flat quantisation tables, luma and chroma: 98 = steps 1 and 1, 97 = 2 and 1, 96 = 2 and 2, and so
        on.
        """
        return [[max(1, (101 - self.quality) // 2)] * 64, [max(1, (100 - self.quality) // 2)] * 64]


@dataclass(frozen=True)
class Encoded:
    """One written file and what it cost.

    ``ssim``: 0..1 inside the product's box (see ``measure.ssim``), ``delta_e``: mean CIEDE2000 inside the
    product, ``encodes``: full encodes spent, ``fits``: the byte limit holds, ``bound``: the limit and not the
    floor decided the setting, ``kept``: floor and colour hold. ``seen``: the file's pixels as decoded for the
    comparison, uint8 HxWx3 or HxWx4; None when nothing was compared.
    """

    data: bytes
    format: str
    setting: Setting
    ssim: float
    delta_e: float
    encodes: int
    fits: bool
    bound: bool
    kept: bool
    seen: U8 | None = field(default=None, repr=False, compare=False)


def write(pixels: U8, form: str, setting: Setting, embedded: Embedded = NOTHING, final: bool = True) -> bytes:
    """Encode uint8 HxWx3 or HxWx4 pixels; deterministic for one build of Pillow.

    Args:
        form: jpeg, png, webp, avif, or webp-lossless.
        final: False = the same pixels without the slow entropy coding, for probing.
    """
    out = io.BytesIO()
    image, blocks, sub = Image.fromarray(pixels), embedded.named(), setting.subsampling
    if form == "jpeg":
        coder: dict[str, Any] = {"qtables": setting.tables()} if setting.flat else {"quality": setting.quality}
        image.save(out, "JPEG", subsampling=sub, progressive=final, optimize=final, **coder, **blocks)
    elif form == "webp":
        image.save(out, "WEBP", quality=setting.quality, method=4 if final else 2, **blocks)
    elif form == "webp-lossless":
        image.save(out, "WEBP", lossless=True, quality=40, method=2, exact=True, **blocks)
    elif form == "avif":
        image.save(out, "AVIF", quality=setting.quality, subsampling=sub, speed=8, max_threads=1, **blocks)
    else:
        blocks.pop("xmp", None)
        # photographs have runs, hardly repeats: run lengths alone are quicker than matching, and smaller at this level
        image.save(out, "PNG", compress_level=1, compress_type=_RLE, pnginfo=_png_text(embedded.xmp), **blocks)
    return out.getvalue()


def _png_text(xmp: bytes) -> PngInfo:
    """XMP lives in an uncompressed iTXt chunk with this very keyword (XMP specification part 3)."""
    info = PngInfo()
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8"))
    return info


def opaque(rendering: Rendering) -> Rendering:
    """The rendering for a coder without transparency: on white, in linear light, where it had any."""
    if rendering.pixels.shape[2] == 3:
        return rendering
    if int(rendering.pixels[..., 3].min()) == 255:
        return replace(rendering, pixels=np.ascontiguousarray(rendering.pixels[..., :3]))
    return replace(rendering, pixels=on_white(rendering.pixels), background="#ffffff")


def read_pixels(data: bytes) -> U8:
    """Decode a file of ours to uint8 HxWx3, or HxWx4 where it is transparent."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))


class _Search:
    """The search for the cheapest setting that holds, on one rendering's mosaic."""

    def __init__(self, rendering: Rendering, spec: EncodeSpec) -> None:
        self.spec = spec
        self.tiles, self.cover = mosaic(rendering)
        self.sizes: dict[Setting, int] = {}
        self.saturated = measure.chroma_loss(self.tiles) > SATURATED

    def holds(self, setting: Setting) -> bool:
        """True when the mosaic keeps colour and structure at this setting."""
        data = write(self.tiles, self.spec.format, setting, final=False)
        self.sizes[setting] = len(data)
        got = read_pixels(data)[..., :3]
        shift = measure.delta_e(self.tiles, got, self.cover, _PROBE_SAMPLES)
        if shift > self.spec.delta_e_max * _DELTA_E_MARGIN:
            return False
        return measure.ssim(self.tiles, got) >= self.spec.ssim_floor + _SSIM_MARGIN

    def ladder(self, first: Setting, most: int) -> Setting | None:
        """The lowest setting that holds on a ladder that begins with ``first``, or None."""
        if self.holds(first):
            return first
        low, high = first.quality + 1, most
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.holds(replace(first, quality=middle)) else (middle + 1, high)
        last = replace(first, quality=low)
        return last if low < most or self.holds(last) else None

    def best(self, hint: Setting | None) -> Setting:
        """The setting with the smallest mosaic among the ladders that hold; the strongest when none does.

        ``hint`` is what served another rendering of the same product: kept when it holds here and one step less
        does not, which spares the search.
        """
        low, high = self.spec.quality_min, self.spec.quality_max
        if hint is not None and self._still_best(hint, low):
            return hint
        if self.spec.format == "webp":
            return self.ladder(Setting(low), high) or Setting(high)
        found = None if self.saturated else self.ladder(Setting(low), min(high, _DEAR + 4))
        if found is not None and found.quality <= max(low, _DEAR):
            return found
        others = [self.ladder(Setting(low, "4:4:4"), high)]
        if self.spec.format == "jpeg":
            others.append(self.ladder(Setting(max(FLAT_FROM, low), "4:4:4", flat=True), FLAT_TO))
        there = [setting for setting in (found, *others) if setting is not None]
        if not there:
            return Setting(FLAT_TO, "4:4:4", flat=True) if self.spec.format == "jpeg" else Setting(high, "4:4:4")
        return min(there, key=lambda setting: self.sizes[setting])

    def _still_best(self, hint: Setting, low: int) -> bool:
        if hint.quality < low or (self.saturated and hint.subsampling == "4:2:0") or not self.holds(hint):
            return False
        return hint.quality <= low or not self.holds(replace(hint, quality=max(low, hint.quality - 4)))


class Encoder:
    """Writes the renderings of one photo; what one channel's search found serves the next."""

    def __init__(self, embedded: Embedded = NOTHING) -> None:
        """Take the metadata blocks that go into every file and count against byte limits."""
        self.embedded = embedded
        self._hints: dict[tuple[str, int], Setting] = {}
        self._proofs: dict[tuple[int, str, Setting], Encoded] = {}
        self._alive: list[Rendering] = []  # an id stands for a rendering only as long as it lives

    def encode(self, rendering: Rendering, spec: EncodeSpec, bytes_max: int | None = None) -> Encoded:
        """Write a rendering.

        Args:
            rendering: what to write.
            spec: format, floors and quality range.
            bytes_max: the channel's limit, if it has one.

        Returns:
            The smallest file that keeps ``ssim_floor`` and ``delta_e_max``; where the limit binds, the best file
            under it (``kept`` then says whether ``ssim_floor_at_limit`` holds). ``fits`` is False when no quality
            goes under the limit. A coder that cannot keep the colour gives way to ``spec.fallback``.
        """
        if spec.lossless or spec.format == "png":
            return self._exact(rendering, spec, bytes_max)
        if spec.format == "jpeg":
            rendering = opaque(rendering)
        done = self._lossy(rendering, spec)
        if not done.kept and spec.fallback is not None:
            other = spec.model_copy(update={"format": spec.fallback, "fallback": None})
            return self.encode(rendering, other, bytes_max)
        if bytes_max is None or len(done.data) <= bytes_max:
            return done
        return self._under_limit(rendering, spec, bytes_max, done)

    def _exact(self, rendering: Rendering, spec: EncodeSpec, bytes_max: int | None) -> Encoded:
        form, setting = ("webp-lossless" if spec.format == "webp" else "png"), Setting(100, "4:4:4")
        data = write(rendering.pixels, form, setting, self.embedded)
        fits = bytes_max is None or len(data) <= bytes_max
        return Encoded(data, spec.format, setting, 1.0, 0.0, 1, fits, not fits, True)

    def _lossy(self, rendering: Rendering, spec: EncodeSpec) -> Encoded:
        """Search on the mosaic, prove on the whole, step up until it holds."""
        # what served a channel of the same least quality is the likelier to serve again than what served last
        same, last = (spec.format, spec.quality_min), (spec.format, 0)
        setting, tried = _Search(rendering, spec).best(self._hints.get(same, self._hints.get(last))), 1
        done = self._proved(rendering, spec, setting)
        while not done.kept and tried < _MOST_PROOFS:
            step = _stronger(done.setting, spec)
            if step == done.setting:
                break
            done, tried = self._proved(rendering, spec, step), tried + 1
        self._hints[same] = self._hints[last] = done.setting
        return replace(done, encodes=tried)

    def _proved(self, rendering: Rendering, spec: EncodeSpec, setting: Setting) -> Encoded:
        """Encode in full, decode again and measure."""
        key = (id(rendering), spec.format, setting)
        if key not in self._proofs:
            self._proofs[key] = self._measured(rendering, spec.format, setting)
            self._alive.append(rendering)
        done = self._proofs[key]
        if done.ssim >= spec.ssim_floor and done.delta_e <= spec.delta_e_max:
            return done
        self._proofs[key] = replace(done, seen=None)  # hardly asked for again, and large
        return replace(done, kept=False)

    def _measured(self, rendering: Rendering, form: str, setting: Setting) -> Encoded:
        data = write(rendering.pixels, form, setting, self.embedded)
        left, top, right, bottom = rendering.box
        at = (slice(top, bottom), slice(left, right))
        seen = read_pixels(data)
        wanted, got = rendering.pixels[at][..., :3], seen[at][..., :3]
        similarity = measure.ssim(wanted, got)
        shift = measure.delta_e(wanted, got, rendering.alpha[at] >= 128)
        return Encoded(data, form, setting, similarity, shift, 1, True, False, True, seen)

    def _under_limit(self, r: Rendering, spec: EncodeSpec, limit: int, first: Encoded) -> Encoded:
        """The best quality whose file fits: bisection on file size, at most seven encodes.

        Halved colour spends the bytes better than full colour when there are too few of them.
        """
        spent = first.encodes

        def fits(quality: int) -> bool:
            nonlocal spent
            spent += 1
            return len(write(r.pixels, spec.format, Setting(quality), self.embedded)) <= limit

        best = _most_quality(30, 95, fits)
        if best is None:
            return replace(first, fits=False, bound=True, kept=False, encodes=spent)
        done = self._proved(r, spec, Setting(best))
        kept = done.ssim >= spec.ssim_floor_at_limit and done.delta_e <= spec.delta_e_max
        return replace(done, encodes=spent + 1, bound=True, kept=kept)


def _stronger(setting: Setting, spec: EncodeSpec) -> Setting:
    """The next setting that keeps more; the same one at the end of the ladder."""
    most = FLAT_TO if setting.flat else spec.quality_max
    if setting.quality >= most and spec.format == "jpeg" and not setting.flat:
        return Setting(FLAT_TO - 4, "4:4:4", flat=True)
    if setting.quality >= _DEAR and setting.subsampling == "4:2:0" and spec.format != "webp":
        return replace(setting, subsampling="4:4:4")
    return replace(setting, quality=min(most, setting.quality + (2 if setting.flat else 3)))


def _most_quality(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """The largest quality in low..high that fits, by bisection, or None."""
    best = None
    while low <= high:
        middle = (low + high) // 2
        best, low, high = (middle, middle + 1, high) if fits(middle) else (best, low, middle - 1)
    return best
