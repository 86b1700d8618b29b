"""Blank, blurred, burnt out: what is past saving is refused, what only looks odd is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from packshot.imaging.decode import decode_preview
from packshot.intake import checks
from packshot.intake.glance import Glance
from packshot.intake.preflight import measure

from .conftest import encoded, product

SIZE = (2000, 1500)


def judged(image: Image.Image) -> str:
    """The reason code of the image as a JPEG file, or ``sound``."""
    why = checks.fault(Glance(decode_preview(encoded(image, quality=90), 1024).rgb))
    return why.code if why else "sound"


def noisy(image: Image.Image, sigma: float) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    pixels = pixels + np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def mug_on_white(backdrop: int = 250, mug: int = 242, rim: int = 225) -> Image.Image:
    """A white product on white: eight grey levels of body, a thin shaded rim."""
    image = Image.new("RGB", SIZE, (backdrop,) * 3)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((600, 400, 1300, 1200), 60, fill=(mug,) * 3, outline=(rim,) * 3, width=6)
    return noisy(image, 1.5)


def ring_on_white() -> Image.Image:
    """A tiny product: almost all of the photo is pure white."""
    image = Image.new("RGB", SIZE, (255, 255, 255))
    ImageDraw.Draw(image).ellipse((950, 700, 1050, 800), outline=(180, 140, 40), width=8)
    return image


def camera_on_black() -> Image.Image:
    """A dark product before a dark backdrop."""
    image = Image.new("RGB", SIZE, (14, 14, 14))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((500, 500, 1500, 1100), 60, fill=(26, 26, 28))
    draw.ellipse((850, 650, 1150, 950), fill=(40, 40, 44), outline=(120, 120, 125), width=5)
    return noisy(image, 1.5)


def vignetted() -> Image.Image:
    """An empty backdrop: lit in the middle, noisy."""
    rows, columns = np.mgrid[-1 : 1 : SIZE[1] * 1j, -1 : 1 : SIZE[0] * 1j]
    light = 230 - 45 * (rows**2 + columns**2)
    return noisy(Image.fromarray(np.repeat(light[..., None], 3, -1).astype(np.uint8)), 4)


@pytest.mark.parametrize("image", [mug_on_white, ring_on_white, camera_on_black, lambda: product(SIZE)])
def test_white_on_white_tiny_and_dark_products_are_sound(image) -> None:  # type: ignore[no-untyped-def]
    assert judged(image()) == "sound"


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (120, 60, 30)])
def test_one_flat_colour_is_blank(colour: tuple[int, int, int]) -> None:
    assert judged(noisy(Image.new("RGB", SIZE, colour), 3)) == "BLANK"


def test_an_empty_backdrop_with_its_own_light_is_blank() -> None:
    assert judged(vignetted()) == "BLANK"


@pytest.mark.parametrize("sigma", [20, 40, 80])
def test_a_blur_of_one_percent_of_the_frame_is_hopeless(sigma: int) -> None:
    blurred = product(SIZE).filter(ImageFilter.GaussianBlur(sigma))
    assert judged(noisy(blurred, 3)) == "BLURRED"


@pytest.mark.parametrize("sigma", [0, 2, 4])
def test_a_soft_lens_is_not_hopeless(sigma: int) -> None:
    assert judged(noisy(product(SIZE).filter(ImageFilter.GaussianBlur(sigma)), 3)) == "sound"


def test_nothing_but_black_and_white_is_clipped() -> None:
    image = Image.new("RGB", SIZE, (255, 255, 255))
    ImageDraw.Draw(image).rectangle((700, 500, 1000, 800), fill=(0, 0, 0))
    assert judged(image) == "CLIPPED"


def test_preflight_tells_a_plain_product_on_an_even_backdrop() -> None:
    image = Image.new("RGB", SIZE, (230, 230, 230))
    ImageDraw.Draw(image).rectangle((600, 400, 1400, 1100), fill=(30, 60, 190))
    seen = measure(Glance(decode_preview(encoded(noisy(image, 2)), 1024).rgb))
    assert seen.background_evenness > 0.9
    assert all(abs(level - 230) <= 3 for level in seen.background_colour)
    assert seen.colour_family == "blue"
    assert not seen.touches_frame
    assert seen.suggested_segment == "general"


def test_preflight_sees_a_product_that_the_frame_cuts() -> None:
    image = Image.new("RGB", SIZE, (230, 230, 230))
    ImageDraw.Draw(image).rectangle((600, 400, 2000, 1100), fill=(160, 30, 30))
    seen = measure(Glance(decode_preview(encoded(image), 1024).rgb))
    assert seen.touches_frame
    assert seen.colour_family == "red"


def test_preflight_sees_fine_detail_as_texture() -> None:
    rng = np.random.default_rng(0)
    image = Image.new("RGB", SIZE, (235, 235, 235))
    fur = rng.integers(30, 170, (200, 200, 1), dtype=np.uint8).repeat(4, 0).repeat(4, 1).repeat(3, 2)
    image.paste(Image.fromarray(fur), (600, 350))
    seen = measure(Glance(decode_preview(encoded(image), 1024).rgb))
    assert seen.suggested_segment == "textured"


def test_preflight_does_not_suggest_on_clutter() -> None:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(blocks).resize(SIZE, Image.Resampling.NEAREST)
    assert measure(Glance(decode_preview(encoded(image), 1024).rgb)).suggested_segment == "general"
