"""Ways to break a JPEG that know what it is made of."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

from bench.hostile import blocks

_TOKENS = (b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc4", b"\xff\xdb", b"\xff\xd0", b"\xff\x00", b"\xff\xff\xff",
           b"\xff\xdd\x00\x04\x00\x01", b"\xff\xc0", b"\xff\xc2", b"\xff\xe1", b"\xff\xdc\x00\x04\x00\x10")  # fmt: skip


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of the segments before the picture, as far as they make sense."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        yield data[at + 1], at, end
        if data[at + 1] == 0xDA or end <= at + 2:
            return
        at = end


def segment(marker: int, content: bytes) -> bytes:
    """A segment of at most 65,533 bytes of content."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _some(rng: random.Random, data: bytes) -> tuple[int, int, int]:
    return rng.choice(list(_segments(data)) or [(0, 0, len(data))])


def _segment_gone(rng: random.Random, data: bytes) -> bytes:
    _, start, end = _some(rng, data)
    return data[:start] + data[end:]


def _segments_again(rng: random.Random, data: bytes) -> bytes:
    _, start, end = _some(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 3, 300)) + data[end:]


def _segment_lies(rng: random.Random, data: bytes) -> bytes:
    _, start, _ = _some(rng, data)
    return data[: start + 2] + struct.pack(">H", rng.choice(blocks.SIZES) & 0xFFFF) + data[start + 4 :]


def _segment_renamed(rng: random.Random, data: bytes) -> bytes:
    _, start, _ = _some(rng, data)
    return data[: start + 1] + bytes([rng.choice((*range(0xC0, 0xE3), 0xFE, 0x01))]) + data[start + 2 :]


def _metadata(rng: random.Random, data: bytes) -> bytes:
    """Hostile EXIF, XMP, IPTC or a profile right behind the start mark."""
    match rng.randrange(5):
        case 0 | 1:
            new = segment(0xE1, b"Exif\0\0" + blocks.exif(rng)[:60_000])
        case 2:
            new = segment(0xE1, blocks.XMP_MARK + blocks.xmp(rng)[:60_000])
        case 3:
            new = segment(0xED, blocks.iptc(rng))
        case _:
            whole = blocks.icc(rng)
            count = rng.choice((1, 1, 1, 2, 255, 0))
            new = b"".join(
                segment(0xE2, b"ICC_PROFILE\0" + bytes([number, count]) + whole[:60_000])
                for number in rng.choice(([1], [1], [1, 2], [2, 1], [1, 1], [0]))
            )
    return data[:2] + new * rng.choice((1, 1, 1, 40)) + data[2:]


def _frame(rng: random.Random, data: bytes) -> bytes:
    """The frame header says other pixels, depths, channels or sampling."""
    frames = [start for marker, start, _ in _segments(data) if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xCC)]
    if not frames:
        return data
    at = frames[0] + 4
    if rng.random() < 0.5:
        size = struct.pack(">HH", *(rng.choice((0, 1, 8, 17, 200, 5000, 9999, 65_535)) for _ in range(2)))
        return data[: at + 1] + size + data[at + 5 :]
    spot = at + rng.choice((0, 5, 6, 7, 8, 9, 10, 11, 12))
    return data[:spot] + bytes([rng.choice((0, 1, 2, 4, 8, 12, 0x11, 0x22, 0x41, 0xFF))]) + data[spot + 1 :]


def _marker_soup(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 5, 60))):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(_TOKENS) + data[at:]
    return data


def _scans_again(rng: random.Random, data: bytes) -> bytes:
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * rng.choice((2, 40, 400)) + data[-2:] if last > 0 else data


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _segment_gone, _segments_again, _segment_lies, _segment_renamed, _metadata, _metadata, _frame, _marker_soup,
    _scans_again,
)  # fmt: skip
