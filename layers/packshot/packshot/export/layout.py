"""Where the product lies on a channel's canvas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.export.specs import RenderSpec

U8 = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom exclusive
EDGE = 13  # alpha (of 255) from which a pixel counts as product: 5 %


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


def product_box(alpha: U8, edge: int = EDGE) -> Box:
    """The box of all pixels with alpha of at least ``edge``.

    Raises:
        NoProduct: there is none.
    """
    left, top, wide, high = cv2.boundingRect((alpha >= edge).view(np.uint8))
    if not wide:
        raise NoProduct("the matte is empty")
    return left, top, left + wide, top + high


def weight_centre(master: U8, box: Box) -> tuple[float, float]:
    """The optical centre (x, y) of the product in master px: alpha weighted by contrast against white."""
    left, top, right, bottom = box
    crop = master[top:bottom:4, left:right:4].astype(np.float32)
    weight = crop[..., 3] * (40 + 255 - crop[..., :3].mean(axis=2))
    total = float(weight.sum())
    x = float((weight.sum(axis=0) * np.arange(weight.shape[1])).sum()) / total
    y = float((weight.sum(axis=1) * np.arange(weight.shape[0])).sum()) / total
    return left + 4 * x + 2, top + 4 * y + 2


def lay_out(master: U8, box: Box, spec: RenderSpec, least: tuple[int, int] = (0, 0)) -> Layout:
    """Place the product: ``spec.fill`` of the tighter axis, centred; a smaller canvas rather than upscaling.

    Args:
        master: uint8 HxWx4, straight alpha.
        box: the product's box in it.
        least: the canvas (width, height) below which the channel refuses the file; here upscaling happens.
    """
    wide, high = box[2] - box[0], box[3] - box[1]
    full = min(spec.width * spec.fill / wide, spec.height * spec.fill / high)
    shrink = max(min(1.0, 1 / full), least[0] / spec.width, least[1] / spec.height)
    width, height = max(1, round(spec.width * shrink)), max(1, round(spec.height * shrink))
    scale = min(width * spec.fill / wide, height * spec.fill / high)
    if 0.996 < scale < 1.004:  # rounding of the canvas, not a wish for more or fewer pixels
        scale = 1.0
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if spec.centre == "weight":
        wx, wy = weight_centre(master, box)
        room_x, room_y = (width / scale - wide) / 4, (height / scale - high) / 4  # keeps half of each margin
        cx += min(max(wx - cx, -room_x), room_x)
        cy += min(max(wy - cy, -room_y), room_y)
    x, y = width / 2 - cx * scale, height / 2 - cy * scale
    return Layout(width, height, scale, float(round(x)) if scale == 1 else x, float(round(y)) if scale == 1 else y)


@dataclass(frozen=True)
class Window:
    """The part of the canvas that has content, and where it comes from in the master."""

    target: Box
    source: tuple[float, float, float, float]


def window_of(content: Box, layout: Layout, shape: tuple[int, ...]) -> Window:
    """The window of a box of the master (of this shape) under a layout."""
    s, x, y = layout.scale, layout.x, layout.y
    left = max(0, int(np.ceil(x)), int(np.floor(x + s * content[0])))
    top = max(0, int(np.ceil(y)), int(np.floor(y + s * content[1])))
    right = min(layout.width, int(x + s * shape[1]), int(np.ceil(x + s * content[2])))
    bottom = min(layout.height, int(y + s * shape[0]), int(np.ceil(y + s * content[3])))
    wide, high = float(shape[1]), float(shape[0])
    source = (
        min(max((left - x) / s, 0.0), wide),
        min(max((top - y) / s, 0.0), high),
        min(max((right - x) / s, 0.0), wide),
        min(max((bottom - y) / s, 0.0), high),
    )
    return Window((left, top, right, bottom), source)
