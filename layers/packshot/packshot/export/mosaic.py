"""A small picture that stands for a rendering while the encoder's setting is searched: its own blocks side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from packshot.export.layout import Box
from packshot.export.render import Rendering

U8 = npt.NDArray[np.uint8]
TILE = 64  # a multiple of every JPEG block, so that a tile is coded as it would be in place
MOSAIC_TILES = 36


def _grid_of(rendering: Rendering) -> tuple[int, int, int, int]:
    """The tiles of the product's box on the coder's own grid: left and top in px, rows and columns of tiles."""
    high, wide = rendering.alpha.shape
    box: Box = rendering.box
    left, top = box[0] // TILE * TILE, box[1] // TILE * TILE
    right, bottom = min(-(-box[2] // TILE), wide // TILE), min(-(-box[3] // TILE), high // TILE)
    return left, top, max(0, bottom - top // TILE), max(0, right - left // TILE)


def mosaic(rendering: Rendering) -> tuple[U8, npt.NDArray[np.bool_]]:
    """Up to 36 tiles of 64 px from the product's box as one picture, uint8 HxWx3, and where it shows product.

    A quarter are the busiest tiles, the rest an even spread. Small products come whole.
    """
    rgb = rendering.pixels[..., :3]
    left, top, rows, columns = _grid_of(rendering)
    if rows * columns < 4:
        return np.ascontiguousarray(rgb), rendering.alpha >= 128
    at = (slice(top, top + rows * TILE), slice(left, left + columns * TILE))
    most = rendering.alpha[at].reshape(rows, TILE, columns * TILE).max(axis=1).reshape(rows, columns, TILE).max(axis=2)
    chosen = np.flatnonzero(most.ravel() >= 128)
    if not chosen.size:
        chosen = np.arange(rows * columns)
    if len(chosen) > MOSAIC_TILES:
        few = rgb[at][::4, ::4, 1].reshape(rows, TILE // 4, columns, TILE // 4).swapaxes(1, 2).astype(np.float32)
        busy = chosen[np.argsort(few.var(axis=(2, 3)).ravel()[chosen], kind="stable")]
        hard, rest = busy[-MOSAIC_TILES // 4 :], busy[: -MOSAIC_TILES // 4]
        spread = rest[:: -(-len(rest) // (MOSAIC_TILES * 3 // 4))]
        chosen = np.sort(np.concatenate([hard, spread]))
    where = [(top + row * TILE, left + column * TILE) for row, column in zip(*np.divmod(chosen, columns), strict=True)]
    tiles = np.stack([rgb[y : y + TILE, x : x + TILE] for y, x in where])
    cover = np.stack([rendering.alpha[y : y + TILE, x : x + TILE] for y, x in where]) >= 128
    side = int(np.ceil(np.sqrt(len(tiles))))
    return _grid(tiles, side, 255), _grid(cover[..., None], side, 0)[..., 0].astype(np.bool_)


def _grid(tiles: npt.NDArray[Any], side: int, blank: int) -> npt.NDArray[Any]:
    rows = -(-len(tiles) // side)
    fill = np.full((rows * side - len(tiles), *tiles.shape[1:]), blank, tiles.dtype)
    grid = np.concatenate([tiles, fill]).reshape(rows, side, TILE, TILE, -1).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(rows * TILE, side * TILE, -1))
