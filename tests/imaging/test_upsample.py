"""Carrying mattes between sizes without losing the edge."""

import cv2
import numpy as np

from packshot.imaging import upsample


def test_enlarging_stays_within_bounds():
    matte = (np.indices((10, 12)).sum(axis=0) % 2).astype(np.float32)
    big = upsample.enlarge(matte, 100, 120)
    assert big.shape == (100, 120) and big.min() >= 0 and big.max() <= 1


def test_a_matte_carried_to_full_size_follows_the_photos_edge():
    rgb = np.full((800, 600, 3), 240, np.uint8)
    cv2.circle(rgb, (300, 400), 200, (20, 60, 30), -1, cv2.LINE_AA)
    truth = (240 - rgb[..., 0].astype(np.float32)) / 220
    small = cv2.resize(rgb, (150, 200), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(truth, (150, 200), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(coarse, (600, 800), interpolation=cv2.INTER_LINEAR)
    led = upsample.to_size(small, coarse, rgb) / 255
    assert np.abs(led - truth).mean() < 0.5 * np.abs(plain - truth).mean()
    assert led[0, 0] == 0 and led[400, 300] == 1 and np.abs(led - truth).max() < 0.5  # no seams between tiles either
