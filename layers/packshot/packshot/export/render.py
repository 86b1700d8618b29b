"""One packshot from the master: laid out, resampled in linear light, with its shadow, on its background.

All arithmetic on light is linear: pixel values go through the sRGB transfer function of IEC 61966-2-1 first
and back last, so that downscaled highlights and edges keep their brightness.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from packshot.export.layout import Box, Layout, lay_out, product_box, window_of
from packshot.export.resample import Lanczos
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
class _Layer:
    """Float32 planes of a box; everything is 0 outside of it."""

    box: Box
    planes: list[F32]

    def slices(self) -> tuple[slice, slice]:
        """The box as rows and columns of an array."""
        left, top, right, bottom = self.box
        return slice(top, bottom), slice(left, right)


@dataclass(frozen=True)
class _Source:
    """A layer of the master as it is kept, uint8 codes of a box, h x w x 4 or h x w; all is 0 outside of it.

    Its planes are made of the rows that are asked for: those of a large master would take ten times its memory.
    """

    box: Box
    codes: U8

    @classmethod
    def of(cls, codes: U8, shown: U8, residue: int) -> _Source:
        """What shows more than a residue; raises NoProduct where nothing does."""
        box = left, top, right, bottom = product_box(shown, residue + 1)
        return cls(box, codes[top:bottom, left:right])

    def planes(self, rows: slice) -> list[F32]:
        """Of the product coverage 0..1 and linear light times coverage, a plane per channel; of a shadow density."""
        part = self.codes[rows]
        if part.ndim == 2:
            return [_unit(_above(part, SHADOW_RESIDUE))]
        *codes, alpha = cv2.split(part)
        cover, table = _unit(_above(np.asarray(alpha, np.uint8), RESIDUE)), _to_linear().reshape(1, -1)
        light = [cv2.multiply(np.asarray(cv2.LUT(code, table)), cover) for code in codes]
        return [cover, *(np.asarray(plane, np.float32) for plane in light)]


@dataclass(frozen=True)
class _Placed:
    """Product (coverage, three planes of linear light times coverage) and shadow (density, or None) on a canvas."""

    layout: Layout
    product: _Layer
    shadow: _Layer | None


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
        alpha = np.asarray(cv2.extractChannel(master, 3), np.uint8)
        self.box = product_box(alpha)
        self._product = _Source.of(master, alpha, RESIDUE)
        drawn = shadow is not None and int(shadow.max(initial=0)) > SHADOW_RESIDUE
        self._density = _Source.of(shadow, shadow, SHADOW_RESIDUE) if shadow is not None and drawn else None
        self._placed: dict[Layout, _Placed] = {}
        self._done: dict[tuple[Layout | None, str, bool], Rendering] = {}

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
        product = self._drawn(self._product, layout)
        cover, *light = product.planes
        if layout.scale != 1:  # Lanczos overshoots; at scale 1 the planes are within bounds
            _within(cover, 1.0)
            for plane in light:
                _within(plane, cover)
        shadow = None if self._density is None else self._drawn(self._density, layout)
        if shadow is None or not shadow.planes[0].size:  # none, or all of it beside the canvas
            return _Placed(layout, product, None)
        density = _fade(np.clip(shadow.planes[0], 0, 1), (layout.width, layout.height), shadow.box)
        return _Placed(layout, product, _Layer(shadow.box, [density]))

    def _drawn(self, layer: _Source, layout: Layout) -> _Layer:
        """A layer of the master on a canvas: resampled, or as it is at scale 1; without pixels where it lies beside
        the canvas.
        """
        window = window_of(layer.box, layout, self.master.shape)
        left, top, right, bottom = window.source
        size = (window.target[2] - window.target[0], window.target[3] - window.target[1])
        if min(size) <= 0:
            return _Layer((0, 0, 0, 0), [np.empty((0, 0), np.float32) for _ in layer.planes(slice(0, 1))])
        if layout.scale == 1:
            x, y = layer.box[:2]
            planes = layer.planes(slice(int(top) - y, int(bottom) - y))
            return _Layer(window.target, [plane[:, int(left) - x : int(right) - x] for plane in planes])
        resample = Lanczos(self.master.shape[:2], layer.box, window.source, size)
        return _Layer(window.target, resample(layer.planes))

    def _whole(self) -> Rendering:
        """The master untouched; one without any transparency (a mock-up) as plain RGB."""
        alpha = np.ascontiguousarray(self.master[..., 3])
        pixels = self.master if alpha.min() < 255 else np.ascontiguousarray(self.master[..., :3])
        density = np.zeros(alpha.shape, np.uint8) if self.shadow is None else self.shadow
        return Rendering(pixels, alpha, density, self.box, 1.0, "transparent")


def _above(plane: U8, residue: int) -> U8:
    """The plane without what is at or below a residue."""
    return np.asarray(cv2.threshold(plane, residue, 255, cv2.THRESH_TOZERO)[1], np.uint8)


def _within(plane: F32, most: F32 | float) -> None:
    """Bound the plane between 0 and the most, in place."""
    np.minimum(plane, most, out=plane)
    np.maximum(plane, 0, out=plane)


def _unit(plane: U8) -> F32:
    """uint8 0..255 as float32 0..1."""
    return plane.astype(np.float32) * np.float32(1 / 255)


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
    size, at = (placed.layout.height, placed.layout.width), placed.product.slices()
    cover, *light = placed.product.planes
    layer = placed.shadow if with_shadow else None
    alpha, shadow = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    alpha[at] = _byte(cover)
    behind, density = 1 - cover, None
    if layer is not None:
        shadow[layer.slices()] = _byte(layer.planes[0])
        density = _part(layer, placed.product.box)
        behind *= 1 - density
    if background == "transparent":
        through = cover if density is None else 1 - behind
        pixels = np.zeros((*size, 4), np.uint8)
        pixels[..., 3] = shadow
        seen = _byte(through)
        least = np.maximum(through, np.float32(1 / 1024))
        codes = [encode_srgb(np.asarray(cv2.divide(plane, least), np.float32)) for plane in light]
        pixels[at] = cv2.copyTo(np.asarray(cv2.merge([*codes, seen])), seen)
    else:
        code = tuple(int(background[i : i + 2], 16) for i in (1, 3, 5))
        tone = [float(_to_linear()[value]) for value in code]
        pixels = np.empty((*size, 3), np.uint8)
        pixels[0] = code
        pixels[1:] = pixels[0]  # whole rows: a colour at a time takes twenty times as long
        if layer is not None:
            dimmed = {level: encode_srgb((1 - layer.planes[0]) * np.float32(level)) for level in set(tone)}
            pixels[layer.slices()] = cv2.merge([dimmed[level] for level in tone])
        pixels[at] = cv2.merge([_code(plane, behind, level) for plane, level in zip(light, tone, strict=True)])
    return Rendering(pixels, alpha, shadow, product_box(alpha), placed.layout.scale, background)


def _part(layer: _Layer, box: Box) -> F32:
    """A layer's one plane in another box of the canvas."""
    whole = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
    left, top = max(box[0], layer.box[0]), max(box[1], layer.box[1])
    right, bottom = max(left, min(box[2], layer.box[2])), max(top, min(box[3], layer.box[3]))
    x, y = layer.box[:2]
    part = layer.planes[0][top - y : bottom - y, left - x : right - x]
    whole[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = part
    return whole


def _byte(plane: F32) -> U8:
    return np.asarray(cv2.convertScaleAbs(plane, alpha=255.0), np.uint8)


def _code(plane: F32, behind: F32, level: float) -> U8:
    """sRGB codes of a plane of premultiplied light over an even background of linear `level`."""
    steps = cv2.addWeighted(plane, 65535.0, behind, 65535.0 * level, 0.0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(np.asarray(steps, np.uint16), _to_srgb().reshape(1, -1)), np.uint8)


def render(master: U8, shadow: U8 | None, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> Rendering:
    """One rendering of one master; see ``Studio`` for the arguments and errors."""
    return Studio(master, shadow).render(spec, least)[1]
