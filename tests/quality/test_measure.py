"""Each measurement answers to the damage that it is for, on a photo made here: a speckled disc, its shadow
beside it.
"""

from __future__ import annotations

import time

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from packshot.imaging.measure import _around_product, measure
from packshot.imaging.measure_edge import _slopes, lab_of
from packshot.imaging.measure_region import alike_alpha, shape_measures
from packshot.imaging.measure_residual import residual_measures
from packshot.imaging.shadow import cast

Bytes = npt.NDArray[np.uint8]
SIZE = 1000


def scene() -> tuple[Bytes, Bytes, Bytes]:
    """Photo, true matte and the product's own colour."""
    dice = np.random.default_rng(3)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    alpha = np.clip(280 - np.hypot(x - 500, y - 500) + 0.5, 0, 1)
    alpha *= 1 - np.clip(60 - np.hypot(x - 560, y - 450) + 0.5, 0, 1)  # a real hole
    speckle = cv2.GaussianBlur(dice.normal(0, 30, (SIZE, SIZE, 3)).astype(np.float32), (0, 0), 2)
    product = np.array([150, 60, 40], np.float32) + speckle
    backdrop = (200 + 20 * x / SIZE)[..., None] * np.array([0.95, 1, 1], np.float32)
    photo = product * alpha[..., None] + backdrop * (1 - alpha[..., None]) + dice.normal(0, 1.5, (SIZE, SIZE, 3))
    return tuple(np.clip(a, 0, 255).round().astype(np.uint8) for a in (photo, alpha * 255, product))  # type: ignore[return-value]


PHOTO, TRUTH, PRODUCT = scene()


def numbers(matte: Bytes = TRUTH, colour: Bytes = PRODUCT, shadow: Bytes | None = None) -> dict[str, float]:
    return measure(PHOTO, matte, np.dstack([colour, matte]), shadow)


GOOD = numbers()


def disc(radius: int) -> Bytes:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)


def test_the_true_matte_measures_well() -> None:
    assert GOOD["edge_shift_px"] == 0 and GOOD["edge_off"] < 0.02 and GOOD["edge_unsupported"] < 0.02
    assert GOOD["alpha_residual"] < 0.1 and GOOD["fringe"] < 0.1 and GOOD["looks_in"] < 0.01 > GOOD["looks_out"]
    assert (
        GOOD["holes"] == pytest.approx(60**2 / (280**2 - 60**2), rel=0.02)
        and GOOD["holes_alike"] == 0
        and GOOD["islands"] == 0
    )
    assert GOOD["coverage"] == pytest.approx(np.pi * (0.28**2 - 0.06**2), abs=0.002)


def test_an_eroded_matte_asks_to_grow_and_a_dilated_one_to_shrink() -> None:
    eroded, dilated = numbers(cv2.erode(TRUTH, disc(3))), numbers(cv2.dilate(TRUTH, disc(3)))
    # 3 px of 1000; a sample is half a pixel at this size
    assert eroded["edge_shift_px"] == pytest.approx(6, abs=1.01) and eroded["edge_off"] > 0.9
    assert dilated["edge_shift_px"] == pytest.approx(-6, abs=1.01) and dilated["edge_off"] > 0.9
    assert min(eroded["alpha_residual"], dilated["alpha_residual"]) > 2 * GOOD["alpha_residual"]


def test_a_false_hole_looks_like_the_product_around_it() -> None:
    holed = TRUTH.copy()
    cv2.circle(holed, (400, 600), 40, 0, -1)
    found = numbers(holed)
    assert found["holes_alike"] == pytest.approx(40**2 / (280**2 - 60**2), rel=0.15)
    assert found["holes"] == pytest.approx((60**2 + 40**2) / (280**2 - 60**2 - 40**2), rel=0.02)
    assert found["looks_in"] > GOOD["looks_in"] + 0.005


def test_a_missing_part_cuts_where_the_photo_has_no_edge() -> None:
    cut = TRUTH.copy()
    cut[:, :400] = 0
    found = numbers(cut)
    assert found["edge_unsupported"] > 0.15 and found["edge_bare_length"] > 0.7 and found["looks_in"] > 0.01


def test_backdrop_taken_in_is_seen() -> None:
    bulging = TRUTH.copy()
    cv2.circle(bulging, (800, 500), 90, 255, -1)
    found = numbers(bulging)
    assert found["looks_out"] > GOOD["looks_out"] + 0.005 and found["edge_unsupported"] > 0.1


def test_an_island_of_backdrop_is_seen() -> None:
    dotted = TRUTH.copy()
    cv2.circle(dotted, (100, 100), 30, 255, -1)
    found = numbers(dotted)
    assert found["islands_alike"] == found["islands"] == pytest.approx(30**2 / (280**2 - 60**2 + 30**2), rel=0.05)


def test_a_blurred_matte_is_softer_than_the_photo() -> None:
    soft = numbers(cv2.GaussianBlur(TRUTH, (0, 0), 4))
    assert soft["softness_px"] > GOOD["softness_px"] + 10 and soft["softness_excess"] > 0.02


def test_a_fringe_leans_to_the_backdrop() -> None:
    soft = cv2.GaussianBlur(TRUTH, (0, 0), 2)
    assert numbers(soft, PHOTO)["fringe"] > 0.3 > 0.15 > numbers(soft)["fringe"]


