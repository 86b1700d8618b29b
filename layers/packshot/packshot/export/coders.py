"""The coders: pixels to bytes and back, at a named setting, with the metadata blocks inside."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

U8 = npt.NDArray[np.uint8]

FLAT_FROM, FLAT_TO = 60, 98  # flat ladder: level 60 = step 20, 98 = step 1
_RLE = 3  # zlib's Z_RLE


@dataclass(frozen=True)
class Embedded:
    """The metadata blocks that go into the file (empty bytes = none)."""

    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""

    def named(self) -> dict[str, Any]:
        """The blocks there are, by Pillow's names."""
        blocks = {"exif": self.exif, "xmp": self.xmp, "icc_profile": self.icc}
        return {name: block for name, block in blocks.items() if block}


NOTHING = Embedded()


@dataclass(frozen=True)
class Setting:
    """One setting of a coder: quality 1..100, subsampling, and for JPEG whether the tables are flat."""

    quality: int
    subsampling: str = "4:2:0"
    flat: bool = False

    @property
    def halved(self) -> bool:
        """True when colour has half the resolution."""
        return self.subsampling == "4:2:0"

    def tables(self) -> list[list[int]]:
        """Flat quantisation tables, luma and chroma: 98 = steps 1 and 1, 97 = 2 and 1, 96 = 2 and 2, and so
        on.
        """
        return [[max(1, (101 - self.quality) // 2)] * 64, [max(1, (100 - self.quality) // 2)] * 64]


def write(pixels: U8, form: str, setting: Setting, embedded: Embedded = NOTHING, final: bool = True) -> bytes:
    """Encode uint8 HxWx3 or HxWx4 pixels; deterministic for one build of Pillow.

    Args:
        form: jpeg, png, webp, avif, or webp-lossless.
        final: False = the same pixels without the slow entropy coding, for probing.
    """
    out = io.BytesIO()
    image, blocks, sub = Image.fromarray(pixels), embedded.named(), setting.subsampling
    if form == "jpeg":
        coder: dict[str, Any] = {"qtables": setting.tables()} if setting.flat else {"quality": setting.quality}
        image.save(out, "JPEG", subsampling=sub, progressive=final, optimize=final, **coder, **blocks)
    elif form == "webp":
        image.save(out, "WEBP", quality=setting.quality, method=4 if final else 2, **blocks)
    elif form == "webp-lossless":
        image.save(out, "WEBP", lossless=True, quality=40, method=2, exact=True, **blocks)
    elif form == "avif":
        image.save(out, "AVIF", quality=setting.quality, subsampling=sub, speed=8, max_threads=1, **blocks)
    else:
        blocks.pop("xmp", None)
        # photographs have runs, hardly repeats: run lengths alone are quicker than matching, and smaller at this level
        image.save(out, "PNG", compress_level=1, compress_type=_RLE, pnginfo=_png_text(embedded.xmp), **blocks)
    return out.getvalue()


def _png_text(xmp: bytes) -> PngInfo:
    """XMP lives in an uncompressed iTXt chunk with this very keyword (XMP specification part 3)."""
    info = PngInfo()
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8"))
    return info


def read_pixels(data: bytes) -> U8:
    """Decode a file of ours to uint8 HxWx3, or HxWx4 where it is transparent."""
    if data.startswith(b"\xff\xd8"):  # the same decoder as Pillow's, straight into an array
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
        if pixels is None:
            raise ValueError("not a JPEG")
        return np.asarray(pixels, np.uint8)
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
