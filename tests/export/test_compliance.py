"""A planted breach of every kind of rule is found, and the sound file passes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from pots import ON, make_master, make_shadow

from packshot.export import compliance, inspection, metadata, xmp
from packshot.export.channels import ChannelRules, Kind, Level, Rule, load
from packshot.export.compliance import Facts
from packshot.export.render import render
from packshot.export.specs import RenderSpec

PICTURE = render(make_master(), make_shadow(make_master()), RenderSpec(width=800, height=800, fill=0.88))
RGB = PICTURE.pixels


def channel(kind: Kind, value: Any) -> ChannelRules:
    rule = {"kind": kind, "value": value, "level": "must", "source": "a test of ours", "checked_on": ON}
    return ChannelRules.model_validate(
        {
            "channel": "test",
            "title": "Test",
            "render": {"width": 800, "height": 800, "fill": 0.88},
            "rules": [{**rule, "confidence": "general"}],
        }
    )


def jpeg(pixels: np.ndarray = RGB, quality: int = 85, **extra: Any) -> bytes:
    out = io.BytesIO()
    extra.setdefault("icc_profile", metadata.srgb_profile())
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, **extra)
    return out.getvalue()


def saved(image: Image.Image, form: str, **extra: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **extra)
    return out.getvalue()


def changed(change: Callable[[np.ndarray], None]) -> bytes:
    pixels = RGB.copy()
    change(pixels)
    return jpeg(pixels)


def speck(pixels: np.ndarray) -> None:
    pixels[30:36, 30:36] = 90


def off_white(pixels: np.ndarray) -> None:
    pixels[(PICTURE.alpha == 0) & (PICTURE.shadow == 0)] = 250


def long_shadow(pixels: np.ndarray) -> None:
    pixels[700:760, 500:] = 200


def border(pixels: np.ndarray) -> None:
    cv2.rectangle(pixels, (2, 2), (797, 797), (20, 20, 20), 5)


def text(pixels: np.ndarray) -> None:
    cv2.putText(pixels, "N E W  S A L E", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (200, 0, 0), 3)


def exif(tag: int, value: Any, ifd: int | None = None) -> bytes:
    block = Image.Exif()
    (block if ifd is None else block.get_ifd(ifd))[tag] = value
    return block.tobytes()


def gps() -> bytes:
    block = Image.Exif()
    block.get_ifd(0x8825)[1] = "N"
    return block.tobytes()


def wide_gamut() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = profile.index(b"rXYZ")  # the tag table points at the red primary; swap it with the green one's entry
    other = profile.index(b"gXYZ")
    profile[at : at + 4], profile[other : other + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def sixteen_bit() -> bytes:
    return saved(Image.fromarray(RGB[..., 0].astype(np.uint16) * 257), "PNG")


def animated() -> bytes:
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


def see_through() -> bytes:
    return saved(Image.fromarray(np.dstack([RGB, PICTURE.alpha])), "PNG")


class Case(NamedTuple):
    """A rule with a file that keeps it and one that breaks it."""

    value: Any
    sound: bytes
    breach: bytes
    name: str = "POT_front.jpg"
    bad_name: str = ""
    facts: Facts = Facts()
    bad_facts: Facts | None = None


SOUND = jpeg()
ALT = jpeg(xmp=xmp.build(xmp.Fields(alt_text="A pot.", sku="P")))
COMPOSITE = jpeg(
    xmp=xmp.build(xmp.Fields(source_type="http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"))
)
CASES: dict[Kind, Case] = {
    Kind.FORMAT: Case(["jpeg"], SOUND, saved(Image.fromarray(RGB), "PNG")),
    Kind.STILL: Case(True, SOUND, animated()),
    Kind.BYTES_MAX: Case(len(SOUND), SOUND, jpeg(quality=98)),
    Kind.LONG_SIDE_MIN: Case(700, SOUND, jpeg(RGB[:600, :600])),
    Kind.LONG_SIDE_MAX: Case(900, SOUND, jpeg(np.vstack([RGB, RGB]))),
    Kind.SHORT_SIDE_MIN: Case(700, SOUND, jpeg(RGB[:600])),
    Kind.WIDTH_MIN: Case(700, SOUND, jpeg(RGB[:, :600])),
    Kind.HEIGHT_MIN: Case(700, SOUND, jpeg(RGB[:600])),
    Kind.MEGAPIXELS_MAX: Case(0.7, SOUND, jpeg(np.vstack([RGB, RGB]))),
    Kind.RATIO: Case([1, 1], SOUND, jpeg(RGB[:780])),
    Kind.COLOUR_MODE: Case("rgb8", SOUND, sixteen_bit()),
    Kind.ICC: Case("srgb", SOUND, jpeg(icc_profile=wide_gamut())),
    Kind.OPAQUE: Case(True, SOUND, see_through()),
    Kind.LOSSLESS: Case(True, saved(Image.fromarray(RGB), "PNG"), SOUND),
    Kind.UPRIGHT: Case(True, SOUND, jpeg(exif=exif(0x0112, 6))),
    Kind.JPEG_QUALITY_MIN: Case(85, SOUND, jpeg(quality=70)),
    Kind.BACKGROUND: Case("white", SOUND, changed(off_white)),
    Kind.CLEAN_OUTSIDE: Case(True, SOUND, changed(speck)),
    Kind.INSIDE_FRAME: Case(True, SOUND, changed(long_shadow)),
    Kind.FILL_MIN: Case(0.85, SOUND, jpeg(np.pad(RGB, ((200, 200), (200, 200), (0, 0)), constant_values=255))),
    Kind.FILL_MAX: Case(0.9, SOUND, jpeg(RGB[40:-40, 40:-40])),
    Kind.NO_BORDER: Case(True, SOUND, changed(border)),
    Kind.NO_TEXT: Case(True, SOUND, changed(text)),
    Kind.NAME_PATTERN: Case(r"[A-Z]+_[a-z]+\.jpg", SOUND, SOUND, bad_name="pot front.jpg"),
    Kind.NAME_LENGTH: Case(16, SOUND, SOUND, bad_name="POT_from_the_front_side.jpg"),
    Kind.NAME_GTIN: Case(True, SOUND, SOUND, name="04006381333931_front.jpg", bad_name="04006381333932_front.jpg"),
    Kind.NO_GPS: Case(True, SOUND, jpeg(exif=gps())),
    Kind.NO_SERIAL: Case(True, SOUND, jpeg(exif=exif(0xA431, "12345", 0x8769))),
    Kind.SOURCE_TYPE: Case(True, COMPOSITE, SOUND, facts=Facts(altered=True)),
    Kind.ALT_TEXT_MAX: Case(20, ALT, SOUND),
    Kind.NOT_UPSCALED: Case(True, SOUND, SOUND, facts=Facts(scale=1.0), bad_facts=Facts(scale=1.2)),
    Kind.REAL_FIRST_IMAGE: Case(
        True, SOUND, SOUND, facts=Facts(synthetic_background=False), bad_facts=Facts(synthetic_background=True)
    ),
    Kind.NO_GHOST_ADULT: Case(
        True,
        SOUND,
        SOUND,
        facts=Facts(altered=True, segment="apparel", category="Kids' clothing"),
        bad_facts=Facts(altered=True, segment="apparel", category="Women's dresses"),
    ),
}


def judged(kind: Kind, case: Case, data: bytes, name: str, facts: Facts, known: bool) -> compliance.RuleResult:
    results = compliance.check(
        data,
        channel(kind, case.value),
        name,
        PICTURE.alpha if known else None,
        shadow=PICTURE.shadow if known else None,
        facts=facts,
        on=ON,
    )
    assert [r.rule for r in results] == ["readable", kind.value]
    return results[1]


WRITTEN = inspection.read(SOUND)
SHIPPED = [(name, rule) for name, rules in load().items() for rule in rules.rules]


def sized(width: float, height: float) -> inspection.Written:
    """A file of so many pixels, without their memory."""
    return replace(WRITTEN, rgb=np.broadcast_to(np.uint8(255), (int(height), int(width), 3)))


@cache
def read_once(data: bytes) -> inspection.Written:
    return inspection.read(data)


def planted(rule: Rule) -> compliance.Subject:
    """A file that breaks this very rule, by its own value."""
    value, case = rule.value, CASES[rule.kind]
    just_off: dict[Kind, Callable[[], inspection.Written]] = {
        Kind.BYTES_MAX: lambda: replace(WRITTEN, size=value + 1),
        Kind.LONG_SIDE_MIN: lambda: sized(value - 1, value - 1),
        Kind.SHORT_SIDE_MIN: lambda: sized(value - 1, 2 * value),
        Kind.WIDTH_MIN: lambda: sized(value - 1, 2 * value),
        Kind.HEIGHT_MIN: lambda: sized(2 * value, value - 1),
        Kind.LONG_SIDE_MAX: lambda: sized(value + 1, 8),
        Kind.MEGAPIXELS_MAX: lambda: sized(1000, 1000 * value + 1),
        Kind.RATIO: lambda: sized(1000 * value[0], 1012 * value[1]),
    }
    written = just_off.get(rule.kind, lambda: read_once(case.breach))()
    name, facts = case.bad_name or "POT_front.jpg", case.bad_facts or case.facts
    if rule.kind is Kind.FORMAT:
        written, name = WRITTEN, "POT_front.png"  # what is inside is not what the name says
    elif rule.kind is Kind.NAME_PATTERN:
        name = "pot front.jpg"
    elif rule.kind is Kind.ALT_TEXT_MAX:
        facts = replace(facts, alt_text="x" * (value + 1))
    return compliance.Subject(written, name, facts)


@pytest.mark.parametrize(("name", "rule"), SHIPPED, ids=lambda one: one if isinstance(one, str) else one.id)
def test_every_rule_that_ships_finds_its_breach(name: str, rule: Rule) -> None:
    only = load()[name].model_copy(update={"rules": [rule]})
    subject = planted(rule)
    facts = replace(subject.facts, segment=subject.facts.segment or next(iter(rule.segments), None))
    _, found = compliance.judge(subject.named(subject.name, facts), only, rule.effective_from or ON)
    assert (found.rule, found.passed) == (rule.id, False)
    assert found.fix and found.required and found.source == rule.source
    assert bool(compliance.breaches([found])) == (rule.level is Level.MUST)


def test_every_kind_of_rule_has_a_planted_breach() -> None:
    assert set(CASES) == set(Kind)


@pytest.mark.parametrize("kind", list(CASES), ids=str)
def test_the_sound_file_passes_and_the_breach_is_found(kind: Kind) -> None:
    case = CASES[kind]
    sound = judged(kind, case, case.sound, case.name, case.facts, known=False)
    assert sound.passed, sound.measured
    assert sound.fix == ""
    breach = judged(kind, case, case.breach, case.bad_name or case.name, case.bad_facts or case.facts, known=False)
    assert not breach.passed
    assert breach.measured
    assert breach.required
    assert breach.fix


@pytest.mark.parametrize(
    "kind", [Kind.BACKGROUND, Kind.CLEAN_OUTSIDE, Kind.INSIDE_FRAME, Kind.NO_BORDER, Kind.NO_TEXT], ids=str
)
def test_with_the_matte_at_hand_the_breach_is_found_too(kind: Kind) -> None:
    case = CASES[kind]
    assert judged(kind, case, case.sound, case.name, case.facts, known=True).passed
    assert not judged(kind, case, case.breach, case.name, case.facts, known=True).passed


def test_fill_is_estimated_near_what_the_matte_says() -> None:
    case = CASES[Kind.FILL_MIN]
    estimated = judged(Kind.FILL_MIN, case, SOUND, case.name, Facts(), known=False)
    measured = judged(Kind.FILL_MIN, case, SOUND, case.name, Facts(), known=True)
    assert "estimated" in estimated.measured
    assert float(estimated.measured.split()[0]) == pytest.approx(float(measured.measured.split()[0]), abs=0.02)


def test_a_transparent_background_may_stand_for_white_where_the_channel_says_so() -> None:
    white = channel(Kind.BACKGROUND, "white")
    either = channel(Kind.BACKGROUND, "white_or_transparent")
    assert not compliance.check(see_through(), white, "a.png", on=ON)[1].passed
    assert compliance.check(see_through(), either, "a.png", on=ON)[1].passed


@pytest.mark.parametrize(("level", "passes"), [(254, True), (250, False)])
def test_bright_glass_within_the_product_is_not_taken_for_a_grey_background(level: int, passes: bool) -> None:
    bottle = np.full((600, 600, 3), 255, np.uint8)
    cv2.rectangle(bottle, (200, 60), (400, 540), (30, 60, 40), 6)
    bottle[300:310, 300:310] = level
    white = channel(Kind.BACKGROUND, "white")
    assert compliance.check(jpeg(bottle), white, "a.jpg", on=ON)[1].passed == passes
    bottle[300:310, 300:310], bottle[300:310, 100:110] = 255, level  # the same beside it
    assert not compliance.check(jpeg(bottle), white, "a.jpg", on=ON)[1].passed


def test_a_busy_background_is_not_white_and_not_judged_for_residue() -> None:
    noise = jpeg(np.random.default_rng(1).integers(0, 255, (400, 400, 3)).astype(np.uint8))
    assert not compliance.check(noise, channel(Kind.BACKGROUND, "white"), "a.jpg", on=ON)[1].passed
    assert len(compliance.check(noise, channel(Kind.CLEAN_OUTSIDE, True), "a.jpg", on=ON)) == 1


def test_made_pixels_by_a_model_need_a_term_that_says_so() -> None:
    rule = channel(Kind.SOURCE_TYPE, True)
    facts = Facts(model_generated=True)
    assert not compliance.check(COMPOSITE, rule, "a.jpg", facts=facts, on=ON)[1].passed


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", SOUND[: len(SOUND) // 2], b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, b"%!PS-Adobe-3.0 EPSF-3.0"],
    ids=["empty", "text", "truncated", "broken", "postscript"],
)
def test_what_cannot_be_read_is_one_broken_must_rule(data: bytes) -> None:
    results = compliance.check(data, channel(Kind.STILL, True), "a.jpg", on=ON)
    assert [(r.rule, r.passed) for r in results] == [("readable", False)]
    assert compliance.breaches(results) == results


def test_rules_count_on_the_day_they_are_asked_for(channels: dict[str, ChannelRules]) -> None:
    small = jpeg(cv2.resize(RGB, (300, 300), interpolation=cv2.INTER_AREA))

    def broken(on: dt.date) -> list[str]:
        results = compliance.check(small, channels["google"], "POT_front.jpg", on=on)
        return [r.rule for r in compliance.breaches(results)]

    assert "short_side_min" not in broken(dt.date(2027, 1, 30))
    assert "short_side_min" in broken(dt.date(2027, 1, 31))


def test_the_matte_must_have_the_files_size() -> None:
    with pytest.raises(ValueError, match="alpha is"):
        compliance.check(SOUND, channel(Kind.BACKGROUND, "white"), "a.jpg", PICTURE.alpha[:-1], on=ON)
