"""What a file shows: where product, shadow and background lie in it, and what lies where nothing should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.export.inspection import U8, Written

Mask = npt.NDArray[np.bool_]
RESIDUE = 3  # levels that a pixel may differ from the background before it counts as something


@dataclass(frozen=True)
class Picture:
    """Where product, shadow and background lie in a file, and what lies where nothing should.

    ``estimated``: found from the background's colour, for want of a matte. ``even``: the background is one colour,
    so that product and background can be told apart at all. ``white``: share of background pixels at 255 in all
    channels (transparent ones count apart in ``clear``), ``worst`` the darkest. ``islands``: boxes (left, top,
    width, height) of what lies apart from product and shadow, ``marks`` of what stands out clearly and may be letters.
    ``at_frame``: pixels of the outermost ring that are not background. ``fill``: 0..1, None where unknown.
    """

    estimated: bool
    even: bool
    background: tuple[int, int, int]
    white: float
    clear: float
    worst: int
    islands: list[tuple[int, int, int, int]]
    marks: list[tuple[int, int, int, int]]
    at_frame: int
    border_sides: int
    fill: float | None


def guard(written: Written) -> int:
    """Pixels around product and shadow in which the coder may ring: its largest block, doubled by 4:2:0."""
    return 2 if written.lossless else {"jpeg": 17, "webp": 20, "avif": 68}.get(written.format, 17)


def _largest(planes: Sequence[U8]) -> U8:
    """The largest of three channels, each uint8 HxW; numpy's own reduction over a short axis is thirty times slower."""
    return np.asarray(cv2.max(cv2.max(planes[0], planes[1]), planes[2]), np.uint8)


def _smallest(planes: Sequence[U8]) -> U8:
    """The smallest of three channels, each uint8 HxW."""
    return np.asarray(cv2.min(cv2.min(planes[0], planes[1]), planes[2]), np.uint8)


def _off(plane: U8, level: int) -> U8:
    """How far a channel is from a level, uint8 HxW."""
    if level == 255:  # nearly always
        return np.asarray(cv2.bitwise_not(plane), np.uint8)
    return np.asarray(cv2.absdiff(plane, np.full_like(plane, level)), np.uint8)


def _ring(rgb: U8, depth: int = 1) -> U8:
    edges = (rgb[:depth], rgb[-depth:], rgb[depth:-depth, :depth], rgb[depth:-depth, -depth:])
    return np.concatenate([edge.reshape(-1, 3) for edge in edges])


def _components(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def _boxes(mask: Mask, least_area: int) -> list[tuple[int, int, int, int]]:
    if not np.count_nonzero(mask):
        return []
    _, stats = _components(mask)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, area in stats[1:] if area >= least_area]


