"""The reviewer's brush and the picture on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from packshot.imaging.brush import paint
from packshot.imaging.onscreen import reduced, with_shadow
from packshot.review.override import Stroke


def stroke(mode: str = "add", size: float = 0.2, softness: float = 0.0, *points: tuple[float, float]) -> Stroke:
    return Stroke.model_validate({"mode": mode, "size": size, "softness": softness, "points": points or [(0.5, 0.5)]})


def test_a_dab_adds_a_disc_of_its_size() -> None:
    matte = np.zeros((200, 400), np.uint8)
    painted = paint(matte, [stroke("add", 0.2)])
    rows, columns = np.nonzero(painted > 127)
    assert abs((rows.max() - rows.min() + 1) - 80) <= 2
    assert abs((columns.max() - columns.min() + 1) - 80) <= 2
    assert abs(columns.mean() - 200) < 1 and abs(rows.mean() - 100) < 1
    assert not matte.any(), "the given matte stays"


def test_removing_undoes_adding_and_order_counts() -> None:
    full = np.full((100, 100), 255, np.uint8)
    add, remove = stroke("add", 0.3), stroke("remove", 0.3)
    assert paint(full, [remove])[50, 50] == 0
    assert paint(full, [remove, add])[50, 50] == 255
    assert paint(full, [add, remove])[50, 50] == 0


@pytest.mark.parametrize("softness", [0.2, 0.6, 1.0])
def test_a_soft_edge_is_half_covered_where_a_hard_one_ends(softness: float) -> None:
    matte = np.zeros((400, 400), np.uint8)
    line = stroke("add", 0.25, softness, (0.1, 0.5), (0.9, 0.5))
    profile = paint(matte, [line])[:, 200].astype(int)
    assert abs(profile[200 - 50] - 128) < 20
    soft = np.count_nonzero((profile > 12) & (profile < 243))
    assert soft > 20 * softness


def test_strokes_beyond_the_frame_do_no_harm() -> None:
    matte = np.zeros((50, 50), np.uint8)
    outside = [stroke("add", 0.1, 0.5, (-0.5, -0.5)), stroke("add", 0.1, 0.5, (1.5, 1.5), (1.4, 1.5))]
    assert not paint(matte, outside).any()
    assert paint(matte, [stroke("add", 0.1, 0.0, (-0.5, 0.5), (1.5, 0.5))])[25].all()


def test_the_same_stroke_covers_the_same_share_at_any_scale() -> None:
    line = stroke("add", 0.1, 0.3, (0.2, 0.3), (0.7, 0.8))
    shares = [paint(np.zeros((side, side), np.uint8), [line]).mean() for side in (300, 1200)]
    assert shares[0] == pytest.approx(shares[1], rel=0.05)


@pytest.mark.parametrize("background", [0, 128, 255])
def test_cut_out_and_shadow_as_one_picture_compose_as_two(background: int) -> None:
    rng = np.random.default_rng(1)
    master = rng.integers(0, 256, (40, 30, 4), dtype=np.uint8)
    shadow = rng.integers(0, 256, (40, 30), dtype=np.uint8)
    alpha, dark = master[..., 3:] / 255, shadow[..., None] / 255
    expected = background * (1 - dark) * (1 - alpha) + master[..., :3] * alpha
    one = with_shadow(master, shadow)
    got = background * (1 - one[..., 3:] / 255) + one[..., :3] * (one[..., 3:] / 255)
    assert np.abs(got - expected).max() <= 1.5


def test_reduced_keeps_small_pictures_and_the_ratio_of_large_ones() -> None:
    image = np.zeros((300, 600, 3), np.uint8)
    assert reduced(image, 600) is image
    assert reduced(image, 200).shape == (100, 200, 3)
