"""Hostile bytes to honest pixels: upright, 8-bit sRGB, or a reason why not.

Pillow alone, so that intake may use it too. The header is read and judged first; then the photo is decoded
fully and converted strip by strip, so that a photo needs Pillow's own copy (at most 4 bytes a pixel) and the
result (3), and no more.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

from packshot.imaging import colour_profile, containers, source_metadata
from packshot.imaging.strips import Strips
from packshot.reasons import reason
from packshot.records import Reason

Array = npt.NDArray[np.uint8]
_LEAST_BYTES = {"PNG": 0.02, "JPEG": 0.004}
"""Bytes a pixel below which a large file is no photo but a bomb, or a small file with a forged header. The
emptiest photos (a product on a flat backdrop, no noise, low quality) have 0.3 and 0.007."""
_LARGE = 20e6  # pixels; below, decoding is cheap whatever the file is


class ImageRefused(Exception):
    """The bytes are not a photo that packshot takes; ``reason`` says why and how to mend it."""

    def __init__(self, why: Reason) -> None:
        super().__init__(f"{why.code}: {why.measured or why.message}")
        self.reason = why


@dataclass(frozen=True)
class Limits:
    """What a photo may cost."""

    megapixels: float = 100.0
    bytes: int = 200_000_000
    scan_megapixels: float = 1500.0  # scans x megapixels: what decoding has to go through
    held_bytes: int = 360_000_000  # coefficients of a JPEG in several scans: 120 megapixels of 4:2:0, 60 of 4:4:4


PASSED = Limits(megapixels=10_000, bytes=1 << 40, scan_megapixels=1_000_000, held_bytes=1 << 40)
"""None that matters: for photos that were judged at the door, by the settings there."""


@dataclass(frozen=True)
class Decoded:
    """A photo as pixels.

    ``rgb``: HxWx3 uint8 sRGB, upright; composited on white where the source is transparent.
    ``alpha``: HxW uint8, or None when the source is opaque. ``size``: width and height of the full upright
    photo, also when ``rgb`` is a preview. ``mode`` and ``had_profile`` speak of the source. ``metadata``:
    EXIF, XMP and IPTC worth keeping, JSON-ready. ``notes``: conversions done, for a person.
    """

    rgb: Array
    alpha: Array | None
    format: str
    mode: str
    size: tuple[int, int]
    had_profile: bool
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def decode(data: bytes, limits: Limits = Limits()) -> Decoded:
    """The whole photo. Raises ImageRefused; MemoryError is the process's trouble, not the photo's."""
    return _decode(data, limits, None)


def decode_preview(data: bytes, long_edge: int, limits: Limits = Limits()) -> Decoded:
    """The photo reduced to between one and two times ``long_edge`` (never enlarged), all its bytes checked.

    A JPEG is decoded at reduced scale: every bit of it is read, a fraction of the memory is needed.
    Raises ImageRefused; MemoryError is the process's trouble, not the photo's.
    """
    return _decode(data, limits, long_edge)


def _decode(data: bytes, limits: Limits, long_edge: int | None) -> Decoded:
    found = _inspect(data, limits)
    with warnings.catch_warnings():  # the readers warn of what becomes a note or a reason here
        warnings.simplefilter("ignore")
        return _convert(_open(data, found), found, long_edge)


def _convert(image: ImageFile.ImageFile, found: containers.Container, long_edge: int | None) -> Decoded:
    notes: list[str] = []
    exif = source_metadata.read_exif(image, notes)
    turn = source_metadata.orientation(exif)
    mode, icc = image.mode, image.info.get("icc_profile") or None
    if long_edge is not None:
        image.draft(None, _fit(image.size, long_edge))
    image = _load(image)
    if found.format == "JPEG" and _is_filler(image, found):
        raise _refuse("TRUNCATED", "the end of the picture is the decoder's filling", "a file that decodes fully")
    try:
        strips = Strips(image, found.bits, _profile(mode, icc, exif, notes), notes)
    except colour_profile.Unconvertible as error:
        raise _refuse("COLOUR_UNCONVERTIBLE", error.measured, error.required) from error
    factor = max(1, max(image.size) // long_edge) if long_edge else 1
    try:
        rgb, alpha = strips.upright(factor, turn)
    except (ValueError, OSError) as error:  # e.g. transparency for more colours than a palette holds
        raise _damaged(error) from error
    metadata = source_metadata.keep(image, exif, notes)
    size = (found.height, found.width) if turn >= 5 else (found.width, found.height)
    return Decoded(rgb, alpha, found.format, mode, size, icc is not None, metadata, notes)


def _refuse(code: str, measured: object = "", required: object = "", cure: str = "") -> ImageRefused:
    return ImageRefused(reason(code, measured=measured, required=required, cure=cure))


def _inspect(data: bytes, limits: Limits) -> containers.Container:
    """Judge the file by its container, before any decoder sees it."""
    if not data:
        raise _refuse("EMPTY_FILE", "0 bytes", "a JPEG or PNG image")
    if len(data) > limits.bytes:
        raise _refuse("FILE_TOO_LARGE", f"{len(data):,} bytes", f"at most {limits.bytes:,} bytes")
    kind = containers.kind(data)
    if kind not in ("JPEG", "PNG"):
        raise _refuse("NOT_AN_IMAGE", f"the content is {kind}", "JPEG or PNG")
    _affordable(containers.header(data), limits)
    try:
        found = containers.read(data)
    except containers.Damaged as error:
        raise _refuse("TRUNCATED", str(error), "a file that decodes fully") from error
    except containers.Excessive as error:
        raise _refuse("DECODER_LIMIT", str(error), "a plain file") from error
    if found.frames > 1:
        raise _refuse("ANIMATED", f"{found.frames} frames", "1 frame")
    if not found.sealed:
        raise _refuse("TRUNCATED", f"no end mark in {len(data):,} bytes", "a file that decodes fully")
    if found.format == "JPEG" and found.bits != 8:
        cure = "Save the photo as an ordinary JPEG with 8 bits a channel."
        raise _refuse("COLOUR_UNCONVERTIBLE", f"a JPEG of {found.bits} bits a channel", "8 bits", cure)
    _proportionate(found, limits)
    return found


def _proportionate(found: containers.Container, limits: Limits) -> None:
    """Refuse small files that make much work."""
    pixels = found.width * found.height
    if found.scans * pixels / 1e6 > limits.scan_megapixels:
        measured = f"{found.scans} scans of {found.width} x {found.height} px"
        raise _refuse("DECODER_LIMIT", measured, "a plain JPEG")
    if found.held > limits.held_bytes:
        measured = f"{found.width} x {found.height} px in {found.scans} scans, to be held until the last"
        raise _refuse("DECODER_LIMIT", measured, "a baseline JPEG")
    least = round(_LEAST_BYTES[found.format] * pixels)
    if pixels > _LARGE and found.picture < least:
        measured = f"{found.width} x {found.height} px in {found.picture:,} bytes"
        raise _refuse("DECODER_LIMIT", measured, f"at least {least:,} bytes for a photo of that size")


def _affordable(size: tuple[int, int] | None, limits: Limits) -> None:
    if size and size[0] * size[1] > limits.megapixels * 1e6:
        measured = f"{size[0]} x {size[1]} px = {size[0] * size[1] / 1e6:.0f} megapixels"
        raise _refuse("TOO_MANY_PIXELS", measured, f"at most {limits.megapixels:g} megapixels")


def _open(data: bytes, found: containers.Container) -> ImageFile.ImageFile:
    """Open with the one reader that fits: Pillow's other formats never see the bytes.

    The classes are called directly: ``Image.open`` would judge the pixel count by a global of its own.
    """
    reader = PngImagePlugin.PngImageFile if found.format == "PNG" else JpegImagePlugin.JpegImageFile
    try:
        return reader(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error


def _load(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error
    return image


def _is_filler(image: Image.Image, found: containers.Container) -> bool:
    """Whether the picture ends in flat middle grey that the decoder made up, and does not begin with it.

    When the data of a JPEG stop before its end mark, libjpeg fills what is missing with zero coefficients:
    exactly 128 in every channel. A photo has noise, even on a grey backdrop.
    """
    if image.mode not in ("L", "RGB"):
        return False
    scale = max(1, round(found.width / image.width))
    wide, high = max(1, 64 // scale), max(1, 8 // scale)
    last = image.crop((image.width - wide, image.height - high, image.width, image.height))
    first = image.crop((0, 0, wide, high))
    return _is_middle_grey(last) and not _is_middle_grey(first)


def _is_middle_grey(image: Image.Image) -> bool:
    return bool((np.asarray(image) == 128).all())


def _damaged(error: Exception) -> ImageRefused:
    """What a reader's error says of the file. Raises MemoryError where it says something of this process."""
    text = str(error)
    if text.startswith("out of memory"):  # Pillow's name for a codec that could not allocate
        raise MemoryError(text) from error
    if "Decompressed data too large" in text:
        return _refuse("DECODER_LIMIT", text, "a file that unpacks to a sensible size")
    return _refuse("TRUNCATED", text[:200] or type(error).__name__, "a file that decodes fully")


def _fit(size: tuple[int, int], long_edge: int) -> tuple[int, int]:
    scale = long_edge / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _profile(mode: str, icc: bytes | None, exif: Image.Exif | None, notes: list[str]) -> bytes | None:
    if icc is None and mode == "RGB" and source_metadata.names_adobe_rgb(exif):
        notes.append("EXIF names Adobe RGB and no profile is embedded: converted from Adobe RGB (1998)")
        return colour_profile.adobe_rgb()
    return icc
