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


def _tiles(plane: U8, box: Box) -> U8:
    """The tiles of a box, uint8 Nx64x64xC, on the coder's own grid."""
    left, top = box[0] // TILE * TILE, box[1] // TILE * TILE
    right = min(-(-box[2] // TILE) * TILE, plane.shape[1] // TILE * TILE)
    bottom = min(-(-box[3] // TILE) * TILE, plane.shape[0] // TILE * TILE)
    rows, columns = max(0, bottom - top) // TILE, max(0, right - left) // TILE
    if not rows * columns:
        return np.empty((0, TILE, TILE, plane.shape[2] if plane.ndim == 3 else 1), np.uint8)
    part = plane[top : top + rows * TILE, left : left + columns * TILE]
    return part.reshape(rows, TILE, columns, TILE, -1).swapaxes(1, 2).reshape(rows * columns, TILE, TILE, -1)


def mosaic(rendering: Rendering) -> tuple[U8, npt.NDArray[np.bool_]]:
    """Up to 36 tiles of 64 px from the product's box as one picture, uint8 HxWx3, and where it shows product.

    A quarter are the busiest tiles, the rest an even spread. Small products come whole.
    """
    rgb = rendering.pixels[..., :3]
    tiles, cover = _tiles(rgb, rendering.box), _tiles(rendering.alpha, rendering.box)[..., 0] >= 128
    if len(tiles) < 4:
        return np.ascontiguousarray(rgb), rendering.alpha >= 128
    shows = cover.any(axis=(1, 2))
    if shows.any():
        tiles, cover = tiles[shows], cover[shows]
    if len(tiles) > MOSAIC_TILES:
        busy = np.argsort(tiles[:, ::4, ::4, 1].astype(np.float32).var(axis=(1, 2)), kind="stable")
        hard, rest = busy[-MOSAIC_TILES // 4 :], busy[: -MOSAIC_TILES // 4]
        spread = rest[:: -(-len(rest) // (MOSAIC_TILES * 3 // 4))]
        chosen = np.sort(np.concatenate([hard, spread]))
        tiles, cover = tiles[chosen], cover[chosen]
    side = int(np.ceil(np.sqrt(len(tiles))))
    return _grid(tiles, side, 255), _grid(cover[..., None], side, 0)[..., 0].astype(np.bool_)


def _grid(tiles: npt.NDArray[Any], side: int, blank: int) -> npt.NDArray[Any]:
    rows = -(-len(tiles) // side)
    fill = np.full((rows * side - len(tiles), *tiles.shape[1:]), blank, tiles.dtype)
    grid = np.concatenate([tiles, fill]).reshape(rows, side, TILE, TILE, -1).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(rows * TILE, side * TILE, -1))
