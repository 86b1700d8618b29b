"""Ways to break a PNG that know what it is made of; all but the plainest leave its checksums right."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

from bench.hostile import blocks
from bench.hostile.seeds import PNG_SIGNATURE

_SIZES = {
    b"tRNS": (0, 1, 2, 6, 256, 300), b"PLTE": (0, 1, 3, 768, 771), b"gAMA": (0, 4), b"cHRM": (0, 31, 32),
    b"pHYs": (0, 8, 9), b"sRGB": (1,), b"acTL": (8,), b"fcTL": (26,), b"fdAT": (40,), b"zzZz": (20,),
}  # fmt: skip


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its right checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(name, content) as far as lengths make sense."""
    found, at = [], len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return PNG_SIGNATURE + b"".join(chunk(name, content) for name, content in chunks)


def sealed(data: bytes) -> bytes:
    """The chunks that can be found, each with its right checksum, and an end."""
    chunks = _chunks(data)
    return _png(chunks if chunks and chunks[-1][0] == b"IEND" else [*chunks, (b"IEND", b"")])


def _chunk_soup(rng: random.Random, data: bytes) -> bytes:
    chunks = _chunks(data)
    for _ in range(rng.choice((1, 2, 6))):
        if not chunks:
            break
        at, other = rng.randrange(len(chunks)), rng.randrange(len(chunks))
        match rng.randrange(5):
            case 0:
                del chunks[at]
            case 1:
                chunks[at], chunks[other] = chunks[other], chunks[at]
            case 2:
                chunks.insert(other, chunks[at])
            case 3:
                chunks[at] = (chunks[at][0], blocks.noised(rng, chunks[at][1]))
            case _:
                chunks[at] = (chunks[other][0], chunks[at][1])
    return _png(chunks)


def _packed(rng: random.Random) -> bytes:
    """A deflated something: a profile, a bomb, noise, nothing."""
    match rng.randrange(4):
        case 0:
            return zlib.compress(blocks.icc(rng))
        case 1:
            return blocks.bomb(rng)
        case 2:
            return rng.randbytes(40)
        case _:
            return zlib.compress(b"")


def _odd(rng: random.Random) -> tuple[bytes, bytes]:
    """Name and content of an ancillary chunk."""
    word = rng.choice((b"Comment", b"XML:com.adobe.xmp", b"Raw profile type exif", b"Raw profile type iptc", b""))
    match rng.randrange(8):
        case 0:
            return b"iCCP", b"name\0" + rng.choice((b"\0", b"\1", b"")) + _packed(rng)
        case 1:
            return b"zTXt", word + b"\0\0" + _packed(rng)
        case 2:
            flags = rng.choice((b"\0\0\0", b"\0\1\0", b"\0\1\7"))
            return b"iTXt", word + flags + b"\0\0" + (_packed(rng) if rng.random() < 0.5 else blocks.xmp(rng))
        case 3:
            return b"tEXt", word + b"\0" + rng.randbytes(rng.choice((0, 30, 9000)))
        case 4 | 5:
            return b"eXIf", blocks.exif(rng)
        case _:
            name = rng.choice(list(_SIZES))
            return name, rng.randbytes(rng.choice(_SIZES[name]))


def _new_chunk(rng: random.Random, data: bytes) -> bytes:
    """An ancillary chunk with odd content at an odd place."""
    name, content = _odd(rng)
    chunks = _chunks(data)
    for _ in range(rng.choice((1, 1, 1, 30))):
        chunks.insert(rng.randrange(len(chunks) + 1) if rng.random() < 0.3 else 1, (name, content))
    return _png(chunks)


def _header(rng: random.Random, data: bytes) -> bytes:
    """The header says other pixels, depth, colour type, interlace."""
    chunks = _chunks(data)
    if not chunks or len(chunks[0][1]) != 13:
        return data
    fields = list(struct.unpack(">IIBBBBB", chunks[0][1]))
    for _ in range(rng.choice((1, 2))):
        at = rng.randrange(7)
        fields[at] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16) if at > 1 else (0, 1, 7, 300, 4000, 9999, 0x7FFFFFFF))
    return _png([(chunks[0][0], struct.pack(">IIBBBBB", *fields)), *chunks[1:]])


def _pixels(rng: random.Random, data: bytes) -> bytes:
    """The picture's own stream: other filters, too short, too long, in many pieces, a bomb."""
    chunks = _chunks(data)
    stream = b"".join(content for name, content in chunks if name == b"IDAT")
    try:
        raw = zlib.decompress(stream)
    except zlib.error:
        raw = bytes(5000)
    match rng.randrange(4):
        case 0:
            stream = zlib.compress(blocks.noised(rng, raw))
        case 1:
            stream = zlib.compress(raw[: rng.randrange(len(raw) + 1)] * rng.choice((1, 1, 20)))
        case 2:
            stream = blocks.bomb(rng)
        case _:
            stream = blocks.noised(rng, stream)
    size = rng.choice((len(stream) + 1, 1, 100))
    pieces = [(b"IDAT", stream[i : i + size]) for i in range(0, min(len(stream), 3000 * size), size)]
    first = next((i for i, (name, _) in enumerate(chunks) if name == b"IDAT"), len(chunks))
    rest = [(name, content) for name, content in chunks[first:] if name != b"IDAT"]
    return _png([*chunks[:first], *pieces, *rest])


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _chunk_soup,
    _chunk_soup,
    _new_chunk,
    _new_chunk,
    _new_chunk,
    _header,
    _pixels,
)
