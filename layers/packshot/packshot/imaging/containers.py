"""JPEG and PNG as files: what the bytes say before anything is decoded.

Walking the container costs a fraction of decoding it, needs no memory, and answers what Pillow does not:
whether every PNG chunk's checksum holds and its picture has all its rows, how many scans a JPEG makes the decoder
go through and how much it has to hold meanwhile.
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
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type: grey, RGB, palette, grey with alpha, RGB with alpha
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column and row, step across and down. Source: PNG, third edition, section 8.1."""
_WINDOW = 1 << 20  # bytes that are unpacked at once
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
    picture: int  # bytes of the file from which the pixels are made
    scans: int = 1  # passes over the picture that decoding takes
    held: int = 0  # bytes of coefficients that a JPEG of several scans makes the decoder hold
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
    width = height = bits = colour = interlaced = picture = 0
    frames = 1
    names: set[bytes] = set()
    rows: _Rows | None = None
    for name, at, length in _chunks(data):
        if not names and name != b"IHDR":
            raise Damaged(f"the first chunk is {name!r} instead of IHDR")
        if name == b"IHDR":
            width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, at)
            if not width or not height or colour not in _PNG_CHANNELS:
                raise Damaged(f"the header says {width} x {height} pixels of colour type {colour}")
            rows = _Rows(_raw_size(width, height, bits * _PNG_CHANNELS[colour], bool(interlaced)))
        elif name == b"acTL" and length >= 4:
            frames = struct.unpack_from(">I", data, at)[0]
        elif name == b"IDAT" and rows is not None:
            rows.unpack(memoryview(data)[at : at + length])
            picture += length
        names.add(name)
    if colour == 3 and b"PLTE" not in names:
        raise Damaged("palette colours without a palette")
    if rows is not None and rows.missing:
        raise Damaged(f"{rows.missing:,} of {rows.size:,} bytes of the picture are missing")
    return Container("PNG", width, height, bits, picture, frames=max(1, frames), sealed=b"IEND" in names)


def _raw_size(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Bytes of a PNG's picture unpacked: rows of ``bits`` a pixel, each behind the byte that names its filter."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    parts = ((-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes)
    return sum((1 + -(-wide * bits // 8)) * high for wide, high in parts if wide > 0 and high > 0)


class _Rows:
    """Counts what a PNG's picture unpacks to, window by window, as far as is needed: Pillow takes a stream that ends
    early for a whole picture, and allocates all of it first.
    """

    def __init__(self, size: int) -> None:
        self.size = self.missing = size
        self._stream = zlib.decompressobj()

    def unpack(self, packed: memoryview) -> None:
        """Take the next piece. Raises Damaged."""
        rest: memoryview | bytes = packed
        try:
            while rest and self.missing > 0 and not self._stream.eof:
                self.missing -= min(self.missing, len(self._stream.decompress(rest, _WINDOW)))
                rest = self._stream.unconsumed_tail
        except zlib.error as error:
            raise Damaged(f"the picture does not unpack: {error}") from error


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
    frame = at = 0
    bits, progressive = 8, False
    for marker, at in _segments(data):  # the last one is where the picture begins
        if marker in _FRAMES:
            frame = at
            progressive = marker in (0xC2, 0xC6, 0xCA, 0xCE)
    bits, height, width, channels = struct.unpack_from(">BHHB", data, frame) if frame else (0, 0, 0, 0)
    if not width or not height:
        raise Damaged("no frame header before the picture")
    sealed, picture = data.rfind(b"\xff\xd9", at) >= 0, len(data) - at
    if not progressive and data[at] == channels:
        return Container("JPEG", width, height, bits, picture, sealed=sealed)
    # Inside a scan 0xFF is followed by 0 or a restart mark, so these bytes are start-of-scan marks (or those
    # of a further picture behind this one: few).
    held = _coefficients(width, height, data[frame + 6 : frame + 6 + 3 * channels])
    return Container("JPEG", width, height, bits, picture, data.count(b"\xff\xda", at - 4), held, sealed=sealed)


def _coefficients(width: int, height: int, components: bytes) -> int:
    """Bytes of a picture's coefficients, two each, in blocks of 8x8; libjpeg holds all of them until the last scan.

    ``components``: three bytes each, as in the frame header: name, sampling factors, table.
    """
    sampling = [(max(1, factors >> 4), max(1, factors & 15)) for factors in components[1::3]]
    most = [max((one[axis] for one in sampling), default=1) for axis in (0, 1)]
    return sum(128 * -(-width * h // (8 * most[0])) * -(-height * v // (8 * most[1])) for h, v in sampling)
