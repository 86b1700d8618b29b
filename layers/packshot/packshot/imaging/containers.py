"""JPEG and PNG as files: what the bytes say before anything is decoded.

Walking the container costs a fraction of decoding it, needs no memory, and answers what Pillow does not:
whether every PNG chunk's checksum holds, how many scans a progressive JPEG makes the decoder go through.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_HEADER = 8_000_000  # bytes before a JPEG's picture: a press profile (3 MB) and rich XMP fit
MOST_SEGMENTS = 4096
MOST_CHUNKS = 100_000  # a PNG of 200 MB in pieces of 2 KB
MOST_FILL = 4096
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn: all but DHT, JPG, DAC
_PNG_BITS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
_MAGIC = (
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF or camera raw"),
    (b"MM\0*", "TIFF or camera raw"),
    (b"BM", "BMP"),
    (b"%PDF", "PDF"),
    (b"8BPS", "Photoshop"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"<?xml", "XML or SVG"),
    (b"<svg", "SVG"),
    (b"<!DOCTYPE html", "HTML"),
    (b"<html", "HTML"),
)


class Damaged(Exception):
    """The container is cut off or contradicts itself; the text says where."""


class Excessive(Exception):
    """The container is built to keep a reader busy; the text says how."""


@dataclass(frozen=True)
class Container:
    """What the file's own structure says: kind, pixels and oddities."""

    format: str  # "JPEG" or "PNG"
    width: int
    height: int
    bits: int  # a channel
    scans: int = 1  # passes over the picture that decoding takes (progressive JPEG)
    frames: int = 1
    sealed: bool = True  # the end mark is there


def kind(data: bytes) -> str:
    """What a file is by its first bytes: ``JPEG``, ``PNG``, or a word for people, e.g. ``GIF``, ``text``."""
    if data.startswith(JPEG_SIGNATURE):
        return "JPEG"
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data[4:8] == b"ftyp":
        return "HEIC, AVIF or video"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    try:
        data[:512].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data[:512]) - 4:
            return "unknown"
    return "text" if data.strip(b"\0") else "zeros"


def read(data: bytes) -> Container:
    """Walk a JPEG or PNG file (see ``kind``). Raises Damaged or Excessive."""
    try:
        return _png(data) if data.startswith(PNG_SIGNATURE) else _jpeg(data)
    except (struct.error, IndexError) as error:
        raise Damaged(f"the header ends after {len(data)} bytes") from error


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """PNG chunks as (name, start of content, length). Raises Damaged at a cut or a wrong checksum."""
    at, count = len(PNG_SIGNATURE), 0
    view = memoryview(data)
    while at < len(data):
        count += 1
        if count > MOST_CHUNKS:
            raise Excessive(f"more than {MOST_CHUNKS:,} chunks")
        if at + 12 > len(data):
            raise Damaged(f"the file ends inside a chunk at byte {at}")
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data):
            raise Damaged(f"chunk {name!r} at byte {at} wants {length} bytes; {len(data) - at - 8} are left")
        if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise Damaged(f"chunk {name!r} at byte {at} has a wrong checksum")
        yield name, at + 8, length
        at = end + 4
        if name == b"IEND":
            return


def _png(data: bytes) -> Container:
    width = height = bits = colour = 0
    frames = 1
    names: set[bytes] = set()
    for name, at, length in _chunks(data):
        if not names and name != b"IHDR":
            raise Damaged(f"the first chunk is {name!r} instead of IHDR")
        if name == b"IHDR":
            width, height, bits, colour = struct.unpack_from(">IIBB", data, at)
            if not width or not height or colour not in _PNG_BITS:
                raise Damaged(f"the header says {width} x {height} pixels of colour type {colour}")
        elif name == b"acTL" and length >= 4:
            frames = struct.unpack_from(">I", data, at)[0]
        names.add(name)
    if colour == 3 and b"PLTE" not in names:
        raise Damaged("palette colours without a palette")
    return Container("PNG", width, height, bits, frames=max(1, frames), sealed=b"IEND" in names)


def header(data: bytes) -> tuple[int, int] | None:
    """Width and height as a damaged file claims them, or None: size is judged before other faults."""
    try:
        if data.startswith(PNG_SIGNATURE) and data[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", data, 16)
            return int(width), int(height)
        found = _jpeg(data)
    except (Damaged, Excessive, struct.error, IndexError):
        return None
    return found.width, found.height


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """JPEG segments up to the first scan as (marker, start of content). Raises Damaged or Excessive."""
    at = 2
    for _ in range(MOST_SEGMENTS):
        filled = at
        while data[at] == 0xFF and data[at + 1] == 0xFF and at - filled <= MOST_FILL:
            at += 1
        if at - filled > MOST_FILL or at > MOST_HEADER:
            raise Excessive(f"no picture in the first {at:,} bytes")
        if data[at] != 0xFF:
            raise Damaged(f"no marker at byte {at}")
        marker = data[at + 1]
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2 or marker == 0xD9:
            raise Damaged(f"no picture before byte {at}")
        yield marker, at + 4
        if marker == 0xDA:
            return
        at += 2 + length
    raise Excessive(f"more than {MOST_SEGMENTS:,} segments")


def _jpeg(data: bytes) -> Container:
    width = height = at = 0
    bits, progressive = 8, False
    for marker, at in _segments(data):  # the last one is where the picture begins
        if marker in _FRAMES:
            bits, height, width = struct.unpack_from(">BHH", data, at)
            progressive = marker in (0xC2, 0xC6, 0xCA, 0xCE)
    if not width or not height:
        raise Damaged("no frame header before the picture")
    # Inside a scan 0xFF is followed by 0 or a restart mark, so these bytes are start-of-scan marks (or those
    # of a further picture behind this one: few).
    scans = data.count(b"\xff\xda", at - 4) if progressive else 1
    return Container("JPEG", width, height, bits, scans=scans, sealed=data.rfind(b"\xff\xd9", at) >= 0)
