"""PNG for pictures between steps: deflated by ISA-L, in a quarter of libpng's time and as small.

What is written is the plainest PNG there is: 8 bits, one IDAT, every row filtered by Up (PNG specification, third
edition, 9.2). ISA-L reads it back, too, in 0.4 of libpng's time; any other PNG is left to OpenCV.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import cv2
import numpy as np
from isal import igzip_lib, isal_zlib

from packshot.imaging.light import U8

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 4: 6}  # by channels: greyscale, truecolour with alpha
_SIZE, _IDAT = 16, 41
"""Where width and height stand in a file, and where the packed pixels begin."""
_UP = 2
_LEVEL = 1
_BAND = 64  # rows that are filtered at a time: what is deflated next is still in the cache


def encode_png(image: U8) -> bytes:
    """An RGBA (HxWx4) or grey (HxW) uint8 image as PNG; on one kind of processor always the same bytes.

    Raises ValueError for another shape or type.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or channels not in _COLOUR_TYPES or not image.size:
        raise ValueError(f"cannot encode {image.dtype} of shape {image.shape}")
    height, width = image.shape[:2]
    deflate = isal_zlib.compressobj(_LEVEL)
    packed = [deflate.compress(band) for band in _filtered(image.reshape(height, width * channels))]
    pixels = b"".join([*packed, deflate.flush()])
    return b"".join([_head(width, height, _COLOUR_TYPES[channels]), *_chunk(b"IDAT", pixels), *_chunk(b"IEND", b"")])


def decode_png(data: bytes) -> U8:
    """HxWx4 RGBA or HxW grey, uint8, of a PNG of such pictures. Raises ValueError when it is none."""
    ours = _ours(memoryview(data))
    if ours is not None:
        return ours
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError("not a PNG")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA) if image.ndim == 3 else image, np.uint8)


def _ours(data: memoryview) -> U8 | None:
    """The picture of a file that `encode_png` wrote; None when it is another's, or spoilt."""
    if len(data) < _IDAT:
        return None
    width, height, colour = struct.unpack_from(">IIxB", data, _SIZE)
    channels = {number: channels for channels, number in _COLOUR_TYPES.items()}.get(colour, 0)
    if not channels * width * height:
        return None
    body = data[_IDAT : _IDAT + struct.unpack_from(">I", data, _IDAT - 8)[0]]
    length, name, _, crc = _chunk(b"IDAT", body)
    around = bytes(data[:_IDAT]) + bytes(data[_IDAT + len(body) :])
    if around != b"".join([_head(width, height, colour), length, name, crc, *_chunk(b"IEND", b"")]):
        return None
    image = np.empty((height, width * channels), np.uint8)
    above, top = np.zeros(width * channels, np.uint8), 0
    for lines in _inflated(body, height, width * channels + 1):
        if not (lines[:, 0] == _UP).all():
            return None
        for line in lines:
            above = np.add(line[1:], above, out=image[top])
            top += 1
    if top < height:
        return None
    return image if channels == 1 else image.reshape(height, width, channels)


def _inflated(packed: memoryview, height: int, width: int) -> Iterator[U8]:
    """Lines of so many bytes, in bands that stay in the cache; fewer than `height` if the stream breaks."""
    inflate = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_ZLIB)
    for top in range(0, height, _BAND):
        band = b""
        wanted = width * min(_BAND, height - top)
        while len(band) < wanted:
            try:
                more = inflate.decompress(packed if not top and not band else b"", wanted - len(band))
            except (igzip_lib.IsalError, EOFError):  # type: ignore[misc]  # its stub takes the class for an instance
                return
            if not more:
                return
            band += more
        yield np.frombuffer(band, np.uint8).reshape(-1, width)


def _head(width: int, height: int, colour: int) -> bytes:
    """What a file begins with, to the end of its IHDR."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"".join([_SIGNATURE, *_chunk(b"IHDR", header)])


def _filtered(lines: U8) -> Iterator[U8]:
    """Rows as PNG has them, in bands: the filter's number, then each byte less the one above it."""
    height, width = lines.shape
    band = np.empty((min(_BAND, height), width + 1), np.uint8)
    band[:, 0] = _UP
    above = np.zeros(width, np.uint8)
    for top in range(0, height, _BAND):
        rows = lines[top : top + _BAND]
        out = band[: len(rows)]
        np.subtract(rows[0], above, out=out[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=out[1:, 1:])
        above = rows[-1]
        yield out


def _chunk(name: bytes, body: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    return struct.pack(">I", len(body)), name, body, struct.pack(">I", isal_zlib.crc32(body, isal_zlib.crc32(name)))
