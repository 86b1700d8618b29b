"""Colour fields: what lies behind the edge is filled in from around it, and its reliability is known."""

import numpy as np

from packshot.imaging import backdrop, hue, studio
from packshot.imaging.light import linear, srgb


def gradient_scene() -> tuple[np.ndarray, np.ndarray]:
    """Linear light and truth: a red disc on a backdrop that brightens to the right."""
    y, x = np.mgrid[0:160, 0:200].astype(np.float32)
    light = np.repeat((0.4 + 0.002 * x)[..., None], 3, axis=2)
    disc = ((y - 80) ** 2 + (x - 100) ** 2 < 45**2).astype(np.float32)
    light[disc > 0] = (0.5, 0.02, 0.02)
    return light.astype(np.float32), disc


def test_the_backdrop_is_filled_in_behind_the_product():
    light, disc = gradient_scene()
    fields = backdrop.estimate(light, disc, 1.5).whole()
    assert np.abs(fields.backdrop[80, 100] - 0.6).max() < 0.05
    assert fields.spread[80, 100] < 0.05


def test_colour_decides_where_the_two_are_far_apart():
    light, disc = gradient_scene()
    light[78:82, 141:144] = 0.685  # a small hole by the edge that the coarse matte does not know
    judge = backdrop.Judge.of(backdrop.estimate(light, disc, 1.5).whole())
    alpha, trust = judge.alpha(light), judge.trust
    assert alpha[80, 142] < 0.15 and trust[80, 142] > 0.8
    assert alpha[60, 100] > 0.9


def test_a_shadow_of_the_backdrops_hue_is_taken_out_of_the_matte():
    y, x = np.mgrid[0:160, 0:200].astype(np.float32)
    light = np.zeros((160, 200, 3), np.float32) + np.array([0.1, 0.3, 0.6], np.float32)
    light[100:125, 60:140] *= 0.3  # a hard, dark shadow below the product
    light[40:100, 60:140] = (0.5, 0.3, 0.1)
    matte = ((y >= 40) & (y < 108) & (x >= 60) & (x < 140)).astype(np.float32)  # took some shadow in

    mended = hue.without_shadow(light, matte, 3.0)
    assert mended[104, 100] < 0.2
    assert mended[90, 100] > 0.95


def test_a_part_of_another_colour_is_no_shadow():
    light = np.zeros((160, 200, 3), np.float32) + 0.35
    light[60:130, 40:120] = (0.05, 0.35, 0.5)  # a blue body on grey
    light[60:72, 120:180] = (0.6, 0.4, 0.2)  # and a wooden needle, whose hue is nearer to grey than to blue
    matte = np.zeros((160, 200), np.float32)
    matte[60:130, 40:120] = 1
    matte[60:72, 120:180] = 0.6
    assert hue.without_shadow(light, matte, 3.0)[62:70, 130:175].min() > 0.55


def test_the_hue_has_no_say_where_parts_of_the_product_share_the_backdrops():
    light = np.zeros((160, 200, 3), np.float32) + 0.2
    matte = np.zeros((160, 200), np.float32)
    light[40:120, 40:160] = (0.05, 0.5, 0.45)  # turquoise stones
    light[44:120:12, 40:160] = light[45:120:12, 40:160] = light[46:120:12, 40:160] = 0.55  # in silver, before grey
    matte[40:120, 40:160] = 1
    light[120:150, 96:104] = 0.6  # a silver link, of which the network is half sure
    matte[120:150, 96:104] = 0.6
    assert hue.without_shadow(light, matte, 3.0)[122:148, 97:103].min() > 0.55


def test_fill_keeps_what_is_known_and_never_leaves_a_gap():
    values = np.random.default_rng(0).random((33, 47, 3)).astype(np.float32)
    known = np.zeros((33, 47), np.float32)
    known[::8, ::8] = 1
    filled = backdrop.fill(values, known)
    assert np.allclose(filled[::8, ::8], values[::8, ::8], atol=1e-5)
    assert np.isfinite(filled).all() and filled.min() >= 0 and filled.max() <= 1


def test_a_studio_sweep_is_even_and_gives_the_products_box():
    light, _ = gradient_scene()
    photo = srgb(np.repeat(np.repeat(light, 4, axis=0), 4, axis=1))
    sweep = studio.fit(photo)
    box = studio.product_box(sweep, *photo.shape[:2], margin=0.0)
    assert sweep.even and box is not None
    assert np.abs(np.array(box) - (140, 500, 220, 580)).max() < 24


def test_a_pattern_is_not_an_even_backdrop():
    checker = (np.indices((400, 400)) // 40).sum(axis=0) % 2
    assert not studio.fit(np.dstack([checker * 200] * 3).astype(np.uint8)).even


def test_a_blank_sweep_has_no_product_box():
    assert studio.product_box(studio.fit(np.full((300, 400, 3), 230, np.uint8)), 300, 400, 0.06) is None


def test_bytes_survive_linear_light_and_back():
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.abs(srgb(linear(codes)).astype(int) - codes).max() <= 1


def test_the_hue_has_no_say_where_most_that_it_would_take_is_brighter_than_the_backdrop():
    light = np.zeros((160, 200, 3), np.float32) + 0.1
    matte = np.zeros((160, 200), np.float32)
    light[40:80, 40:80] = (0.05, 0.5, 0.45)  # a turquoise stone without any silver
    matte[40:80, 40:80] = 1
    light[80:150, 56:64] = 0.6  # hangs on a silver wire, of which the network is half sure
    light[80:150, 62:64] = 0.1  # whose other side mirrors the grey backdrop
    matte[80:150, 56:64] = 0.6
    assert hue.without_shadow(light, matte, 3.0)[90:148, 57:63].min() > 0.55
