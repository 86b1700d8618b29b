"""The photo's own parts against the matte: what lies on both sides of it, and what belongs to the product."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from packshot.imaging.light import F32
from packshot.imaging.measure_backdrop import fit
from packshot.imaging.measure_basins import basin_measures, basins
from packshot.imaging.measure_edge import lab_of
from packshot.imaging.measure_region import alike_alpha

SIDE = 480


def square() -> tuple[F32, F32]:
    """A dark square with a handle on a light sweep: L*a*b* and the true matte."""
    truth = np.zeros((SIDE, SIDE), np.uint8)
    cv2.rectangle(truth, (140, 140), (340, 340), 255, -1)
    cv2.rectangle(truth, (340, 220), (420, 250), 255, -1)
    alpha = cv2.GaussianBlur(truth, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    light = np.linspace(210, 190, SIDE, dtype=np.float32)[:, None, None] * np.ones(3, np.float32)
    photo = light * (1 - alpha) + np.array([40, 70, 120], np.float32) * alpha
    noisy = photo + np.random.default_rng(5).normal(0, 0.5, photo.shape)
    return lab_of(np.clip(noisy, 0, 255).astype(np.uint8)), np.asarray(truth / np.float32(255), np.float32)


LAB, TRUTH = square()


def measured(alpha: F32) -> dict[str, float]:
    alike: npt.NDArray[np.float32] = np.mean(alike_alpha(LAB, alpha), axis=0)
    return basin_measures(LAB, alpha, alike, fit(LAB, alpha))


def painted(corner: tuple[int, int], other: tuple[int, int], value: float) -> F32:
    matte = TRUTH.copy()
    cv2.rectangle(matte, corner, other, value, -1)
    return np.asarray(matte, np.float32)


def test_the_true_matte_divides_the_photo_as_the_photo_does() -> None:
    found = measured(TRUTH)
    assert max(found["straddle_in"], found["straddle_out"], found["opinion_lost"]) < 0.003
    assert found["straddle_thin"] < 0.03, "the outermost pixel at most"


def test_a_leftover_lies_in_basins_that_are_mostly_outside() -> None:
    found = measured(painted((150, 340), (200, 370), 1))
    assert found["straddle_in"] > 0.01 > found["straddle_out"]


def test_a_false_hole_lies_in_basins_that_are_mostly_inside() -> None:
    found, sound = measured(painted((200, 200), (225, 225), 0)), measured(TRUTH)
    assert found["straddle_out"] > sound["straddle_out"] and found["straddle_thin"] > sound["straddle_thin"] + 0.002
    assert found["straddle_in"] < 0.003


def test_a_part_that_was_cut_off_is_one_with_the_product_or_looks_like_it() -> None:
    share = 80 * 31 / float((TRUTH > 0.5).sum())
    found = measured(painted((341, 215), (425, 255), 0))
    assert found["straddle_out"] + found["opinion_lost"] == pytest.approx(share, rel=0.4)


def test_basins_cover_the_photo_and_weak_edges_bind() -> None:
    parts = basins(LAB)
    assert parts.area.sum() > 0.75 * SIDE * SIDE and parts.area[0] == 0
    assert (parts.one < parts.other).all() and (parts.bond >= 0).all()
    product = parts.mean(TRUTH) > 0.5
    across = product[parts.one] != product[parts.other]
    assert np.median(parts.bond[across]) < 0.1 * np.median(parts.bond[~across])


@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_an_empty_or_a_full_matte_is_measured(fill: float) -> None:
    assert all(0 <= value <= 1 for value in measured(np.full_like(TRUTH, fill)).values())
