"""Ghost mannequin: the garment stays whole, the mannequin goes, the openings show an inside."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import ghost

BACKDROP = (225, 226, 228)


def dressed(cloth: tuple[int, int, int], form: tuple[int, int, int], scale: int = 1, stripes: bool = False):
    """A shirt on a mannequin with neck, arms and pole: rgb, matte of both, matte of the shirt."""
    h, w = 700 * scale, 520 * scale
    body = np.zeros((700 * 4, 520 * 4), np.uint8)  # reduced at the end: soft edges
    shirt = body.copy()

    def poly(mask: np.ndarray, points: list[tuple[int, int]]) -> None:
        cv2.fillPoly(mask, [np.array(points, np.int32) * 4], 255)

    poly(body, [(228, 60), (292, 60), (294, 130), (320, 165), (310, 230), (210, 230), (200, 165), (226, 130)])  # neck
    poly(body, [(90, 300), (125, 300), (118, 470), (85, 470)])
    poly(body, [(395, 300), (430, 300), (435, 470), (402, 470)])
    poly(body, [(254, 560), (266, 560), (266, 698), (254, 698)])  # pole
    poly(
        shirt,
        [
            (185, 150),
            (110, 185),
            (70, 320),
            (140, 335),
            (160, 280),
            (150, 570),
            (370, 570),
            (360, 280),
            (380, 335),
            (450, 320),
            (410, 185),
            (335, 150),
            (305, 185),
            (215, 185),
        ],
    )
    small = [cv2.resize(m, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for m in (body, shirt)]
    rng = np.random.default_rng(3)
    light = np.linspace(1.0, 0.86, w, dtype=np.float32)[None, :, None]
    colour = np.full((h, w, 3), cloth, np.float32)
    if stripes:
        colour[(np.arange(h) // (18 * scale)) % 2 == 0] = (240, 238, 235)
    weave = rng.normal(0, 5, (h, w, 1)).astype(np.float32)
    picture = np.full((h, w, 3), BACKDROP, np.float32)
    for mask, paint in ((small[0], np.full((h, w, 3), form, np.float32)), (small[1], colour + weave)):
        picture = picture * (1 - mask[..., None]) + paint * light * mask[..., None]
    picture += rng.normal(0, 1.5, picture.shape)
    both = np.maximum(small[0], small[1])
    eight = [np.round(m * 255).astype(np.uint8) for m in (both, small[1])]
    return picture.clip(0, 255).astype(np.uint8), eight[0], eight[1]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a > 127) & (b > 127)).sum() / ((a > 127) | (b > 127)).sum())


@pytest.mark.parametrize(
    ("cloth", "form", "stripes"),
    [
        ((60, 90, 170), (236, 234, 230), False),
        ((150, 30, 40), (214, 170, 148), True),
        ((35, 35, 38), (200, 200, 200), False),
        ((230, 200, 60), (60, 60, 62), False),
        ((200, 196, 176), (238, 234, 232), False),
    ],
)
def test_the_mannequin_goes_and_the_garment_stays(cloth, form, stripes) -> None:
    rgb, both, shirt = dressed(cloth, form, stripes=stripes)
    assert iou(both, shirt) < 0.9
    result = ghost.separate(rgb, both)
    assert iou(result.alpha, shirt) > 0.965
    assert result.removed[80:120, 240:280].min() > 250  # the neck
    assert result.removed[600:690, 258:262].min() > 250  # the pole
    assert result.confidence > 0.4
    assert 0.05 < result.numbers["ghost_removed"] < 0.35


def test_the_edge_at_the_collar_is_the_photos_edge() -> None:
    rgb, both, shirt = dressed((60, 90, 170), (236, 234, 230), scale=2)
    result = ghost.separate(rgb, both)
    collar = (slice(340, 400), slice(460, 580))
    assert np.abs(result.alpha[collar].astype(int) - shirt[collar]).mean() < 6


def test_what_is_kept_and_what_is_removed_add_up() -> None:
    rgb, both, _ = dressed((60, 90, 170), (236, 234, 230))
    result = ghost.separate(rgb, both)
    assert (result.alpha.astype(int) + result.removed == both).all()


def test_the_opening_lies_between_the_collars_sides() -> None:
    rgb, both, _ = dressed((60, 90, 170), (236, 234, 230))
    openings = ghost.separate(rgb, both).openings
    assert openings[172, 245:275].min() > 200
    assert openings[:140].max() == 0
    assert openings[480:, :].max() == 0


def test_a_garment_without_a_mannequin_comes_back_as_it_is() -> None:
    rgb, _, shirt = dressed((60, 90, 170), (236, 234, 230))
    result = ghost.separate(rgb, shirt)
    assert iou(result.alpha, shirt) > 0.995
    assert not result.removed[shirt > 200].any()


@pytest.mark.parametrize("tips", [((190, 215), (305, 330)), ((120, 150),)])
def test_tips_of_collar_or_shoulder_are_no_neck(tips: tuple[tuple[int, int], ...]) -> None:
    rgb, _, shirt = dressed((60, 90, 170), (236, 234, 230))
    for left, right in tips:
        rgb[110:190, left:right] = (60, 90, 170)
        shirt[110:190, left:right] = 255
    result = ghost.separate(rgb, shirt)
    assert not result.removed[shirt > 200].any()


@pytest.mark.parametrize("seed", range(6))
def test_any_outline_is_borne(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.random((200, 150)).astype(np.float32), (0, 0), 2 + 3 * seed)
    alpha = np.where(noise > np.percentile(noise, 60), 255, 0).astype(np.uint8)
    rgb = rng.integers(0, 255, (200, 150, 3), dtype=np.uint8)
    result = ghost.separate(rgb, alpha)
    assert (result.alpha.astype(int) + result.removed == alpha).all()


def test_an_empty_matte_is_no_garment() -> None:
    result = ghost.separate(np.zeros((50, 40, 3), np.uint8), np.zeros((50, 40), np.uint8))
    assert not result.alpha.any()
    assert result.confidence == 0


def filled(inner: np.ndarray | None = None):
    rgb, both, shirt = dressed((60, 90, 170), (236, 234, 230))
    result = ghost.separate(rgb, both)
    return (rgb, shirt, result, *ghost.fill_interior(rgb, result.alpha, result.openings, inner))


def test_the_made_up_interior_is_the_garments_colour_in_shade() -> None:
    rgb, _, _, colour, alpha, notes = filled()
    assert alpha[168:180, 240:280].min() > 250
    inside = colour[176:180, 240:280].reshape(-1, 3).mean(0)
    cloth = rgb[300:340, 240:280].reshape(-1, 3).mean(0)
    assert inside.sum() < 0.9 * cloth.sum()
    assert inside[2] > 1.5 * inside[0]  # blue as the cloth is
    assert notes == ["interior made up from the garment's cloth"]


def test_filling_changes_nothing_but_the_openings() -> None:
    rgb, _, result, colour, alpha, _ = filled()
    away = cv2.dilate(result.openings, np.ones((25, 25), np.uint8)) == 0
    assert (colour[away] == rgb[away]).all()
    assert (alpha[away] == result.alpha[away]).all()
    assert (alpha >= result.alpha).all()


def test_the_inner_photo_is_used_where_there_is_one() -> None:
    lining, _, _ = dressed((150, 60, 60), (225, 226, 228))
    *_, colour, alpha, notes = filled(lining)
    assert notes == ["interior from the inner photo"]
    inside = colour[174:180, 240:280].reshape(-1, 3).mean(0)
    assert inside[0] > inside[2]  # the lining's own red, not the cloth's blue
    assert alpha[172, 260] > 250


def test_an_inner_photo_that_shows_nothing_is_not_used() -> None:
    *_, notes = filled(np.full((300, 300, 3), 240, np.uint8))
    assert notes == ["interior made up from the garment's cloth"]


def test_no_openings_no_change() -> None:
    rgb, _, shirt = dressed((60, 90, 170), (236, 234, 230))
    colour, alpha, notes = ghost.fill_interior(rgb, shirt, np.zeros_like(shirt), None)
    assert notes == []
    assert (colour == rgb).all()
    assert (alpha == shirt).all()


def test_loose_slivers_beside_the_garment_go_and_its_soft_edge_stays() -> None:
    shirt = np.zeros((200, 200), np.uint8)
    shirt[40:160, 50:150] = 255
    shirt[160:162, 50:150] = 30
    sliver = shirt.copy()
    sliver[60:70, 170:172] = 200
    assert (ghost._without_slivers(sliver) == shirt).all()


def test_a_border_that_colour_does_not_draw_is_smooth_and_stays_where_it_was():
    rows, columns = np.indices((120, 160))
    garment = rows >= 60 + 2 * (columns // 4 % 2)  # steps of two pixels, as the walker leaves them in noise
    to_form, to_cloth = (cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) for side in (garment, ~garment))

    share = ghost._smooth_border(to_form - to_cloth, (480, 360))

    border = 360 - (share[:, 40:440] / 255).sum(axis=0)
    assert np.ptp(border) < 3, "steps of six pixels are gone"
    assert border.mean() == pytest.approx(183, abs=2)
    assert ((share > 8) & (share < 247)).sum(axis=0).max() <= 4, "and it is no softer than an edge"
