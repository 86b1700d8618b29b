"""The refiner: what it is asked, and what it may change."""

import hashlib

import numpy as np

from packshot.imaging import backdrop, refiner
from packshot.process.engine import engine


def test_only_unsettled_tiles_reach_the_network_and_cells_unfold_in_place():
    height, width = 260, 300
    inside = np.zeros((height, width), bool)
    inside[:, :200] = True
    outside = np.zeros_like(inside)
    outside[:, 210:] = True
    flat = np.zeros((height // 2, width // 2, 3), np.float32)
    fields = backdrop.Fields(flat, flat + 1, flat[..., 0], outside, inside)
    asked = []

    def settle(features: np.ndarray) -> np.ndarray:
        asked.append(features.shape)
        return np.broadcast_to(
            np.array([0.1, 0.2, 0.3, 0.4], np.float32)[None, :, None, None], (1, 4, *features.shape[2:])
        )

    fine = refiner.refine(np.zeros((2 * height, 2 * width, 3), np.uint8), inside.astype(np.float32), fields, settle)
    assert fine.shape == (2 * height, 2 * width)
    assert len(asked) < 6 and all(h % 8 == 0 and w % 8 == 0 for _, _, h, w in asked)
    assert np.allclose(fine[100:102, 404:406], [[0.1, 0.2], [0.3, 0.4]])
    assert fine[0, 0] == 1 and fine[0, -1] == 0


def test_gaps_in_what_is_sure_are_for_lace_and_not_for_metal():
    inside = np.zeros((64, 64), bool)
    inside[:, :40] = True
    inside[:8, :8] = False  # doubt in two corners, so that the box around it is everything
    flat = np.zeros((32, 32, 3), np.float32)
    fields = backdrop.Fields(flat, flat + 1, flat[..., 0], np.zeros_like(inside), inside)
    photo, half = np.zeros((128, 128, 3), np.uint8), np.full((64, 64), 0.5, np.float32)

    def settle(features: np.ndarray) -> np.ndarray:
        return np.repeat(0.6 * features[:, 18:19], 4, axis=1)  # less than the coarse matte everywhere

    porous, solid, firm = (refiner.refine(photo, half, fields, settle, body) for body in ("porous", "solid", "firm"))
    sure, doubt = np.s_[20:, :80], np.s_[:16, :16]
    assert np.allclose(porous, 0.3)
    assert np.allclose(solid[sure], 0.6) and np.allclose(solid[doubt], 0.3)
    assert np.allclose(firm[sure], 1) and np.allclose(firm[doubt], 0.3) and np.allclose(firm[:, 80:], 0.3)


def test_the_refiners_weights_are_named_by_their_hash():
    assert refiner.sha256() == hashlib.sha256(refiner.weights()).hexdigest()
    assert engine("cpu")["refiner"] == refiner.sha256()
