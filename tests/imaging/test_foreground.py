"""Soft pixels show the product's colour, not the backdrop's."""

import cv2
import numpy as np
import pytest

from packshot.imaging.foreground import product_colour
from packshot.imaging.light import linear, srgb

PRODUCT, BACKDROP = np.array([30, 90, 40], np.uint8), np.array([80, 140, 230], np.uint8)


def soft_disc() -> tuple[np.ndarray, np.ndarray]:
    truth = np.zeros((400, 400), np.uint8)
    cv2.circle(truth, (200, 200), 110, 255, -1)
    truth = cv2.GaussianBlur(truth, (0, 0), 3)
    share = truth[..., None].astype(np.float32) / 255
    return srgb(linear(PRODUCT) * share + linear(BACKDROP) * (1 - share)), truth


def test_the_backdrops_colour_leaves_the_soft_edge():
    photo, matte = soft_disc()
    soft = (matte > 40) & (matte < 250)
    before = np.abs(photo[soft].astype(int) - PRODUCT).mean()
    after = np.abs(product_colour(photo, matte)[soft].astype(int) - PRODUCT).mean()
    assert after < 0.3 * before


def test_solid_pixels_keep_their_bytes_and_clear_ones_lose_theirs():
    photo, matte = soft_disc()
    out = product_colour(photo, matte)
    assert np.array_equal(out[matte == 255], photo[matte == 255])
    assert not out[matte == 0].any()


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_strength_scales_the_change(strength: float):
    photo, matte = soft_disc()
    soft = (matte > 40) & (matte < 250)
    whole = np.abs(product_colour(photo, matte)[soft].astype(int) - photo[soft]).mean()
    part = np.abs(product_colour(photo, matte, strength)[soft].astype(int) - photo[soft]).mean()
    assert part <= (strength + 0.2) * whole
    assert (part == 0) == (strength == 0)
