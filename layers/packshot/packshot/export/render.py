"""One packshot from the master: laid out, resampled in linear light, with its shadow, on its background.

All arithmetic on light is linear: pixel values go through the sRGB transfer function of IEC 61966-2-1 first
and back last, so that downscaled highlights and edges keep their brightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.export.channels import RenderSpec

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom exclusive

EDGE = 13  # alpha (of 255) from which a pixel counts as product: 5 %
RESIDUE = 2  # alpha at or below this is noise of the matte and is not drawn
SHADOW_RESIDUE = 1
FADE_SHARE = 0.025  # of the canvas's short side: the shadow ends before the frame


class NoProduct(ValueError):
    """The matte is empty: there is nothing to render."""


@dataclass(frozen=True)
class Layout:
    """Where the product lies: canvas in px, canvas pixels per master pixel, canvas position of master (0,
    0).
    """

    width: int
    height: int
    scale: float
    x: float
    y: float


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
    return np.take(_to_srgb(), (np.clip(light, 0, 1) * 65535 + 0.5).astype(np.uint16))


def product_box(alpha: U8, edge: int = EDGE) -> Box:
    """The box of all pixels with alpha of at least ``edge``.

    Raises:
        NoProduct: there is none.
    """
    rows, columns = np.flatnonzero(alpha.max(axis=1) >= edge), np.flatnonzero(alpha.max(axis=0) >= edge)
    if not rows.size or not columns.size:
        raise NoProduct("the matte is empty")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def weight_centre(master: U8, box: Box) -> tuple[float, float]:
    """The optical centre (x, y) of the product in master px: alpha weighted by contrast against white."""
    left, top, right, bottom = box
    crop = master[top:bottom:4, left:right:4].astype(np.float32)
    weight = crop[..., 3] * (40 + 255 - crop[..., :3].mean(axis=2))
    total = float(weight.sum())
    x = float((weight.sum(axis=0) * np.arange(weight.shape[1])).sum()) / total
    y = float((weight.sum(axis=1) * np.arange(weight.shape[0])).sum()) / total
    return left + 4 * x + 2, top + 4 * y + 2


def lay_out(master: U8, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> Layout:
    """Place the product: ``spec.fill`` of the tighter axis, centred; a smaller canvas rather than upscaling.

    Args:
        master: uint8 HxWx4, straight alpha.
        least: the canvas (width, height) below which the channel refuses the file; here upscaling happens.

    Raises:
        NoProduct: the matte is empty.
    """
    box = product_box(master[..., 3])
    wide, high = box[2] - box[0], box[3] - box[1]
    full = min(spec.width * spec.fill / wide, spec.height * spec.fill / high)
    shrink = max(min(1.0, 1 / full), least[0] / spec.width, least[1] / spec.height)
    width, height = max(1, round(spec.width * shrink)), max(1, round(spec.height * shrink))
    scale = min(width * spec.fill / wide, height * spec.fill / high)
    if 1 < scale < 1.004:  # rounding of the canvas, not a wish for more pixels
        scale = 1.0
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if spec.centre == "weight":
        wx, wy = weight_centre(master, box)
        room_x, room_y = (width / scale - wide) / 4, (height / scale - high) / 4  # keeps half of each margin
        cx += min(max(wx - cx, -room_x), room_x)
        cy += min(max(wy - cy, -room_y), room_y)
    x, y = width / 2 - cx * scale, height / 2 - cy * scale
    return Layout(
        width, height, scale, float(round(x)) if scale == 1 else x, float(round(y)) if scale == 1 else y
    )


@dataclass(frozen=True)
class _Window:
    """The part of the canvas that has content, and where it comes from in the master."""

    target: Box
    source: tuple[float, float, float, float]

    def slices(self) -> tuple[slice, slice]:
        left, top, right, bottom = self.target
        return slice(top, bottom), slice(left, right)


def _window(content: Box, layout: Layout, shape: tuple[int, ...]) -> _Window:
    s = layout.scale
    left = max(0, int(np.ceil(layout.x)), int(np.floor(layout.x + s * content[0])))
    top = max(0, int(np.ceil(layout.y)), int(np.floor(layout.y + s * content[1])))
    right = min(layout.width, int(layout.x + s * shape[1]), int(np.ceil(layout.x + s * content[2])))
    bottom = min(layout.height, int(layout.y + s * shape[0]), int(np.ceil(layout.y + s * content[3])))
    source = tuple(
        (v - o) / s for v, o in zip((left, top, right, bottom), (layout.x, layout.y) * 2, strict=True)
    )
    limits = (shape[1], shape[0]) * 2
    clipped = tuple(min(max(v, 0.0), float(m)) for v, m in zip(source, limits, strict=True))
    return _Window((left, top, right, bottom), (clipped[0], clipped[1], clipped[2], clipped[3]))


def _resample(plane: npt.NDArray[np.float32] | U8, window: _Window, scale: float) -> F32:
    """One plane of the window at canvas size: Lanczos-3 with antialiasing, or a plain copy at scale 1."""
    left, top, right, bottom = window.source
    if scale == 1:
        cut = plane[int(top) : int(bottom), int(left) : int(right)]
        return cut.astype(np.float32) / 255 if cut.dtype == np.uint8 else cut
    pad = int(np.ceil(3 / min(scale, 1))) + 1
    x0, y0 = max(0, int(left) - pad), max(0, int(top) - pad)
    cut = np.ascontiguousarray(plane[y0 : int(bottom) + pad, x0 : int(right) + pad])
    size = (window.target[2] - window.target[0], window.target[3] - window.target[1])
    box = (left - x0, top - y0, min(right - x0, cut.shape[1]), min(bottom - y0, cut.shape[0]))
    out = np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.LANCZOS, box=box))
    return out.astype(np.float32) / 255 if out.dtype == np.uint8 else out


def _fade(density: F32, canvas: tuple[int, int], target: Box) -> F32:
    """Let the shadow end before the frame: a ramp over the outer 2.5 % of the canvas, 0 at the frame."""
    width, height = canvas
    reach = max(4.0, FADE_SHARE * min(canvas))

    def ramp(start: int, stop: int, size: int) -> F32:
        at = np.arange(start, stop, dtype=np.float32)
        return np.clip((np.minimum(at, size - 1 - at) - 2) / reach, 0, 1)

    return density * ramp(target[1], target[3], height)[:, None] * ramp(target[0], target[2], width)[None, :]


def _clean(master: U8, shadow: U8 | None, spec: RenderSpec) -> tuple[U8, U8 | None, Box]:
    """Alpha and shadow without the matte's last residue, and the box of what is left of both."""
    alpha = np.where(master[..., 3] <= RESIDUE, 0, master[..., 3]).astype(np.uint8)
    content = product_box(alpha, 1)
    if shadow is None or spec.shadow == "none" or int(shadow.max()) <= SHADOW_RESIDUE:
        return alpha, None, content
    density = np.where(shadow <= SHADOW_RESIDUE, 0, shadow).astype(np.uint8)
    other = product_box(density, 1)
    return (
        alpha,
        density,
        (
            min(content[0], other[0]),
            min(content[1], other[1]),
            max(content[2], other[2]),
            max(content[3], other[3]),
        ),
    )


