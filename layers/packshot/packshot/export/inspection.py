"""What a written file is: its container, profile, metadata and picture, read back from the bytes alone."""

from __future__ import annotations

import functools
import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from packshot.export import iptc, xmp

U8 = npt.NDArray[np.uint8]

PIXELS_MOST = 120_000_000  # read from the header before anything is decoded
_FORMATS = {"MPO": "jpeg", "JPEG": "jpeg", "HEIF": "heic"}
# Only what packshot knows: PostScript, Flash and other rare decoders are never let near a stranger's file.
_DECODERS = {
    "JPEG": JpegImagePlugin, "PNG": PngImagePlugin, "WEBP": WebPImagePlugin, "AVIF": AvifImagePlugin,
    "GIF": GifImagePlugin, "TIFF": TiffImagePlugin, "BMP": BmpImagePlugin,
}  # fmt: skip
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".heic", ".heif"}
)
_IJG_LUMA = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"
)


class Unreadable(ValueError):
    """The bytes are no picture that can be opened."""


@dataclass(frozen=True)
class Written:
    """A file read back. ``rgb``: uint8 HxWx3 as stored; ``alpha``: uint8 HxW or None; sizes in px."""

    size: int
    format: str
    mode: str
    bits: int
    frames: int
    rgb: U8
    alpha: U8 | None
    icc: bytes
    exif: dict[str, Any]
    gps: bool
    xmp: dict[str, list[str]]
    xmp_fault: str
    iptc: dict[str, list[str]]
    quality: int | None
    lossless: bool

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])

    @property
    def profile(self) -> str:
        """The ICC profile's description, ``none`` without one, ``broken`` when it cannot be read."""
        return _profile_name(self.icc)


@functools.lru_cache(maxsize=16)
def _profile_name(icc: bytes) -> str:
    if not icc:
        return "none"
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).strip() or "unnamed"
    except (ImageCms.PyCMSError, OSError):
        return "broken"


@functools.lru_cache(maxsize=16)
def is_srgb(icc: bytes) -> bool:
    """True when the profile maps test colours as sRGB does, whatever it is called (within 2 of 255)."""
    if not icc:
        return False
    patches = np.array([[[r, g, b] for r in (0, 96, 200, 255) for g in (0, 128, 255) for b in (0, 64, 255)]], np.uint8)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        target = ImageCms.createProfile("sRGB")
        mapped = ImageCms.profileToProfile(Image.fromarray(patches), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return mapped is not None and int(np.abs(np.asarray(mapped, np.int16) - patches).max()) <= 2


def jpeg_quality(image: Image.Image) -> int | None:
    """The IJG quality whose luminance table is nearest in sum to the file's; None when it is no JPEG."""
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    base = np.array(_IJG_LUMA.split(), np.int64)
    sums = []
    for quality in range(1, 101):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        sums.append(int(np.clip((base * scale + 50) // 100, 1, 255).sum()))
    return int(np.argmin(np.abs(np.array(sums) - sum(tables[0])))) + 1


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits per channel; Pillow hides that a PNG had sixteen."""
    if image.format == "PNG" and len(data) > 24:
        return data[24]
    if image.mode.startswith("I"):
        return 16
    return {"1": 1, "F": 32}.get(image.mode, 8)


def _lossless(image: Image.Image, data: bytes) -> bool:
    return image.format in ("PNG", "BMP", "GIF", "TIFF") or (image.format == "WEBP" and b"VP8L" in data[:64])


def read(data: bytes, seen: U8 | None = None) -> Written:
    """Read a file back.

    Args:
        data: the file.
        seen: the pixels (uint8 HxWx3 or HxWx4) that this very picture was decoded to before, so that it is decoded
            once; its container, profile and metadata are read from ``data`` all the same.

    Raises:
        Unreadable: no picture, too many pixels, truncated, or of another size than ``seen``.
    """
    try:
        with Image.open(io.BytesIO(data), formats=list(_DECODERS)) as image:
            if image.width * image.height > PIXELS_MOST:
                raise Unreadable(f"claims {image.width} x {image.height} px")
            frames, quality = int(getattr(image, "n_frames", 1)), jpeg_quality(image)
            if seen is None:
                image.load()
            elif seen.shape[:2] != (image.height, image.width):
                raise Unreadable(f"{image.width} x {image.height} px, decoded before as {seen.shape[:2]}")
            mode, icc = image.mode, image.info.get("icc_profile") or b""
            exif, packet = (
                image.getexif(),
                image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b"",
            )
            clear = "A" in image.getbands() or "transparency" in image.info
            pixels = np.asarray(image.convert("RGBA" if clear else "RGB")) if seen is None else seen
            tags, gps = _tags(exif), bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
            kind = _FORMATS.get(image.format or "", (image.format or "").lower())
            bits, lossless = _bits(image, data), _lossless(image, data)
    except UnidentifiedImageError as error:
        raise Unreadable(f"no picture that can be read here ({', '.join(_DECODERS)})") from error
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error
    fault, properties = "", {}
    try:
        properties = xmp.read(packet) if packet else {}
    except xmp.XmpError as error:
        fault = str(error)
    return Written(
        size=len(data),
        format=kind,
        mode=mode,
        bits=bits,
        frames=1 if kind == "jpeg" else frames,
        rgb=np.ascontiguousarray(pixels[..., :3]),
        alpha=np.ascontiguousarray(pixels[..., 3]) if clear else None,
        icc=icc,
        exif=tags,
        gps=gps or any("GPS" in name for name in properties),
        xmp=properties,
        xmp_fault=fault,
        iptc=iptc.read(data) if kind == "jpeg" else {},
        quality=quality,
        lossless=lossless,
    )


def _tags(exif: Image.Exif) -> dict[str, Any]:
    both = {**dict(exif), **dict(exif.get_ifd(ExifTags.IFD.Exif))}
    return {ExifTags.TAGS.get(number, str(number)): value for number, value in both.items()}
