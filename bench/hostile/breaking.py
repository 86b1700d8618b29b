"""Breaks pictures: one to four changes to a file, those that know its format among them.

Most of what is done to a PNG is sealed again with right checksums, so that it gets past the container's own
check to the decoder.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import ExifTags

from bench.hostile import blocks, jpeg, png
from bench.hostile.seeds import PNG_SIGNATURE, plain

MOST_BROKEN = 20_000_000  # bytes; the door reads at most 200 MB of a file (tests/intake/hostile.py has large ones)
Broken = Callable[[random.Random, bytes], bytes]


def broken(rng: random.Random, data: bytes, others: tuple[bytes, ...]) -> tuple[str, bytes]:
    """The file with one to four things done to it, and their names."""
    done = []
    own: tuple[Broken, ...] = (
        jpeg.WAYS if data.startswith(b"\xff\xd8") else png.WAYS if data.startswith(PNG_SIGNATURE) else ()
    )
    for _ in range(rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.05:
            data = _spliced(rng, data, rng.choice(others))
            done.append("spliced")
            continue
        change = rng.choice((*ANY, *own, *own, *own))
        data = change(rng, data) if data else data
        done.append(change.__name__.strip("_"))
    data = data[:MOST_BROKEN]
    if data.startswith(PNG_SIGNATURE) and rng.random() < 0.8:
        data = png.sealed(data)
        done.append("sealed")
    return "+".join(done), data


def talkative(rng: random.Random) -> bytes:
    """A sound JPEG whose metadata is as long as formats allow: long texts in every field, in two-byte letters."""
    tags = sorted(int(tag) for tag in ExifTags.Base if tag not in blocks.POINTERS and rng.random() < 0.3)[:31]
    packet = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{'ß' * rng.choice((10, 15_000, 31_000))}</x:xmpmeta>".encode()
    entries = (b"\x1c\x02\x19\x03\xe8" + b"\xe9" * 1000) * rng.choice((1, 30, 60))
    iptc = b"Photoshop 3.0\0008BIM\x04\x04\0\0" + len(entries).to_bytes(4, "big") + entries
    made = jpeg.segment(0xE1, b"Exif\0\0" + blocks.texts(tags, b"\xe9" * 1990))
    made += jpeg.segment(0xE1, blocks.XMP_MARK + packet[:65_000]) + jpeg.segment(0xED, iptc[:65_000])
    return plain()[:2] + made + plain()[2:]


def _spliced(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _cut_and_sealed(rng: random.Random, data: bytes) -> bytes:
    end = b"\xff\xd9" if data.startswith(b"\xff\xd8") else png.chunk(b"IEND", b"")
    return data[: rng.randrange(len(data))] + end


def _moved(rng: random.Random, data: bytes) -> bytes:
    start, size = rng.randrange(len(data)), rng.choice((4, 60, 700))
    part = data[start : start + size]
    rest = data[:start] + data[start + size :]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + part + rest[at:]


def _number(rng: random.Random, data: bytes) -> bytes:
    """A 16- or 32-bit number somewhere in the first kilobyte becomes an interesting one."""
    at, size = rng.randrange(min(len(data), 1024)), rng.choice((2, 4))
    number: int = rng.choice(blocks.SIZES) & (256**size - 1)
    return data[:at] + number.to_bytes(size, "big") + data[at + size :]


ANY: tuple[Broken, ...] = (blocks.noised, blocks.noised, _cut, _cut_and_sealed, _moved, _number)