def _border_sides(rgb: U8) -> int:
    """Sides with an even line or band along the frame that differs from what lies just inside it."""
    sides, found = (rgb, rgb[::-1], rgb.swapaxes(0, 1), rgb.swapaxes(0, 1)[::-1]), 0
    for side in sides:
        deep = max(4, side.shape[0] // 30)
        strip = side[: deep + 1, deep : -deep : max(1, side.shape[1] // 256)].astype(np.int16)
        if strip.shape[1] < 8:
            continue
        if int(strip.max()) - int(strip.min()) <= 16:  # no line: nearly always
            continue
        inner = np.median(strip[deep], axis=0)
        rows = np.median(strip[:deep], axis=1)
        level = np.abs(strip[:deep] - rows[:, None]).max(axis=2) <= 12
        drawn = (np.abs(rows - inner).max(axis=1) > 16) & (level.mean(axis=1) >= 0.95)
        found += bool(drawn.any())
    return found


def look(written: Written, product: U8 | None = None, shadow: U8 | None = None) -> Picture:
    """Find background, product and residue.

    Args:
        written: the file.
        product: uint8 HxW alpha of the product in this very file, or None: then it is estimated.
        shadow: uint8 HxW density, with ``product``.

    Raises:
        ValueError: the alpha has another size than the file.
    """
    rgb = written.rgb
    if product is not None and product.shape != rgb.shape[:2]:
        raise ValueError(f"alpha is {product.shape}, the file {rgb.shape[:2]}")
    visible = _on_white(written)
    ring = _ring(visible, 2)
    tone = np.median(ring, axis=0)
    planes = [np.asarray(plane, np.uint8) for plane in cv2.split(visible)]
    away = _largest([_off(plane, int(level)) for plane, level in zip(planes, tone, strict=True)])
    even = product is not None or float((np.abs(ring - tone).max(axis=1) <= 10).mean()) >= 0.6
    if product is not None:
        content = product if shadow is None else np.asarray(cv2.max(product, shadow), np.uint8)
        box = _box_of(product >= 13)
    else:
        parts = _main_parts(away, even)
        box = _box_of(_solid(visible, planes, away) & parts) if even else None
        content = parts.view(np.uint8)
    near = cv2.dilate(content, np.ones((2 * guard(written) + 1,) * 2, np.uint8))
    outside: Mask = (near == 0) if even else np.zeros(near.shape, np.bool_)
    total, least = int(np.count_nonzero(outside)), _smallest(planes)
    white = least == 255
    if product is None:  # bright glass within the product's outline is not to be told from the background
        white |= _enclosed(content > 0) & (least >= 255 - RESIDUE)
    pure = int(np.count_nonzero(white & outside))
    clear = 0 if written.alpha is None else int(np.count_nonzero((written.alpha == 0) & outside))
    islands = _boxes(outside & (away > RESIDUE), 2)
    fill = None if box is None else max((box[2] - box[0]) / written.width, (box[3] - box[1]) / written.height)
    return Picture(
        estimated=product is None,
        even=even,
        background=(int(tone[0]), int(tone[1]), int(tone[2])),
        white=pure / max(1, total),
        clear=clear / max(1, total),
        worst=int(cv2.minMaxLoc(least, outside.view(np.uint8))[0]) if total else 255,
        islands=islands,
        marks=_small_parts(away, even) if product is None else _boxes(outside & (away > 40), 4) if islands else [],
        at_frame=int((np.abs(_ring(visible).astype(np.int16) - tone).max(axis=1) > 2).sum()) if even else 0,
        border_sides=_border_sides(visible),
        fill=fill,
    )


def _on_white(written: Written) -> U8:
    """The picture as a page shows it: transparent parts on white."""
    if written.alpha is None:
        return written.rgb
    a = written.alpha[..., None].astype(np.float32) / 255
    return np.asarray(written.rgb * a + 255 * (1 - a) + 0.5, np.uint8)


def _box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    left, top, wide, high = cv2.boundingRect(mask.view(np.uint8))
    return (left, top, left + wide, top + high) if wide else None


def _main_parts(away: U8, even: bool) -> Mask:
    """The parts that make up product and shadow: the largest, and all of at least a thirtieth of its weight.

    Weighed by clearly visible pixels, so that a line of text does not pass for a part. A part reaches as far as its
    shadow's last grey level.
    """
    if not even:
        return np.ones(away.shape, np.bool_)
    closed = cv2.morphologyEx((away > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    labels, stats = _components(np.asarray(closed > 0))
    weights = np.bincount(labels[away > 24], minlength=len(stats))
    weights[0] = 0
    return np.asarray((weights >= max(1, weights.max() // 30))[labels])


def _small_parts(away: U8, even: bool) -> list[tuple[int, int, int, int]]:
    """Parts that stand out clearly and are small beside the largest: what may be letters, near the product too.

    No share of weight tells large letters from a product's own parts; a set of like pieces has no such small ones.
    """
    if not even:
        return []
    _, stats = _components(away > 40)
    most = int(stats[1:, cv2.CC_STAT_AREA].max(initial=0)) // 8
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, area in stats[1:] if 4 <= area <= most]


def _enclosed(content: Mask) -> Mask:
    """What the content surrounds: all that does not hang together with the frame."""
    _, labels = cv2.connectedComponents((~content).view(np.uint8), connectivity=4)
    free = np.zeros(int(labels.max()) + 1, np.bool_)
    free[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    return np.asarray(~free[labels] & ~content)


def _solid(rgb: U8, planes: Sequence[U8], away: U8) -> Mask:
    """Pixels that are product and not soft shadow: far from the background and coloured, dark or on an
    edge.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    steep = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=3)) > 24
    span = cv2.subtract(_largest(planes), _smallest(planes))
    return np.asarray((away > 16) & (steep | (span > 24) | (grey < 110)))


def text_lines(islands: list[tuple[int, int, int, int]], height: int) -> int:
    """Groups of three or more parts that stand like letters: alike in height, on one line, close together.

    Measured by ``python -m bench overlays``.
    """
    letters = sorted(b for b in islands if 0.006 * height <= b[3] <= 0.2 * height and b[2] <= 3 * b[3])
    lines = 0
    while letters:
        line = [letters.pop(0)]
        rest: list[tuple[int, int, int, int]] = []
        for box in letters:
            last = line[-1]
            level = abs((box[1] + box[3]) - (last[1] + last[3])) <= 0.3 * max(box[3], last[3])
            alike = 0.45 <= box[3] / last[3] <= 2.2
            close = box[0] - (last[0] + last[2]) <= 1.5 * max(box[3], last[3])
            (line if level and alike and close else rest).append(box)
        letters = rest
        lines += len(line) >= 3
    return lines
