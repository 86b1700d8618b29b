"""What the accurate network is tuned on: products as photographed, and before other things, each with its truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.isnet_lessons import Product, composed, lesson, products

DISC = cv2.circle(np.zeros((300, 240), np.uint8), (120, 150), 60, 255, -1, cv2.LINE_AA)


@pytest.fixture
def known(tmp_path: Path) -> list[Product]:
    """A red disc before grey, and a white one before blue."""
    for name, disc, plate in (("a", (200, 40, 30), (120, 120, 120)), ("b", (250, 250, 250), (30, 40, 160))):
        colour = np.full((300, 240, 3), disc, np.uint8)
        photo = np.where(DISC[..., None] > 127, colour, np.array(plate, np.uint8))
        for folder, end, picture in (("photos", "jpg", photo), ("fg", "png", colour), ("alpha", "png", DISC)):
            (tmp_path / folder).mkdir(exist_ok=True)
            assert cv2.imwrite(
                str(tmp_path / folder / f"{name}.{end}"), picture[..., ::-1] if picture.ndim == 3 else picture
            )
    return products([tmp_path])


def test_behind_a_product_is_what_is_around_it(known: list[Product]) -> None:
    for product, plate in zip(known, ((120, 120, 120), (30, 40, 160)), strict=True):
        assert np.abs(product.behind.astype(int) - plate).max() < 12


def test_a_made_up_photo_shows_the_product_where_its_truth_says(known: list[Product]) -> None:
    for seed in range(8):
        photo, truth = composed(known[:1], np.random.default_rng(seed))
        assert photo.shape[:2] == truth.shape == (300, 240)
        solid = photo[truth == 255].astype(float)
        assert len(solid) > 1000
        assert solid.std(axis=0).max() < 12, "one colour, and noise"


def test_lessons_are_of_the_networks_sizes_with_truth_beside(known: list[Product]) -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        shown, truth = lesson(known, rng)
        assert shown.shape[:2] == (1, 3) and truth.shape == (1, 1, *shown.shape[2:])
        assert not {side % 64 for side in shown.shape[2:]} - {0}
        assert -0.5 <= shown.min() < shown.max() <= 0.5
        assert truth.min() == 0 and truth.max() == 1


def test_what_is_left_out_is_not_learnt_from(tmp_path: Path, known: list[Product]) -> None:
    assert len(known) == 2 and len(products([tmp_path], left_out=["b"])) == 1