def test_a_tint_is_a_colour_shift_and_noise_is_not() -> None:
    tinted = np.clip(PRODUCT.astype(np.float32) * [1.06, 1.0, 0.94], 0, 255).astype(np.uint8)
    assert GOOD["colour_shift"] < 0.2
    assert numbers(colour=tinted)["colour_shift"] > 1.5


def test_a_blurred_cut_out_loses_sharpness() -> None:
    assert numbers(colour=PHOTO)["sharpness"] == pytest.approx(1)
    assert numbers(colour=cv2.GaussianBlur(PHOTO, (0, 0), 2))["sharpness"] < 0.4


def test_a_product_cut_by_the_frame() -> None:
    wide = np.full_like(TRUTH, 255)
    wide[:300] = 0
    assert numbers(wide)["frame_cut"] > 0.5 and GOOD["frame_cut"] == 0


def test_half_transparent_body() -> None:
    ghost = np.where(TRUTH > 200, 160, TRUTH).astype(np.uint8)
    assert numbers(ghost)["core_soft"] > 0.9 > 0.01 > GOOD["core_soft"]


@pytest.mark.parametrize("angle", [0, 90, 180, 45])
def test_the_shadow_falls_where_it_was_laid(angle: float) -> None:
    shadow = cast(TRUTH, "drop", direction_deg=angle, length=0.2, softness=0.03, density=0.5)
    found = numbers(shadow=shadow)
    assert abs((found["shadow_direction"] - angle + 180) % 360 - 180) < 12
    assert 0.3 < found["shadow_density"] <= 0.51 and found["shadow_present"] == 1


def test_a_shadow_shifted_away_has_no_contact() -> None:
    touching = cast(TRUTH, "contact", direction_deg=90, length=0.05, softness=0.02, density=0.5)
    floating = np.roll(touching, 120, axis=0)
    assert numbers(shadow=touching)["shadow_contact"] > 2 * numbers(shadow=floating)["shadow_contact"]
    assert numbers(shadow=np.zeros_like(TRUTH))["shadow_present"] == 0
    assert numbers()["shadow_present"] == 0


@pytest.mark.parametrize("fill", [0, 255])
def test_an_empty_or_full_matte_is_measured_not_crashed(fill: int) -> None:
    found = numbers(np.full_like(TRUTH, fill))
    assert found["coverage"] == fill / 255 and found["edge_unsupported"] == 1 and all(np.isfinite(list(found.values())))


def test_numbers_given_are_kept_and_never_overwrite() -> None:
    args = (PHOTO, TRUTH, np.dstack([PRODUCT, TRUTH]), None)
    found = measure(*args, {"certainty": 0.93}, {"disagreement": 1.7})
    assert (found["certainty"], found["disagreement"]) == (0.93, 1.0)
    with pytest.raises(ValueError, match="coverage"):
        measure(*args, {"coverage": 0.5})


def test_arrays_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match="master"):
        measure(PHOTO, TRUTH, np.zeros((10, 10, 4), np.uint8))


@pytest.mark.slow
def test_a_full_size_photo_takes_little_time() -> None:
    big = [cv2.resize(a, (2400, 1800), interpolation=cv2.INTER_CUBIC) for a in (PHOTO, TRUTH, PRODUCT)]
    began = time.process_time()
    measure(big[0], big[1], np.dstack([big[2], big[1]]))
    assert time.process_time() - began < 1.0  # 0.4 on an idle core; room for a busy one


def test_only_what_lies_around_the_product_is_looked_at_and_the_rest_changes_nothing() -> None:
    alpha = TRUTH.astype(np.float32) / 255
    lab = lab_of(PHOTO)
    part, whole = _around_product(TRUTH), (slice(0, SIZE), slice(0, SIZE))
    assert part[0].stop - part[0].start < 0.75 * SIZE
    assert shape_measures(lab, alpha, part) == shape_measures(lab, alpha, whole)
    near = residual_measures(lab[part], alpha[part], PRODUCT[part], SIZE)
    assert near == pytest.approx(residual_measures(lab, alpha, PRODUCT, SIZE), rel=0.01, abs=1e-3)


def test_slopes_of_the_outline_are_those_of_the_blurred_matte() -> None:
    points = np.array([(500, 220), (300, 304), (219, 500), (777, 520)], np.int32)
    smooth = cv2.GaussianBlur(TRUTH.astype(np.float32), (0, 0), 2)
    expected = [cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x, ksize=3)[points[:, 1], points[:, 0]] for x in (1, 0)]
    assert _slopes(TRUTH, points, 2.0) == pytest.approx(np.array(expected), rel=0.01, abs=5)


def test_alike_neighbours_are_counted_over_every_axis_of_the_grid() -> None:
    dice = np.random.default_rng(0)
    lab = (dice.integers(0, 3, (40, 50, 3)) * 7.0 + 3.5).astype(np.float32)
    alpha = dice.random((40, 50), np.float32)
    found, _ = alike_alpha(lab, alpha)
    cells = np.dstack([*np.mgrid[0:40, 0:50] // (50 / 16), np.floor((lab + np.array([0, 128, 128])) / 7)])
    apart = np.abs(cells[20, 30] - cells)
    weight = np.where(apart.max(2) <= 1, (2 - apart).prod(2), 0)
    assert found[20, 30] == pytest.approx((weight * alpha).sum() / weight.sum(), rel=1e-4)
