"""Encoding: floors, limits, colour, and the measures that judge them."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from pots import make_master
from skimage.metrics import structural_similarity

from packshot.export.coders import Setting, write
from packshot.export.encode import Encoder
from packshot.export.measure import Reference
from packshot.export.render import render
from packshot.export.specs import EncodeSpec, RenderSpec


def delta_e(a, b, mask, samples=12_000):
    return Reference(a, mask, samples).delta_e(b)


def ssim_planes(a, b):
    return Reference(a, np.ones(a.shape[:2], bool)).ssim_planes(b)[:3]


WHOLE = RenderSpec(width=100, height=100, fill=1.0, background="transparent", whole=True)


@pytest.fixture(scope="module")
def rendering(master, shadow):
    return render(master, shadow, RenderSpec(width=900, height=900, fill=0.88))


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("quality", [40, 70, 90])
def test_our_ssim_agrees_with_scikit_image(rendering, quality):
    got = decoded(write(rendering.pixels, "jpeg", Setting(quality)))
    ours = ssim_planes(rendering.pixels, got)
    theirs = structural_similarity(rendering.pixels, got, channel_axis=2, data_range=255)
    assert np.mean(ours) == pytest.approx(theirs, abs=0.003)


@pytest.mark.parametrize(("form", "quality_min"), [("jpeg", 80), ("webp", 78), ("avif", 60)])
def test_every_lossy_format_keeps_floor_and_colour(rendering, form, quality_min):
    spec = EncodeSpec(format=form, quality_min=quality_min)
    done = Encoder().encode(rendering, spec)
    assert done.kept
    got = decoded(done.data)
    assert structural_similarity(rendering.pixels, got, channel_axis=2, data_range=255) >= 0.98
    assert delta_e(rendering.pixels, got, rendering.alpha >= 128, 10**9) <= 1.0


def test_the_file_is_well_below_pillows_quality_95(rendering):
    plain = io.BytesIO()
    Image.fromarray(rendering.pixels).save(plain, "JPEG", quality=95)
    done = Encoder().encode(rendering, EncodeSpec())
    assert len(done.data) <= 0.8 * len(plain.getvalue())
    assert done.encodes <= 3


def test_jpeg_is_progressive(rendering):
    image = Image.open(io.BytesIO(Encoder().encode(rendering, EncodeSpec()).data))
    assert image.info.get("progressive")


@pytest.mark.parametrize("form", ["png", "webp"])
def test_lossless_is_lossless(rendering, form):
    done = Encoder().encode(rendering, EncodeSpec(format=form, lossless=True))
    assert (decoded(done.data) == rendering.pixels).all()


def test_saturated_edges_keep_full_colour():
    master = make_master()
    for i in range(0, master.shape[1], 6):
        master[:, i : i + 3, :3] = (255, 0, 0)
        master[:, i + 3 : i + 6, :3] = (0, 0, 255)
    striped = render(master, None, RenderSpec(width=3000, height=3000, fill=0.88))
    assert Encoder().encode(striped, EncodeSpec()).setting.subsampling == "4:4:4"


def test_calm_colour_is_halved():
    calm = render(make_master(colour=(150, 140, 128)), None, RenderSpec(width=900, height=900, fill=0.88))
    assert Encoder().encode(calm, EncodeSpec()).setting.subsampling == "4:2:0"


def test_fine_coloured_texture_keeps_its_colour_with_flat_tables():
    """IJG tables would need half as many bytes again for the same colour difference."""
    master = make_master(colour=(150, 120, 60))
    noise = np.random.default_rng(3).normal(0, 26, master[..., :3].shape)
    master[..., :3] = np.clip(master[..., :3] + noise, 0, 255).astype(np.uint8)
    fine = render(master, None, RenderSpec(width=3000, height=3000, fill=0.88))
    done = Encoder().encode(fine, EncodeSpec())
    assert done.kept
    assert done.setting.flat
    ladder = (write(fine.pixels, "jpeg", Setting(q, "4:4:4")) for q in range(90, 101))
    holds = (d for d in ladder if delta_e(fine.pixels, decoded(d), fine.alpha >= 128) <= 1.0)
    plain = next(holds, None)
    assert plain is None or len(done.data) < len(plain)


def test_a_coder_that_loses_the_colour_gives_way_to_its_fallback():
    master = make_master()
    for i in range(0, master.shape[1], 2):
        master[:, i, :3] = (255, 0, 0)
        master[:, i + 1, :3] = (0, 160, 255)
    striped = render(master, None, RenderSpec(width=3000, height=3000, fill=0.88))
    done = Encoder().encode(striped, EncodeSpec(format="webp", fallback="jpeg"))
    assert done.format == "jpeg"
    assert done.kept


def test_where_the_byte_limit_binds_the_best_fitting_file_is_written(rendering):
    free = Encoder().encode(rendering, EncodeSpec())
    limit = int(len(free.data) * 0.8)
    done = Encoder().encode(rendering, EncodeSpec(), limit)
    assert done.fits
    assert done.bound
    assert 0.75 * limit < len(done.data) <= limit
    assert done.kept == (done.ssim >= 0.972 and done.delta_e <= 1.0)


def test_a_limit_out_of_reach_is_said(rendering):
    done = Encoder().encode(rendering, EncodeSpec(), 2000)
    assert not done.fits
    assert not done.kept


def test_the_same_rendering_gives_the_same_bytes(rendering):
    assert Encoder().encode(rendering, EncodeSpec()).data == Encoder().encode(rendering, EncodeSpec()).data


def test_tiny_products_are_encoded_too():
    small = render(make_master(60, 60), None, RenderSpec(width=50, height=50, fill=0.88))
    assert Encoder().encode(small, EncodeSpec()).kept


def test_colour_difference_is_zero_without_product_and_grows_with_the_shift(rendering):
    nothing = np.zeros(rendering.alpha.shape, bool)
    assert delta_e(rendering.pixels, rendering.pixels, nothing) == 0
    warmer = cv2.add(rendering.pixels, (6, 0, 0, 0))
    assert delta_e(rendering.pixels, warmer, rendering.alpha >= 128) > 1


def test_a_coder_without_transparency_gets_the_picture_on_white(master):
    clear = render(master, None, RenderSpec(width=900, height=900, fill=0.88, background="transparent"))
    on_white = render(master, None, RenderSpec(width=900, height=900, fill=0.88))
    got = decoded(Encoder().encode(clear, EncodeSpec()).data)
    assert (got[0, 0] == 255).all()
    assert delta_e(on_white.pixels, got, on_white.alpha >= 128) <= 1.0
    whole = render(np.dstack([master[..., :3], np.full(master.shape[:2], 255, np.uint8)]), None, WHOLE)
    assert Encoder().encode(whole, EncodeSpec()).kept


@pytest.mark.parametrize("height", [8, 12, 63, 64, 67, 68, 69, 132, 200])
def test_ssim_in_strips_counts_every_window_once(rendering, height):
    """A change in one row of blocks weighs the same wherever the strips' seams lie."""
    a = rendering.pixels[100 : 100 + height, 300:364]
    assert ssim_planes(a, a) == pytest.approx([1.0] * 3)
    b = a.copy()
    b[::3] //= 2
    whole = structural_similarity(a, b, channel_axis=2, data_range=255, win_size=7)
    assert np.mean(ssim_planes(a, b)) == pytest.approx(whole, abs=0.05)
