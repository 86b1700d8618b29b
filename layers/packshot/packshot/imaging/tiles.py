"""Where there is something to do: boxes of a mask, so that work along an outline costs what its length does."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from packshot.imaging.light import U8

TILE = 64

Part = tuple[slice, slice]
"""Rows and columns."""


def runs(mask: U8) -> Iterator[Part]:
    """Rows and columns of the tiles where a uint8 HxW mask is not 0, neighbours beside each other as one."""
    height, width = mask.shape
    starts = np.arange(0, width, TILE)
    for top in range(0, height, TILE):
        held = np.maximum.reduceat(cv2.reduce(mask[top : top + TILE], 0, cv2.REDUCE_MAX)[0], starts) > 0
        turns = np.flatnonzero(np.diff(held, prepend=False, append=False)) * TILE
        for left, right in turns.reshape(-1, 2):
            yield slice(top, min(top + TILE, height)), slice(int(left), min(int(right), width))


def bands(mask: U8, rows: int) -> Iterator[Part]:
    """The box of all that a uint8 HxW mask holds, so many rows at a time."""
    left, top, width, height = cv2.boundingRect(mask)
    for start in range(top, top + height, rows):
        yield slice(start, min(start + rows, top + height)), slice(left, left + width)


def grown(part: Part, by: int, shape: tuple[int, ...]) -> Part:
    """The same box with so many more rows and columns on each side, as far as an array of this shape goes."""
    rows, columns = (slice(max(0, p.start - by), min(end, p.stop + by)) for p, end in zip(part, shape[:2], strict=True))
    return rows, columns
