"""One packshot from the master: laid out, resampled in linear light, with its shadow, on its background.

All arithmetic on light is linear: pixel values go through the sRGB transfer function of IEC 61966-2-1 first
and back last, so that downscaled highlights and edges keep their brightness.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.export.layout import Box, Layout, Window, lay_out, product_box, window_of
from packshot.export.specs import RenderSpec

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

RESIDUE = 2  # alpha at or below this is noise of the matte and is not drawn
SHADOW_RESIDUE = 1
FADE_SHARE = 0.025  # of the canvas's short side: the shadow ends before the frame


@dataclass(frozen=True)
class Rendering:
    """A finished rendering, before it is written.

    ``pixels``: uint8 HxWx3 sRGB, or HxWx4 straight alpha on a transparent background. ``alpha``: uint8 HxW,
    the product's coverage. ``shadow``: uint8 HxW density that was drawn. ``box``: the product's box in the
    canvas.
    """

    pixels: U8
    alpha: U8
    shadow: U8
    box: Box
    scale: float
    background: str

    @property
    def width(self) -> int:
        """Canvas width in px."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Canvas height in px."""
        return int(self.pixels.shape[0])


@cache
def _to_linear() -> F32:
    """256 linear values 0..1 of the sRGB codes (IEC 61966-2-1)."""
    code = np.arange(256, dtype=np.float64) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _to_srgb() -> U8:
    """The sRGB code for each of 65536 linear steps, rounded."""
    light = np.arange(65536, dtype=np.float64) / 65535
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(code * 255 + 0.5, np.uint8)


def encode_srgb(light: F32) -> U8:
    """Linear light 0..1 (clipped) to 8-bit sRGB codes, same shape."""
    flat = light.reshape(light.shape[0], -1)
    steps = np.asarray(cv2.addWeighted(flat, 65535.0, flat, 0.0, 0.0, dtype=cv2.CV_16U), np.uint16)  # rounds and clips
    return np.asarray(cv2.LUT(steps, _to_srgb().reshape(1, -1)), np.uint8).reshape(light.shape)


def on_white(rgba: U8) -> U8:
    """uint8 HxWx4 straight alpha over white, blended in linear light, as uint8 HxWx3."""
    cover = rgba[..., 3].astype(np.float32) * np.float32(1 / 255)
    table = _to_linear().reshape(1, -1)
    behind = 1 - cover
    lights = [cv2.multiply(np.asarray(cv2.LUT(plane, table)), cover) for plane in cv2.split(rgba)[:3]]
    return np.asarray(cv2.merge([_code(np.asarray(light, np.float32), behind, 1.0) for light in lights]), np.uint8)


@dataclass(frozen=True)
class _Placed:
    """Product and shadow at canvas size: three planes HxW of premultiplied linear light, coverage HxW, density HxW
    or None.
    """

    layout: Layout
    window: Window
    light: list[F32]
    cover: F32
    density: F32 | None


