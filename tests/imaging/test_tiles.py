"""Boxes around what a mask holds."""

from __future__ import annotations

import numpy as np

from packshot.imaging.tiles import TILE, bands, grown, runs


def test_runs_cover_all_that_the_mask_holds_and_no_tile_without() -> None:
    mask = np.zeros((3 * TILE + 5, 4 * TILE + 9), np.uint8)
    mask[10, [0, TILE, 3 * TILE + 2]] = 1
    mask[-1, -1] = 255
    found = list(runs(mask))
    assert found == [
        (slice(0, TILE), slice(0, 2 * TILE)),
        (slice(0, TILE), slice(3 * TILE, 4 * TILE)),
        (slice(3 * TILE, 3 * TILE + 5), slice(4 * TILE, 4 * TILE + 9)),
    ]
    assert not list(runs(np.zeros_like(mask)))


def test_a_box_grows_as_far_as_the_picture_goes() -> None:
    assert grown((slice(2, 10), slice(5, 20)), 3, (12, 40, 3)) == (slice(0, 12), slice(2, 23))


def test_bands_cover_the_box_of_what_the_mask_holds() -> None:
    mask = np.zeros((50, 40), np.uint8)
    mask[7, 30] = mask[31, 4] = 1
    assert list(bands(mask, 10)) == [
        (slice(7, 17), slice(4, 31)),
        (slice(17, 27), slice(4, 31)),
        (slice(27, 32), slice(4, 31)),
    ]
    assert not list(bands(np.zeros_like(mask), 10))
