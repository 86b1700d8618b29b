"""Shadows: what is cast falls where it is told, what is separated is the shadow and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import shadow
from packshot.imaging.light import srgb

CAST = {"direction_deg": 60.0, "length": 0.06, "softness": 0.02, "density": 0.5}


def box_product(h: int = 400, w: int = 300) -> np.ndarray:
    alpha = np.zeros((h, w), np.uint8)
    alpha[100:300, 100:200] = 255
    return alpha


def test_no_shadow_is_all_clear() -> None:
    assert not shadow.cast(box_product(), "none", **CAST).any()


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_a_product_that_is_not_there_casts_nothing(kind: shadow.Kind) -> None:
    assert not shadow.cast(np.zeros((40, 30), np.uint8), kind, **CAST).any()


@pytest.mark.parametrize("direction", [30.0, 60.0, 120.0, 250.0])
def test_a_drop_shadow_falls_in_the_direction_asked_and_measured(direction: float) -> None:
    alpha = box_product()
    dark = shadow.cast(alpha, "drop", **{**CAST, "direction_deg": direction})
    numbers = shadow.measure(dark, alpha)
    assert abs(numbers["direction_deg"] - direction) < 8
    assert 0.3 < numbers["density"] <= 0.51


def test_a_contact_shadow_lies_under_the_foot_and_is_gone_at_the_top() -> None:
    alpha = box_product()
    dark = shadow.cast(alpha, "contact", **CAST)
    assert dark[302, 150] > 80
    assert dark[:200].max() == 0
    assert dark.max() <= 128
    numbers = shadow.measure(dark, alpha)
    assert abs(numbers["direction_deg"] - 90) < 15
    assert numbers["contact"] > 0.3


def test_a_handle_in_the_air_casts_no_contact_shadow() -> None:
    alpha = box_product()
    alpha[150:220, 200:240] = 255
    dark = shadow.cast(alpha, "contact", **CAST)
    assert dark[222:240, 215:240].max() == 0


def test_rear_legs_that_end_higher_stand_too() -> None:
    alpha = np.zeros((400, 300), np.uint8)
    alpha[100:200, 60:240] = 255
    alpha[200:300, 60:72] = 255
    alpha[200:275, 228:240] = 255
    dark = shadow.cast(alpha, "contact", **CAST)
    assert dark[302, 66] > 30
    assert dark[277, 234] > 30


def test_no_shadow_reaches_the_frame() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[50:299, 50:250] = 255
    for kind in ("contact", "drop"):
        dark = shadow.cast(alpha, kind, **{**CAST, "length": 0.3})  # type: ignore[arg-type]
        assert shadow.measure(dark, alpha)["frame"] <= 0.01


def test_density_scales_and_wrong_kinds_are_refused() -> None:
    own = np.full((40, 30), 200, np.uint8)
    half = shadow.cast(np.zeros((40, 30), np.uint8), "natural", **CAST, natural=own)
    assert half.min() == half.max() == 100
    with pytest.raises(ValueError, match="own density"):
        shadow.cast(own, "natural", **CAST)
    with pytest.raises(ValueError, match="unknown shadow kind"):
        shadow.cast(own, "long", **CAST)  # type: ignore[arg-type]


def studio() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A red product on a coloured sweep with a known soft shadow: rgb, alpha, backdrop, density."""
    h, w = 480, 360
    alpha = np.zeros((h, w), np.uint8)
    alpha[120:360, 120:240] = 255
    fall = np.linspace(0.9, 0.6, h, dtype=np.float32)[:, None, None]
    backdrop = np.broadcast_to(fall * np.array([0.5, 0.6, 0.7], np.float32), (h, w, 3)).copy()
    dark = np.zeros((h, w), np.float32)
    cv2.ellipse(dark, (200, 365), (90, 22), 0, 0, 360, 0.6, -1)
    dark = cv2.GaussianBlur(dark, (0, 0), 8)
    light = backdrop * (1 - dark[..., None])
    light[alpha > 0] = (0.4, 0.02, 0.02)
    noise = np.random.default_rng(1).normal(0, 0.004, light.shape).astype(np.float32)
    return srgb(light + noise), alpha, backdrop, dark


def test_the_photos_own_shadow_is_found_without_product_or_backdrop() -> None:
    rgb, alpha, backdrop, truth = studio()
    found = shadow.natural(rgb, alpha, backdrop).astype(np.float32) / 255
    outside = cv2.dilate(alpha, np.ones((9, 9))) == 0
    deep = outside & (truth > 0.25)
    assert np.abs(found - truth)[deep].mean() < 0.03
    assert found[outside & (truth < 0.01)].mean() < 0.005
    assert found[130:300, 130:230].max() < 0.2  # nothing of the product itself


def test_a_coloured_thing_beside_the_product_is_no_shadow() -> None:
    rgb, alpha, backdrop, _ = studio()
    rgb[380:440, 250:330] = (20, 60, 20)
    rgb[380:440, 20:60] = (130, 20, 20)
    found = shadow.natural(rgb, alpha, backdrop)
    assert found[395:425, 30:50].mean() < 40


def test_a_large_photo_keeps_its_size_and_shows_no_bands() -> None:
    alpha = cv2.resize(box_product(), (1500, 2000), interpolation=cv2.INTER_NEAREST)
    dark = shadow.cast(alpha, "drop", **{**CAST, "softness": 0.05})
    assert dark.shape == alpha.shape
    steps = np.abs(np.diff(dark.astype(int), axis=0))
    assert steps.max() <= 4
