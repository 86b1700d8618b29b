"""One photo to all channels: every must-rule kept or held, shared work, and every end has its reason."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from pots import ON, make_master, make_shadow

from packshot.export import channels, compliance, inspection
from packshot.export.channels import ChannelRules
from packshot.export.measure import Reference
from packshot.export.render import render
from packshot.export.stage import export_photo
from packshot.records import CatalogEntry

ALL = [name for name in channels.load() if name != "mockup"]  # a mock-up is not made from the master alone
BIG = make_master(1700, 2200)


@pytest.fixture(scope="module")
def everywhere():
    from packshot.export.exported import ExportMeta

    entry = CatalogEntry(sku="POT-01", title="Terracotta plant pot", category="Garden", copyright="© Acme")
    return export_photo(BIG, make_shadow(BIG), ExportMeta(catalog=entry, sku="POT-01"), ALL, ON)


def test_every_channel_gets_a_file_that_keeps_every_must_rule(everywhere):
    assert [done.channel for done in everywhere] == ALL
    assert {done.channel: done.held for done in everywhere} == dict.fromkeys(ALL)


@pytest.mark.parametrize("channel", ALL)
def test_the_written_bytes_pass_the_checker_of_anybodys_files(everywhere, channel):
    """Judged again from the bytes alone, the product estimated from the background."""
    done = next(one for one in everywhere if one.channel == channel)
    results = compliance.check(done.data, channels.load()[channel], done.name, on=ON)
    assert compliance.breaches(results) == []
    assert done.sha256 == hashlib.sha256(done.data).hexdigest()
    assert done.bytes == len(done.data)
    assert done.content_type == f"image/{inspection.read(done.data).format}"


def test_ssim_and_colour_keep_their_floors(everywhere):
    for done in everywhere:
        assert done.ssim >= 0.98, done.channel
        assert done.delta_e <= 1.0, done.channel


def test_what_is_reported_is_what_the_file_shows(everywhere):
    done = next(one for one in everywhere if one.channel == "tiktok")
    rendering = render(BIG, make_shadow(BIG), channels.load()["tiktok"].render)
    left, top, right, bottom = rendering.box
    got = inspection.read(done.data).rgb[top:bottom, left:right]
    reference = Reference(rendering.pixels[top:bottom, left:right], rendering.alpha[top:bottom, left:right] >= 128)
    assert reference.ssim(got) == pytest.approx(done.ssim, abs=1e-6)


def test_channels_of_one_layout_get_the_same_bytes(everywhere):
    shared = {done.sha256 for done in everywhere if done.channel in ("amazon", "google", "etsy", "shopify")}
    assert len(shared) == 1


def test_the_same_photo_twice_gives_the_same_bytes(meta, master, shadow):
    runs = [export_photo(master, shadow, meta(), ["amazon", "woocommerce", "archive"], ON) for _ in range(2)]
    assert [a.sha256 for a in runs[0]] == [b.sha256 for b in runs[1]]


def test_the_archive_is_the_master_itself(everywhere):
    done = next(one for one in everywhere if one.channel == "archive")
    assert (np.asarray(Image.open(io.BytesIO(done.data))) == BIG).all()


def test_a_mock_up_as_first_image_is_held_for_etsy_and_says_what_to_do(meta, master):
    held, fine = export_photo(master, None, meta(synthetic_background=True), ["etsy", "shopify"], ON)
    assert held.held is not None
    assert held.held.code == "CHANNEL_RULE"
    assert "real_first_image" in held.held.measured
    assert "packshot first" in held.held.cure
    assert fine.held is None
    further = export_photo(master, None, meta(synthetic_background=True, view="scene"), ["etsy"], ON)[0]
    assert further.held is None


def test_a_ghost_mannequin_of_an_adult_is_warned_of_not_held(meta, master):
    done = export_photo(master, None, meta(altered=True, segment="apparel"), ["amazon"], ON)[0]
    assert done.held is None
    assert [r.rule for r in done.rules if not r.passed and "ghost" in r.rule] == ["no_ghost_adult_advised"]
    assert done.source_type.endswith("compositeCapture")


def test_a_small_master_is_enlarged_only_as_far_as_the_channel_demands_and_it_is_said(meta):
    small = make_master(200, 260)
    zalando, shopify = export_photo(small, None, meta(), ["zalando", "shopify"], ON)
    assert zalando.held is None
    assert zalando.scale > 1
    assert [r.rule for r in zalando.rules if r.rule.startswith("not_upscaled") and not r.passed]
    assert shopify.scale == 1


def test_an_empty_master_is_held_as_no_product(meta):
    done = export_photo(np.zeros((300, 300, 4), np.uint8), None, meta(), ["amazon", "archive"], ON)
    assert [one.held.code for one in done if one.held] == ["NO_PRODUCT", "NO_PRODUCT"]


def test_a_sku_without_a_safe_character_is_held(meta, master):
    entry = CatalogEntry(sku="🦄", title="Unicorn", category="Toys")
    done = export_photo(master, None, meta(catalog=entry, sku="🦄"), ["shopify"], ON)[0]
    assert done.held is not None
    assert "SKU" in done.held.required


def limited(most: int, width: int = 1500) -> dict[str, ChannelRules]:
    rule = {"kind": "bytes_max", "value": most, "level": "must", "source": "a test of ours", "checked_on": ON}
    data = {
        "channel": "tight",
        "title": "Tight",
        "render": {"width": width, "height": width, "fill": 0.88},
        "rules": [{**rule, "confidence": "general"}],
    }
    return {"tight": ChannelRules.model_validate(data)}


def test_where_the_limit_would_cost_too_much_the_canvas_shrinks(meta):
    done = export_photo(BIG, None, meta(), ["tight"], ON, rules=limited(45_000))[0]
    assert done.held is None
    assert done.bytes <= 45_000
    assert done.width < 1500
    assert done.ssim >= 0.97


def test_a_byte_limit_that_cannot_be_met_is_held_with_the_rule(meta):
    done = export_photo(BIG, None, meta(), ["tight"], ON, rules=limited(3_000))[0]
    assert done.held is not None
    assert "bytes_max" in done.held.measured


def test_a_channel_that_there_is_not_is_an_error(meta, master):
    with pytest.raises(KeyError, match="there are amazon"):
        export_photo(master, None, meta(), ["amazn"], ON)


@pytest.mark.parametrize(
    ("bad", "shade"), [(np.zeros((9, 9, 3), np.uint8), None), (make_master(90, 90), np.zeros((9, 9), np.uint8))]
)
def test_arrays_of_another_shape_are_refused(meta, bad, shade):
    with pytest.raises(ValueError, match="must be uint8"):
        export_photo(bad, shade, meta(), ["amazon"], ON)


def test_the_record_is_json_and_holds_no_pixels(everywhere):
    import json

    record = json.loads(json.dumps(everywhere[0].record()))
    assert record["name"] == "POT_01.MAIN.jpg"
    assert record["held"] is None
    assert "data" not in record


def test_no_two_channels_names_collide_within_a_channel(everywhere):
    assert len({(d.channel, d.name.casefold()) for d in everywhere}) == len(everywhere)


@pytest.mark.parametrize("space", ["srgb", "other"])
def test_a_photo_in_another_colour_space_keeps_its_colours(space, meta):
    """The master is sRGB; read through its profile the export shows the colours that went in."""
    done = export_photo(make_master(), None, meta(), ["shopify"], ON)[0]
    image = Image.open(io.BytesIO(done.data))
    target = ImageCms.createProfile("sRGB" if space == "srgb" else "LAB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    seen = ImageCms.profileToProfile(image, source, target, outputMode="RGB" if space == "srgb" else "LAB")
    assert seen is not None
    if space == "srgb":
        rendering = render(make_master(), None, channels.load()["shopify"].render)
        assert Reference(rendering.pixels, rendering.alpha >= 128).delta_e(np.asarray(seen)) <= 2
    else:
        middle = np.asarray(seen)[image.height // 2, image.width // 2]
        assert middle[0] == pytest.approx(45 * 2.55, abs=20)
