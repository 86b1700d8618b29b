"""The smallest file that keeps the SSIM floor, the colour and the byte limit, found in few encodes.

The setting is searched on a mosaic of the rendering's own blocks (cheap), then proved on the whole file:
decoded, compared with the rendering, and raised where the mosaic was too kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from packshot.export import measure
from packshot.export.coders import NOTHING, Embedded, Setting, read_pixels, write
from packshot.export.render import Rendering, on_white
from packshot.export.search import DEAR, Search, stronger, strongest
from packshot.export.specs import EncodeSpec

U8 = npt.NDArray[np.uint8]
_MOST_PROOFS = 6


@dataclass(frozen=True)
class Encoded:
    """One written file and what it cost.

    ``ssim``: 0..1 inside the product's box (see ``measure.Reference``), ``delta_e``: mean CIEDE2000 inside the
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


def opaque(rendering: Rendering) -> Rendering:
    """The rendering for a coder without transparency: on white, in linear light, where it had any."""
    if rendering.pixels.shape[2] == 3:
        return rendering
    if int(rendering.pixels[..., 3].min()) == 255:
        return replace(rendering, pixels=np.ascontiguousarray(rendering.pixels[..., :3]))
    return replace(rendering, pixels=on_white(rendering.pixels), background="#ffffff")


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
            goes under the limit. A coder that cannot keep the colour, or only with more bytes, gives way to
            ``spec.fallback``.
        """
        if spec.lossless or spec.format == "png":
            return self._exact(rendering, spec, bytes_max)
        if spec.format == "jpeg":
            rendering = opaque(rendering)
        # what served a channel of the same least quality is the likelier to serve again than what served last
        same, last = (spec.format, spec.quality_min), (spec.format, 0)
        found = Search(rendering, spec).best(self._hints.get(same, self._hints.get(last)))
        if found is None and spec.fallback is not None:
            return self.encode(rendering, _fallen(spec, spec.fallback), bytes_max)
        done = self._raised(rendering, spec, found or strongest(spec))
        self._hints[same] = self._hints[last] = done.setting
        if spec.fallback is not None and (not done.kept or done.setting.quality > DEAR):
            other = self.encode(rendering, _fallen(spec, spec.fallback), bytes_max)
            if not done.kept or len(other.data) < len(done.data):
                return other
        if bytes_max is None or len(done.data) <= bytes_max:
            return done
        return self._under_limit(rendering, spec, bytes_max, done)

    def _exact(self, rendering: Rendering, spec: EncodeSpec, bytes_max: int | None) -> Encoded:
        form, setting = ("webp-lossless" if spec.format == "webp" else "png"), Setting(100, "4:4:4")
        data = write(rendering.pixels, form, setting, self.embedded)
        fits = bytes_max is None or len(data) <= bytes_max
        return Encoded(data, spec.format, setting, 1.0, 0.0, 1, fits, not fits, True)

    def _raised(self, rendering: Rendering, spec: EncodeSpec, setting: Setting) -> Encoded:
        """Prove a setting on the whole, and raise it until it holds."""
        done, tried = self._proved(rendering, spec, setting), 1
        while not done.kept and tried < _MOST_PROOFS:
            step = stronger(done.setting, spec)
            if step == done.setting:
                break
            done, tried = self._proved(rendering, spec, step), tried + 1
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
        reference = measure.Reference(wanted, rendering.alpha[at] >= 128)
        return Encoded(data, form, setting, reference.ssim(got), reference.delta_e(got), 1, True, False, True, seen)

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


def _fallen(spec: EncodeSpec, form: Literal["jpeg"]) -> EncodeSpec:
    return spec.model_copy(update={"format": form, "fallback": None})


def _most_quality(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """The largest quality in low..high that fits, by bisection, or None."""
    best = None
    while low <= high:
        middle = (low + high) // 2
        best, low, high = (middle, middle + 1, high) if fits(middle) else (best, low, middle - 1)
    return best
