"""The small network of our own that settles the edge: photo, coarse matte and colour fields in, fine matte out.

It works on 2x2 cells of the photo, so that most of its work is done at half size, and is asked only for the tiles that
hold something unsettled. What it was trained on and how: `docs/mattes.md`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Literal

import cv2
import numpy as np

from packshot.imaging.backdrop import Fields, Judge, View
from packshot.imaging.light import F32, U8, linear

CELL = 2
TILE, HALO = 80, 4
"""Side of a tile and what is seen around it, in cells."""
CHANNELS = 27

Settle = Callable[[F32], F32]


def weights() -> bytes:
    """The ONNX file that is shipped with the code."""
    return resources.files(__package__).joinpath("refiner.onnx").read_bytes()


@cache
def sha256() -> str:
    """SHA-256 of the weights, hex: part of what a matte was made with."""
    return hashlib.sha256(weights()).hexdigest()


Body = Literal["porous", "solid", "firm"]
"""Where gaps may be in what is surely inside: anywhere (lace, mesh, fur), beside doubt only, nowhere (metal, glass)."""


def refine(photo: U8, matte: F32, fields: Fields, settle: Settle, body: Body = "porous") -> F32:
    """The fine matte, float32 2h x 2w.

    photo uint8 2h x 2w x 3 sRGB; matte float32 h x w coarse; fields of size h x w; settle maps features
    1 x 27 x n x m (n, m multiples of 8) to alphas 1 x 4 x n x m of the cells.
    """
    height, width = matte.shape
    unsettled = fields.unsettled
    if body != "porous":  # a coarse matte that is half sure of a whole product must not thin out its edge
        matte = np.maximum(matte, fields.inside, dtype=np.float32)
    size = (CELL * width, CELL * height)
    sure = np.asarray(cv2.resize(fields.inside.astype(np.float32), size, interpolation=cv2.INTER_NEAREST), np.float32)
    fine = sure.copy()
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            part = unsettled[top : top + TILE, left : left + TILE]
            rows, cols = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if rows.size:
                box = (top + rows[0], top + rows[-1] + 1, left + cols[0], left + cols[-1] + 1)
                settled = _settled_box(photo, matte, fields, box, settle)
                fine[CELL * box[0] : CELL * box[1], CELL * box[2] : CELL * box[3]] = settled
    return np.maximum(fine, sure, out=fine) if body == "firm" else fine


def _settled_box(photo: U8, matte: F32, fields: Fields, box: tuple[int, int, int, int], settle: Settle) -> F32:
    """The network's alphas for a box of cells (top, bottom, left, right), seen with a halo around it."""
    top, bottom, left, right = box
    t, le = max(0, top - HALO), max(0, left - HALO)
    rows, columns = slice(t, min(bottom + HALO, len(matte))), slice(le, min(right + HALO, matte.shape[1]))
    root = np.sqrt(linear(photo[CELL * t : CELL * rows.stop, CELL * le : CELL * columns.stop]))
    cells = settle(_padded(stack(root, matte[rows, columns], fields.window(rows, columns)))[None])[0]
    return _unfold(cells[:, top - t : bottom - t, left - le : right - le])


def stack(root: F32, matte: F32, known: View) -> F32:
    """The network's input, 27 x h x w.

    0-11 the four pixels' colours less the backdrop's, 12-14 product less backdrop, 15-17 backdrop (all root light; the
    differences times 4 and 2), 18 coarse matte, 19 root of the backdrop's spread, 20 surely outside, 21 surely
    inside, 22-25 the four pixels' alphas by colour, 26 how far to trust those.
    """
    height, width = matte.shape
    backdrop = np.sqrt(np.clip(known.backdrop, 0, 1))
    product = np.sqrt(np.clip(known.product, 0, 1))
    out, judge = np.empty((CHANNELS, height, width), np.float32), Judge.of(known)
    for cell in range(CELL * CELL):
        pixels = root[cell // CELL :: CELL, cell % CELL :: CELL]
        out[3 * cell : 3 * cell + 3] = 4 * (pixels - backdrop).transpose(2, 0, 1)
        out[22 + cell] = judge.alpha(np.square(pixels))
    out[12:15] = 2 * (product - backdrop).transpose(2, 0, 1)
    out[15:18] = backdrop.transpose(2, 0, 1)
    out[18] = matte
    out[19] = np.sqrt(known.spread)
    out[20], out[21] = known.outside, known.inside
    out[26] = judge.trust
    return out


def _unfold(cells: F32) -> F32:
    """4 x h x w alphas of 2x2 cells laid out as 2h x 2w."""
    _, height, width = cells.shape
    pixels: F32 = cells.reshape(CELL, CELL, height, width).transpose(2, 0, 3, 1).reshape(CELL * height, CELL * width)
    return pixels


def _padded(window: F32) -> F32:
    """Edge-padded at the bottom and right to multiples of 8."""
    more = [(0, 0)] + [(0, -side % 8) for side in window.shape[1:]]
    return np.pad(window, more, mode="edge")