def render(master: U8, shadow: U8 | None, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> Rendering:
    """Render the master for a channel.

    Args:
        master: uint8 HxWx4 sRGB, straight alpha.
        shadow: uint8 HxW density (0 none, 255 black) in the master's frame, or None.
        spec: the channel's layout.
        least: the smallest canvas (width, height) that the channel takes; upscaling happens only to reach it.

    Returns:
        The rendering; ``scale`` above 1 says that it was enlarged.

    Raises:
        NoProduct: the matte is empty.
    """
    if spec.whole:
        return _whole(master, shadow)
    layout = lay_out(master, spec, least)
    alpha, density, content = _clean(master, shadow, spec)
    window = _window(content, layout, master.shape)
    a = np.clip(_resample(alpha, window, layout.scale), 0, 1)
    left, top, right, bottom = (int(v) for v in (*window.source[:2], *np.ceil(window.source[2:])))
    pad = int(np.ceil(3 / min(layout.scale, 1))) + 2
    x0, y0 = max(0, left - pad), max(0, top - pad)
    part = (slice(y0, bottom + pad), slice(x0, right + pad))
    near = _Window(window.target, _shift(window.source, x0, y0))
    cover = alpha[part].astype(np.float32) / 255
    light = np.empty((*a.shape, 3), np.float32)
    for channel in range(3):
        plane = np.take(_to_linear(), master[(*part, channel)]) * cover
        light[..., channel] = np.clip(_resample(plane, near, layout.scale), 0, a)
    d = None if density is None else np.clip(_resample(density, window, layout.scale), 0, 1)
    if d is not None:
        d = _fade(d, (layout.width, layout.height), window.target)
    return _composite(light, a, d, layout, window, spec.background)


def _shift(box: tuple[float, float, float, float], x: int, y: int) -> tuple[float, float, float, float]:
    return box[0] - x, box[1] - y, box[2] - x, box[3] - y


def _composite(
    light: F32, a: F32, d: F32 | None, layout: Layout, window: _Window, background: str
) -> Rendering:
    """Premultiplied light over shadow over background, in linear light, back to sRGB."""
    size, at = (layout.height, layout.width), window.slices()
    alpha, shadow = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    alpha[at] = (a * 255 + 0.5).astype(np.uint8)
    if d is not None:
        shadow[at] = (d * 255 + 0.5).astype(np.uint8)
    if background == "transparent":
        through = a if d is None else a + (1 - a) * d
        pixels = np.zeros((*size, 4), np.uint8)
        pixels[(*at, slice(0, 3))] = encode_srgb(light / np.maximum(through, 1 / 1024)[..., None])
        pixels[(*at, 3)] = (through * 255 + 0.5).astype(np.uint8)
        pixels[pixels[..., 3] == 0] = 0
    else:
        code = np.array([int(background[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        behind = 1 - a if d is None else (1 - a) * (1 - d)
        for channel in range(3):
            light[..., channel] += behind * _to_linear()[code[channel]]
        pixels = np.empty((*size, 3), np.uint8)
        pixels[:] = code
        pixels[at] = encode_srgb(light)
    return Rendering(pixels, alpha, shadow, product_box(alpha), layout.scale, background)


def _whole(master: U8, shadow: U8 | None) -> Rendering:
    """The master untouched."""
    alpha = np.ascontiguousarray(master[..., 3])
    density = np.zeros(alpha.shape, np.uint8) if shadow is None else shadow
    return Rendering(master, alpha, density, product_box(alpha), 1.0, "transparent")
