"""Garment and mannequin of nearly one hue: the collar's inside stays, the arms' stumps go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import alike, ghost
from packshot.imaging.light import linear
from packshot.imaging.materials import Hues, hues, lab_of

BACKDROP = (120, 140, 160)
GREIGE, PALE = (190, 187, 168), (205, 197, 190)
BELOW_CUFF = (slice(352, 366), slice(74, 84))
INSIDE_LEFT, INSIDE_RIGHT = (slice(60, 76), slice(126, 132)), (slice(60, 76), slice(168, 174))


def hoodie(cloth=GREIGE, form=PALE, below_cuff=None):
    """A long-sleeved garment with a stand-up collar on a neck, stumps of arms before its body: rgb, both mattes."""
    h, w = 500, 300

    def mask(*points: tuple[int, int]):
        drawn = np.zeros((4 * h, 4 * w), np.uint8)
        cv2.fillPoly(drawn, [np.array(points, np.int32) * 4], 255)
        return cv2.resize(drawn, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255

    body = mask((104, 95), (196, 95), (215, 110), (225, 300), (230, 420), (220, 470), (80, 470), (70, 420), (75, 300))
    sleeves = [mask((105, 85), (75, 100), (58, 346), (96, 346), (110, 120))]
    sleeves.append(np.ascontiguousarray(sleeves[0][:, ::-1]))
    back = mask((118, 56), (182, 56), (190, 90), (110, 90))
    front = mask((108, 78), (125, 84), (175, 84), (192, 78), (195, 110), (105, 110))
    neck = mask((136, 10), (164, 10), (166, 84), (134, 84))
    pole = mask((147, 465), (153, 465), (153, 498), (147, 498))
    stumps = mask((67, 346), (88, 346), (88, 368), (67, 368))
    stumps = np.maximum(stumps, stumps[:, ::-1])
    rng = np.random.default_rng(4)
    cloth, form = np.array(cloth, np.float32), np.array(form, np.float32)
    _, columns = np.mgrid[0:h, 0:w].astype(np.float32)
    lit = (1 - 0.0008 * np.abs(columns - 150))[..., None]
    deep = (0.45 + 0.3 * np.clip(np.abs(columns - 150) / 30 - 0.6, 0, 1))[..., None]  # the collar's inside, in shade
    skin = form * np.array((0.80, 0.74, 0.72)) if below_cuff is None else np.array(below_cuff, np.float32)
    picture = np.full((h, w, 3), BACKDROP, np.float32)
    paint = [(pole, form * 0.7), (back, cloth * deep), (neck, form), (body, cloth * lit), (stumps, skin)]
    paint += [(sleeve, cloth * lit * 0.97) for sleeve in sleeves] + [(front, cloth * 1.03)]
    garment, both = np.zeros((h, w, 1), np.float32), np.zeros((h, w, 1), np.float32)
    for part, colour in paint:
        picture = picture * (1 - part) + colour * part
        worn = 0.0 if part is neck or part is stumps or part is pole else part
        garment, both = garment * (1 - part) + worn, np.maximum(both, part)
    picture += rng.normal(0, 1.2, picture.shape)
    eight = [np.round(m[..., 0] * 255).clip(0, 255).astype(np.uint8) for m in (both, garment)]
    return picture.clip(0, 255).astype(np.uint8), *eight


def told(rgb, both) -> alike.Shapes:
    light = linear(cv2.GaussianBlur(rgb, (0, 0), 0.8))
    form = np.zeros(both.shape, bool)
    form[15:52, 138:162] = True
    return alike.find(light, lab_of(light), both >= 128, form)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "cloth, form", [(GREIGE, PALE), ((214, 190, 172), (226, 192, 178)), ((150, 150, 152), (168, 166, 160))]
)
def test_the_collars_inside_stays_and_the_stumps_go(cloth, form, mirrored) -> None:
    rgb, both, garment = hoodie(cloth, form)
    rgb[:, :150] = (rgb[:, :150] * 0.95).astype(np.uint8)  # lit from one side
    if mirrored:
        rgb, both, garment = (np.ascontiguousarray(a[:, ::-1]) for a in (rgb, both, garment))
    result = ghost.separate(rgb, both)
    for inside in (INSIDE_LEFT, INSIDE_RIGHT):
        kept = garment[inside] > 250
        assert result.alpha[inside][kept].mean() > 230
    assert result.removed[20:74, 142:158].min() > 250
    for turn in (slice(None), slice(None, None, -1)):
        assert result.removed[:, turn][BELOW_CUFF].mean() > 230
    assert result.alpha[440:466, 90:210].min() > 250, "the hem is the garment's"
    wrong = np.abs(result.alpha.astype(int) - garment).sum() / (garment > 0).sum() / 255
    assert wrong < 0.012


def test_the_body_behind_an_arm_is_an_opening_and_what_stood_out_is_not() -> None:
    rgb, both, _ = hoodie()
    openings = ghost.separate(rgb, both).openings
    assert openings[352:364, 80:85].min() > 200
    assert openings[352:364, 60:68].max() == 0


def test_a_narrower_band_of_the_sleeves_own_cloth_is_no_stump() -> None:
    rgb, both, _ = hoodie(below_cuff=tuple(0.75 * np.array(GREIGE)))
    assert not told(rgb, both).stumps.any()


def test_a_cuff_of_another_colour_is_no_stump() -> None:
    rgb, both, _ = hoodie(below_cuff=(170, 50, 60))
    assert not told(rgb, both).stumps.any()


def test_an_arm_that_hangs_free_is_left_to_colour_and_place() -> None:
    rgb, both, _ = hoodie()
    both[346:, 60:230] = 0
    rgb[346:, 60:230] = BACKDROP
    assert not told(rgb, both).stumps.any()


def test_what_lies_beside_the_neck_is_found_down_to_the_collars_front() -> None:
    rgb, both, _ = hoodie()
    inner = told(rgb, both).inner
    assert inner[INSIDE_LEFT].mean() > 0.9
    assert inner[INSIDE_RIGHT].mean() > 0.9
    assert not inner[60:80, 138:162].any()


def test_no_outline_no_shapes() -> None:
    light = np.zeros((40, 30, 3), np.float32)
    nothing = np.zeros((40, 30), bool)
    assert not any(
        getattr(alike.find(light, light, nothing, nothing), name).any() for name in ("inner", "stumps", "arms")
    )


def two(one, other):
    lab = lab_of(linear(np.array([[one, other]], np.uint8)))
    return hues(lab, np.array([[True, False]]), np.array([[False, True]]))


def test_the_more_alike_two_colours_the_finer_the_bins() -> None:
    near, far = two(GREIGE, PALE), two(GREIGE, (236, 180, 150))
    assert near.width < far.width
    assert near.apart < 0.7
    assert two(GREIGE, (40, 80, 170)) == Hues()


def test_light_and_dark_of_one_hue_are_apart() -> None:
    assert two((30, 30, 31), (235, 235, 234)).apart == 1


def test_without_a_known_neck_the_bins_are_the_wide_ones() -> None:
    lab = np.zeros((1, 2, 3), np.float32)
    assert hues(lab, np.array([[True, True]]), np.array([[False, False]])) == Hues()
