"""Glass: clear parts let the new background through, without the old one's colour; the rest stays solid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import transparent
from packshot.imaging.light import linear, srgb

BACKDROPS = {
    "red": (0.55, 0.10, 0.09),
    "blue": (0.08, 0.30, 0.55),
    "grey": (0.35, 0.36, 0.37),
    "white": (0.9, 0.9, 0.9),
}


def bottle(colour: tuple[float, float, float]):
    """Photo, silhouette, backdrop and part masks of a glass: green label, amber drink, highlight."""
    h, w = 420, 260
    backdrop = np.broadcast_to(np.array(colour, np.float32), (h, w, 3)).copy()
    backdrop *= np.linspace(1.0, 0.8, h, dtype=np.float32)[:, None, None]
    wide = np.zeros((h * 2, w * 2), np.uint8)
    cv2.rectangle(wide, (160, 80), (360, 760), 255, -1)
    silhouette = cv2.resize(wide, (w, h), interpolation=cv2.INTER_AREA)
    inside = np.zeros((h, w), bool)
    inside[40:380, 80:180] = True
    light = backdrop.copy()
    light[inside] *= 0.84
    rim = inside & ~cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
    light[rim] *= 0.35
    glint, label, drink = (np.zeros_like(inside) for _ in range(3))
    glint[60:120, 100:108] = True
    light[glint] = 0.25 * light[glint] + 0.72
    label[180:240, 84:176] = True
    light[label] = (0.04, 0.22, 0.06)
    drink[290:360, 84:176] = True
    light[drink] = (0.42, 0.14, 0.01)
    soft = silhouette[..., None].astype(np.float32) / 255
    light = light * soft + backdrop * (1 - soft)
    light += np.random.default_rng(0).normal(0, 0.003, light.shape).astype(np.float32)
    clear = cv2.erode((inside & ~rim & ~glint & ~label & ~drink).astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    return srgb(light), silhouette, backdrop, {"clear": clear, "glint": glint, "label": label, "drink": drink}


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    a = alpha[..., None].astype(np.float32) / 255
    return srgb(linear(colour) * a + (1 - a))


def core(mask: np.ndarray) -> np.ndarray:
    return cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


@pytest.mark.parametrize("name", BACKDROPS)
def test_clear_glass_is_clear_and_solid_parts_are_solid(name: str) -> None:
    rgb, silhouette, backdrop, parts = bottle(BACKDROPS[name])
    _, alpha = transparent.see_through(rgb, silhouette, backdrop)
    assert alpha[parts["clear"]].mean() < 0.3 * 255
    assert alpha[core(parts["label"])].min() > 250
    assert alpha[core(parts["drink"])].min() > 245
    assert (alpha <= silhouette).all()


@pytest.mark.parametrize("name", BACKDROPS)
def test_the_backdrop_leaves_no_tint(name: str) -> None:
    rgb, silhouette, backdrop, parts = bottle(BACKDROPS[name])
    colour, alpha = transparent.see_through(rgb, silhouette, backdrop)
    shown = lab(on_white(colour, alpha))
    chroma = np.hypot(shown[..., 1], shown[..., 2])
    assert chroma[parts["clear"]].mean() < 2
    assert shown[..., 0][parts["clear"]].mean() > 80  # bright, as glass before white is


@pytest.mark.parametrize("name", ["red", "blue", "grey"])
def test_label_and_drink_keep_their_colour(name: str) -> None:
    rgb, silhouette, backdrop, parts = bottle(BACKDROPS[name])
    colour, alpha = transparent.see_through(rgb, silhouette, backdrop)
    off = np.sqrt(np.square(lab(on_white(colour, alpha)) - lab(rgb)).sum(2))
    assert off[core(parts["label"])].mean() < 2
    assert off[core(parts["drink"])].mean() < 3


def test_highlights_and_rims_stay() -> None:
    rgb, silhouette, backdrop, parts = bottle(BACKDROPS["blue"])
    colour, alpha = transparent.see_through(rgb, silhouette, backdrop)
    a = alpha[..., None].astype(np.float32) / 255
    dark = srgb(linear(colour) * a)  # before black
    assert dark[parts["glint"]].mean() > 150
    white = on_white(colour, alpha)
    assert white[150, 81].mean() < 190  # the rim's own shade


def test_an_unknown_backdrop_is_guessed_from_around() -> None:
    rgb, silhouette, _, parts = bottle(BACKDROPS["red"])
    colour, alpha = transparent.see_through(rgb, silhouette, None)
    shown = lab(on_white(colour, alpha))
    assert alpha[parts["clear"]].mean() < 0.4 * 255
    assert np.hypot(shown[..., 1], shown[..., 2])[parts["clear"]].mean() < 4


def test_outside_the_silhouette_nothing_changes_and_rows_join() -> None:
    rgb, silhouette, backdrop, _ = bottle(BACKDROPS["grey"])
    tall = [cv2.resize(x, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR) for x in (rgb, silhouette, backdrop)]
    colour, alpha = transparent.see_through(*tall)
    assert (colour[tall[1] == 0] == tall[0][tall[1] == 0]).all()
    steps = np.abs(np.diff(alpha[:, 520:600].astype(int).mean(1)))
    assert steps[509:514].max() < 6  # 512 is where two strips meet, in clear glass
