"""What would leave unseen is counted by the truth."""

import cv2
import numpy as np

from bench.escapes import look
from bench.quality_set import Scene


class Cut:
    """Opinions that take for the product what is far from the backdrop; of its height they see all but `lost`."""

    def __init__(self, lost: float) -> None:
        self.lost = lost

    def isnet(self, rgb: np.ndarray, size: int = 1024) -> np.ndarray:
        far = (np.abs(rgb.astype(int) - rgb[0, 0]).max(axis=2) > 40).astype(np.float32)
        rows = np.flatnonzero(far.any(axis=1))
        far[rows[0] : rows[0] + int(self.lost * len(rows))] = 0
        return cv2.resize(far, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)

    u2netp = isnet

    def settle(self, features: np.ndarray) -> np.ndarray:
        return np.repeat(features[:, 18:19], 4, axis=1)


def scene() -> Scene:
    truth = np.zeros((600, 500), np.uint8)
    cv2.rectangle(truth, (150, 200), (350, 420), 255, -1)
    photo = np.where(truth[..., None] > 0, (40, 90, 160), (225, 228, 230)).astype(np.uint8)
    return Scene("BOX@photo", "BOX", "general", photo, truth)


def test_a_whole_product_is_usable_and_half_of_one_is_not() -> None:
    whole, half = look(scene(), Cut(0)), look(scene(), Cut(0.5))
    assert whole is not None and half is not None
    assert not whole.unusable and whole.severity < 1
    assert half.unusable and half.severity > 10
    assert half.flags, "half a product must not leave unseen"


def test_a_photo_without_a_product_is_no_cut_out() -> None:
    assert look(scene(), Cut(1)) is None
