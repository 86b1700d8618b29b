"""Sound files to start from: small ones of every kind that the door lets in, large ones, a collection from outside."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from bench.hostile import blocks

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_FILE = 5_000_000


def scene(size: tuple[int, int], seed: int) -> Image.Image:
    """A coloured product on a light, slightly noisy backdrop."""
    rng = np.random.default_rng(seed)
    width, height = size
    pixels = np.full((height, width, 3), 235.0)
    pixels[height // 5 : -height // 5, width // 4 : width * 3 // 4] = rng.integers(20, 160, 3)
    pixels[height // 2 : height // 2 + height // 10, width // 3 : width // 2] = rng.integers(0, 255, 3)
    return Image.fromarray(np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8))


@cache
def small() -> tuple[bytes, ...]:
    """Sound little files of every kind that the door lets in."""
    made: list[bytes] = []

    def save(image: Image.Image, format: str, **options: object) -> None:
        out = io.BytesIO()
        image.save(out, format, **options)
        made.append(out.getvalue())

    for n, size in enumerate(((96, 72), (48, 64), (64, 64), (300, 20), (17, 23))):
        image = scene(size, n)
        save(image, "JPEG", quality=88, **blocks.with_metadata(image, profile=n == 0))
        save(image, "JPEG", progressive=True, subsampling=0)
        save(image, "JPEG", quality=60, restart_marker_blocks=3, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
        save(image.convert("L"), "JPEG")
        save(image.convert("CMYK"), "JPEG")
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", zip=True)
        text.add_text("Comment", "a comment " * 20, zip=True)
        save(image, "PNG", pnginfo=text, **blocks.with_metadata(image, profile=n == 1))
        save(image.convert("RGBA"), "PNG")
        save(image.quantize(16), "PNG", transparency=3, bits=4)
        save(image.convert("LA"), "PNG")
        save(image.convert("1"), "PNG")
        save(Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "PNG")
    save(scene((64, 48), 9), "PNG", save_all=True, append_images=[scene((64, 48), 10)])
    return tuple(made)


@cache
def plain() -> bytes:
    """A sound little JPEG, where the picture is not what is hostile."""
    out = io.BytesIO()
    scene((64, 48), 0).save(out, "JPEG", quality=90)
    return out.getvalue()


@cache
def large() -> tuple[bytes, ...]:
    """Photos of 12 megapixels: JPEG, progressive JPEG, PNG."""
    made: list[bytes] = []
    for format, options in (("JPEG", {"quality": 85}), ("JPEG", {"progressive": True}), ("PNG", {"compress_level": 1})):
        out = io.BytesIO()
        scene((4000, 3000), len(made)).save(out, format, **options)
        made.append(out.getvalue())
    return tuple(made)


@cache
def collection(folder: Path | None) -> tuple[tuple[str, bytes], ...]:
    """All files below a folder, by name, as far as they are at most 5 MB large; none without a folder."""
    if folder is None:
        return ()
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= MOST_FILE)
    return tuple((str(path.relative_to(folder)), path.read_bytes()) for path in paths)


def is_known(data: bytes) -> bool:
    """Whether a file begins as a JPEG or PNG does."""
    return data.startswith((b"\xff\xd8\xff", PNG_SIGNATURE))
