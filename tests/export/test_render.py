"""Rendering: layout, light, shadow and background."""

from __future__ import annotations

import numpy as np
import pytest
from pots import make_master

from packshot.export.layout import NoProduct
from packshot.export.render import Studio, encode_srgb, render
from packshot.export.specs import RenderSpec


def spec(**changes: object) -> RenderSpec:
    return RenderSpec.model_validate({"width": 700, "height": 700, "fill": 0.88, **changes})


@pytest.mark.parametrize(("width", "height"), [(700, 700), (400, 400), (360, 520)])
def test_the_product_fills_its_share_and_is_centred(master, width, height):
    r = render(master, None, spec(width=width, height=height))
    left, top, right, bottom = r.box
    assert max((right - left) / r.width, (bottom - top) / r.height) == pytest.approx(0.88, abs=0.006)
    assert abs((left + right) / 2 - r.width / 2) <= 1
    assert abs((top + bottom) / 2 - r.height / 2) <= 1
    assert r.width / r.height == pytest.approx(width / height, rel=0.005)


def test_outside_product_and_shadow_everything_is_pure_white(master, shadow):
    r = render(master, shadow, spec())
    outside = (r.alpha == 0) & (r.shadow == 0)
    assert outside.mean() > 0.3
    assert (r.pixels[outside] == 255).all()


def test_at_scale_one_opaque_pixels_are_the_masters_own(master):
    r = render(master, None, spec(width=3000, height=3000))
    assert r.scale == 1
    left, top, right, bottom = r.box
    solid = r.alpha[top:bottom, left:right] == 255
    ys, xs = np.nonzero(master[..., 3] >= 13)
    original = master[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1, :3]
    assert (r.pixels[top:bottom, left:right][solid] == original[solid]).all()


def test_nothing_is_enlarged_the_canvas_shrinks_instead(master):
    r = render(master, None, spec(width=5000, height=5000))
    assert r.scale == 1
    assert r.width < 1000


def test_enlarging_happens_only_to_reach_the_least_canvas_and_is_said(master):
    r = render(master, None, spec(width=2000, height=2000), least=(1500, 1500))
    assert (r.width, r.height) == (1500, 1500)
    assert r.scale > 1.5


def test_light_is_averaged_and_not_codes():
    """Black and white lines halve to half the light: sRGB code 188, not 128."""
    master = np.full((800, 800, 4), 255, np.uint8)
    master[::2, :, :3] = 0
    master[..., 3] = 0
    master[200:600, 200:600, 3] = 255
    r = render(master, None, spec(width=110, height=110, fill=0.9))
    assert r.scale < 0.3
    assert r.pixels[50:60, 50:60].astype(int).mean() == pytest.approx(188, abs=3)


def test_srgb_codes_survive_the_way_to_light_and_back():
    codes = np.arange(256) / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)
    assert (encode_srgb(light) == np.arange(256)).all()


def test_the_shadow_darkens_the_background_and_ends_before_the_frame(master):
    everywhere = np.full(master.shape[:2], 120, np.uint8)
    r = render(master, everywhere, spec())
    assert r.shadow[350, 40] > 100
    frame = np.concatenate([r.pixels[0], r.pixels[-1], r.pixels[:, 0], r.pixels[:, -1]])
    assert (frame == 255).all()


def test_a_channel_without_shadow_gets_none(master, shadow):
    r = render(master, shadow, spec(shadow="none"))
    assert not r.shadow.any()
    assert (r.pixels[r.alpha == 0] == 255).all()


def test_a_transparent_background_stays_transparent(master, shadow):
    r = render(master, shadow, spec(background="transparent"))
    assert r.pixels.shape[2] == 4
    assert r.pixels[0, 0].tolist() == [0, 0, 0, 0]
    middle = r.pixels[r.height // 2, r.width // 2]
    assert middle[3] == 255
    assert abs(int(middle[0]) - 176) < 40


def test_another_background_colour_is_exact(master):
    assert render(master, None, spec(background="#f0ead6")).pixels[0, 0].tolist() == [0xF0, 0xEA, 0xD6]


def test_residue_of_the_matte_is_not_drawn():
    master = make_master()
    master[20:40, 20:40, 3] = 2
    r = render(master, None, spec())
    assert (r.pixels[r.alpha == 0] == 255).all()
    assert (r.pixels[:60, :60] == 255).all()


def test_optical_weight_moves_the_heavy_side_towards_the_centre():
    master = np.full((600, 900, 4), 240, np.uint8)
    master[..., 3] = 0
    master[250:350, 100:800, 3] = 255
    master[200:400, 100:300, 3] = 255
    master[200:400, 100:300, :3] = 10
    by_box = render(master, None, spec(centre="box", fill=0.8))
    by_weight = render(master, None, spec(centre="weight", fill=0.8))
    assert by_weight.box[0] > by_box.box[0]
    assert by_weight.box[2] < by_weight.width


def test_channels_with_one_layout_share_the_rendering(master, shadow):
    studio = Studio(master, shadow)
    one = studio.render(spec())
    other = studio.render(spec(fill=0.88))
    assert one[0] == other[0]
    assert one[1] is other[1]
    assert studio.render(spec(shadow="none"))[1] is not one[1]


def test_an_empty_matte_is_an_error():
    with pytest.raises(NoProduct):
        render(np.zeros((100, 100, 4), np.uint8), None, spec())


def test_a_shadow_beside_the_canvas_is_no_trouble():
    master = np.zeros((400, 400, 4), np.uint8)
    master[180:220, 20:60] = 255
    shadow = np.zeros((400, 400), np.uint8)
    shadow[360:390, 360:390] = 200
    r = render(master, shadow, spec(width=50, height=50))
    assert not r.shadow.any()
    assert (r.pixels[r.alpha == 0] == 255).all()
