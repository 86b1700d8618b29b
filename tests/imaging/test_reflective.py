"""Chrome before a coloured backdrop: its colour goes, light and the product's own hues stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import reflective
from packshot.imaging.cutout import RawMatte, Settings, finish
from packshot.imaging.light import linear, srgb

GREEN = (0.08, 0.40, 0.12)
SALMON = (0.60, 0.22, 0.15)


def ball(backdrop: tuple[float, float, float], paint: tuple[float, float, float] | None = None):
    """A mirror ball: grey sky in its upper middle, the backdrop mirrored along edge and below, a highlight.

    `paint` covers its middle. Returns rgb, alpha, backdrop, radius of each pixel (1 at the edge).
    """
    h, w = 400, 400
    field = np.broadcast_to(np.array(backdrop, np.float32), (h, w, 3)).copy()
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    radius = np.hypot(x - 200, y - 200) / 150
    alpha = np.clip((1 - radius) * 150 + 0.5, 0, 1)
    mirror = np.clip((radius - 0.84) / 0.06, 0, 1)[..., None]
    light = 0.8 * mirror * field + (1 - mirror) * np.float32(0.18) * (1.5 - 0.5 * y / h)[..., None]
    if paint:
        light[radius < 0.6] = paint
    light[(np.abs(x - 150) < 10) & (np.abs(y - 140) < 25)] = 0.95
    light = light * alpha[..., None] + field * (1 - alpha[..., None])
    return srgb(light), np.round(alpha * 255).astype(np.uint8), field, radius


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def chroma(rgb: np.ndarray) -> np.ndarray:
    shown = lab(rgb)
    return np.hypot(shown[..., 1], shown[..., 2])


@pytest.mark.parametrize("colour", [GREEN, SALMON])
def test_the_mirrored_backdrop_turns_grey(colour) -> None:
    rgb, alpha, field, radius = ball(colour)
    out = reflective.neutralise(rgb, alpha, field)
    edge = (radius > 0.91) & (radius < 0.98)
    assert chroma(rgb)[edge].mean() > 20
    assert chroma(out)[edge].mean() < 0.2 * chroma(rgb)[edge].mean()


def test_light_and_highlights_stay() -> None:
    rgb, alpha, field, radius = ball(GREEN)
    out = reflective.neutralise(rgb, alpha, field)
    inside = radius < 0.97
    before, after = (linear(v) @ np.array([0.2126, 0.7152, 0.0722]) for v in (rgb, out))
    assert np.abs(before - after)[inside].max() < 0.03
    assert out[140, 150].min() > 240


def test_the_products_own_colour_stays() -> None:
    rgb, alpha, field, radius = ball(SALMON, paint=(0.02, 0.05, 0.25))
    out = reflective.neutralise(rgb, alpha, field)
    off = np.sqrt(np.square(lab(out) - lab(rgb)).sum(2))
    assert off[radius < 0.55].mean() < 1
    assert chroma(out)[(radius > 0.92) & (radius < 0.98)].mean() < 0.5 * chroma(rgb)[radius > 1.1].mean()


def test_a_product_painted_like_the_backdrop_keeps_its_paint() -> None:
    rgb, alpha, field, radius = ball(GREEN)
    rgb = np.where((radius < 1)[..., None], srgb(np.full((400, 400, 3), (0.05, 0.30, 0.08), np.float32)), rgb)
    out = reflective.neutralise(rgb, alpha, field)
    assert np.sqrt(np.square(lab(out) - lab(rgb)).sum(2))[radius < 0.98].mean() < 1


def test_a_neutral_backdrop_changes_nothing() -> None:
    rgb, alpha, field, _ = ball((0.6, 0.6, 0.61), paint=(0.4, 0.25, 0.05))
    assert (reflective.neutralise(rgb, alpha, field) == rgb).all()


def test_an_unknown_backdrop_is_seen_from_around() -> None:
    rgb, alpha, _, radius = ball(GREEN)
    out = reflective.neutralise(rgb, alpha, reflective.around(rgb, alpha))
    edge = (radius > 0.91) & (radius < 0.98)
    assert chroma(out)[edge].mean() < 0.3 * chroma(rgb)[edge].mean()


def test_a_finished_mirror_has_lost_the_backdrops_colour() -> None:
    rgb, alpha, _, radius = ball(GREEN)
    made = finish(rgb, RawMatte(alpha, "fast"), "reflective", Settings())
    edge = (radius > 0.91) & (radius < 0.98)
    assert chroma(made.master[..., :3])[edge].mean() < 0.3 * chroma(rgb)[edge].mean()


def test_nothing_to_do_where_there_is_no_product() -> None:
    rgb, _, field, _ = ball(GREEN)
    assert (reflective.neutralise(rgb, np.zeros(rgb.shape[:2], np.uint8), field) == rgb).all()


def test_a_pair_far_apart_is_neutralised_with_nothing_between() -> None:
    rgb, alpha, field, radius = ball(GREEN)
    between = 3 * reflective._ROWS
    blank = np.broadcast_to(srgb(field[:1]), (between, 400, 3))
    pair = np.concatenate([rgb, blank, rgb])
    both = np.concatenate([alpha, np.zeros((between, 400), np.uint8), alpha])

    out = reflective.neutralise(pair, both, np.broadcast_to(field[:1, :1], (*both.shape, 3)).astype(np.float32))

    edge = (radius > 0.91) & (radius < 0.98)
    assert chroma(pair[:400])[edge].mean() > 20
    assert max(chroma(ball_)[edge].mean() for ball_ in (out[:400], out[-400:])) < 10
    assert np.array_equal(out[400:-400], blank)


def test_light_of_no_pixels_is_no_pixels() -> None:
    assert linear(np.zeros((0, 3), np.uint8)).shape == srgb(np.zeros((0, 3), np.float32)).shape == (0, 3)