class Studio:
    """One master, prepared once and rendered for many channels; layouts that agree share the resampling."""

    def __init__(self, master: U8, shadow: U8 | None) -> None:
        """Take a master and its shadow.

        Args:
            master: uint8 HxWx4 sRGB, straight alpha.
            shadow: uint8 HxW density (0 none, 255 black) in the master's frame, or None.

        Raises:
            NoProduct: the matte is empty.
        """
        self.master, self.shadow = master, shadow
        alpha = np.ascontiguousarray(master[..., 3])
        self._alpha = np.asarray(cv2.threshold(alpha, RESIDUE, 255, cv2.THRESH_TOZERO)[1], np.uint8)
        self.box = product_box(alpha)
        self._content = product_box(self._alpha, 1)
        self._density: U8 | None = None
        if shadow is not None and int(shadow.max()) > SHADOW_RESIDUE:
            self._density = np.asarray(cv2.threshold(shadow, SHADOW_RESIDUE, 255, cv2.THRESH_TOZERO)[1], np.uint8)
            self._content = _union(self._content, product_box(self._density, 1))
        self._light = self._premultiplied()
        self._placed: dict[Layout, _Placed] = {}
        self._done: dict[tuple[Layout | None, str, bool], Rendering] = {}

    def _premultiplied(self) -> list[F32]:
        """Linear light times coverage, a float32 plane per channel; worked where there is content."""
        left, top, right, bottom = self._content
        at = (slice(top, bottom), slice(left, right))
        cover = self._alpha[at].astype(np.float32) * np.float32(1 / 255)
        table = _to_linear().reshape(1, -1)
        planes = [np.zeros(self._alpha.shape, np.float32) for _ in range(3)]
        for plane, code in zip(planes, cv2.split(self.master[at])[:3], strict=True):
            plane[at] = cv2.multiply(np.asarray(cv2.LUT(code, table)), cover)
        return planes

    def render(self, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> tuple[Hashable, Rendering]:
        """Render for a channel.

        Args:
            spec: the channel's layout.
            least: the smallest canvas (width, height) that the channel takes; upscaling happens only to reach it.

        Returns:
            A key that equal renderings share, and the rendering; ``scale`` above 1 says that it was enlarged.
        """
        layout = None if spec.whole else lay_out(self.master, self.box, spec, least)
        key = (layout, spec.background, spec.shadow == "keep")
        if key not in self._done:
            self._done[key] = self._whole() if layout is None else self._laid(layout, spec)
        return key, self._done[key]

    def _laid(self, layout: Layout, spec: RenderSpec) -> Rendering:
        if layout not in self._placed:
            self._placed = {layout: self._place(layout)}  # only the last one is kept: these planes are large
        return _composite(self._placed[layout], spec.background, spec.shadow == "keep")

    def _place(self, layout: Layout) -> _Placed:
        window = window_of(self._content, layout, self.master.shape)
        cover = _resample(self._alpha, window, layout.scale)
        light = [_resample(plane, window, layout.scale) for plane in self._light]
        # Lanczos overshoots; what is read out as a view of the prepared planes (scale 1) is within bounds already
        bounded = light if layout.scale == 1 else [_within(plane, cover) for plane in light]
        density = None
        if self._density is not None:
            density = np.clip(_resample(self._density, window, layout.scale), 0, 1)
            density = _fade(density, (layout.width, layout.height), window.target)
        return _Placed(layout, window, bounded, cover, density)

    def _whole(self) -> Rendering:
        """The master untouched; one without any transparency (a mock-up) as plain RGB."""
        alpha = np.ascontiguousarray(self.master[..., 3])
        pixels = self.master if alpha.min() < 255 else np.ascontiguousarray(self.master[..., :3])
        density = np.zeros(alpha.shape, np.uint8) if self.shadow is None else self.shadow
        return Rendering(pixels, alpha, density, self.box, 1.0, "transparent")


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _resample(plane: F32 | U8, window: Window, scale: float) -> F32:
    """One plane of the window at canvas size, 0..1: Lanczos-3 with antialiasing, or a plain copy at scale 1."""
    left, top, right, bottom = window.source
    if scale == 1:
        return _unit(plane[int(top) : int(bottom), int(left) : int(right)])
    pad = int(np.ceil(3 / min(scale, 1))) + 1  # Lanczos-3 reaches three canvas pixels far
    x0, y0 = max(0, int(left) - pad), max(0, int(top) - pad)
    cut = np.ascontiguousarray(plane[y0 : int(bottom) + pad, x0 : int(right) + pad])
    size = (window.target[2] - window.target[0], window.target[3] - window.target[1])
    box = (left - x0, top - y0, min(right - x0, cut.shape[1]), min(bottom - y0, cut.shape[0]))
    return _unit(np.array(Image.fromarray(cut).resize(size, Image.Resampling.LANCZOS, box=box)))


def _within(plane: F32, cover: F32) -> F32:
    """The plane between 0 and the coverage, in place."""
    np.minimum(plane, cover, out=plane)
    return np.maximum(plane, 0, out=plane)


def _unit(plane: npt.NDArray[Any]) -> F32:
    """uint8 0..255 or float32 0..1 as float32 0..1."""
    if plane.dtype == np.uint8:
        return plane.astype(np.float32) * np.float32(1 / 255)
    return np.asarray(plane, np.float32)


def _fade(density: F32, canvas: tuple[int, int], target: Box) -> F32:
    """Let the shadow end before the frame: a ramp over the outer 2.5 % of the canvas, 0 at the frame."""
    width, height = canvas
    reach = max(4.0, FADE_SHARE * min(canvas))

    def ramp(start: int, stop: int, size: int) -> F32:
        at = np.arange(start, stop, dtype=np.float32)
        return np.asarray(np.clip((np.minimum(at, size - 1 - at) - 2) / reach, 0, 1), np.float32)

    faded = density * ramp(target[1], target[3], height)[:, None] * ramp(target[0], target[2], width)[None, :]
    return np.asarray(faded, np.float32)


def _composite(placed: _Placed, background: str, with_shadow: bool) -> Rendering:
    """Premultiplied light over shadow over background, in linear light, back to sRGB."""
    size, at = (placed.layout.height, placed.layout.width), placed.window.slices()
    cover, density = placed.cover, placed.density if with_shadow else None
    alpha, shadow = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    alpha[at] = _byte(cover)
    behind = np.float32(1) - cover
    if density is not None:
        shadow[at] = _byte(density)
        behind *= np.float32(1) - density
    if background == "transparent":
        through = cover if density is None else cover + (1 - cover) * density
        pixels = np.zeros((*size, 4), np.uint8)
        seen = _byte(through)
        least = np.maximum(through, np.float32(1 / 1024))
        codes = [encode_srgb(np.asarray(cv2.divide(plane, least), np.float32)) for plane in placed.light]
        pixels[at] = cv2.copyTo(np.asarray(cv2.merge([*codes, seen])), seen)
    else:
        code = tuple(int(background[i : i + 2], 16) for i in (1, 3, 5))
        tone = [_to_linear()[value] for value in code]
        codes = [_code(plane, behind, float(level)) for plane, level in zip(placed.light, tone, strict=True)]
        pixels = np.empty((*size, 3), np.uint8)
        pixels[0] = code
        pixels[1:] = pixels[0]  # whole rows: a colour at a time takes twenty times as long
        pixels[at] = cv2.merge(codes)
    return Rendering(pixels, alpha, shadow, product_box(alpha), placed.layout.scale, background)


def _byte(plane: F32) -> U8:
    return np.asarray(cv2.convertScaleAbs(plane, alpha=255.0), np.uint8)


def _code(plane: F32, behind: F32, level: float) -> U8:
    """sRGB codes of a plane of premultiplied light over an even background of linear `level`."""
    steps = cv2.addWeighted(plane, 65535.0, behind, 65535.0 * level, 0.0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(np.asarray(steps, np.uint16), _to_srgb().reshape(1, -1)), np.uint8)


def render(master: U8, shadow: U8 | None, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> Rendering:
    """One rendering of one master; see ``Studio`` for the arguments and errors."""
    return Studio(master, shadow).render(spec, least)[1]
