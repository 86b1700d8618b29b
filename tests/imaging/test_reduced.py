"""Work at a reduced size: what is smooth comes out as at full size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging.reduced import blurred, enlarged, scale_of, shrunk


@pytest.mark.parametrize("shape", [(240, 320, 3), (241, 320), (244, 318, 3)])
def test_shrunk_by_halves_is_the_mean_of_what_a_pixel_stands_for(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    small = shrunk(image, (70, 50))
    straight = cv2.resize(image, (70, 50), interpolation=cv2.INTER_AREA)
    assert small.shape == straight.shape and small.dtype == np.uint8
    assert abs(float(small.mean()) - float(image.mean())) < 0.6
    assert np.abs(small.astype(int) - straight.astype(int)).mean() < 12  # of noise whose own mean is 64 off


def test_a_size_that_it_has_is_left_alone() -> None:
    image = np.zeros((20, 30), np.uint8)
    assert shrunk(image, (30, 20)) is image


def test_a_wide_blur_at_a_small_size_is_the_blur() -> None:
    image = np.zeros((300, 400), np.float32)
    image[100:180, 150:260] = 1
    full = cv2.GaussianBlur(image, (0, 0), sigmaX=20, sigmaY=12)
    assert np.abs(blurred(image, 20, 12) - full).max() < 0.02


def test_a_part_enlarged_is_that_part_of_the_whole_enlarged() -> None:
    field = np.random.default_rng(0).random((12, 16, 3), np.float32)
    whole = cv2.resize(field, (160, 120), interpolation=cv2.INTER_LINEAR)
    part, scale = (slice(30, 70), slice(50, 140)), scale_of(field.shape, whole.shape)
    assert np.abs(enlarged(field, part, scale) - whole[part]).max() < 0.02
    inner = np.ascontiguousarray(field[2:9, 4:16])
    assert np.abs(enlarged(inner, part, scale, (2, 4)) - whole[part]).max() < 0.02
