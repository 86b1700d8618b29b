"""IPTC-IIM 4.2 (the old block that many shops still read), as a Photoshop APP13 segment of a JPEG file."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_UTF8 = b"\x1b%G"  # 1:90 CodedCharacterSet, ISO 2022 escape for UTF-8
_HEADER = b"Photoshop 3.0\x00"
_IPTC, _DIGEST = 0x0404, 0x0425
# name: (dataset of record 2, most bytes)
DATASETS = {
    "title": (5, 64),
    "keywords": (25, 64),
    "date_created": (55, 8),
    "creator": (80, 32),
    "headline": (105, 256),
    "credit": (110, 32),
    "origin": (115, 32),
    "copyright": (116, 128),
    "caption": (120, 2000),
}


@dataclass(frozen=True)
class Iim:
    """The fields packshot writes; empty ones are left out."""

    title: str = ""
    caption: str = ""
    headline: str = ""
    creator: str = ""
    credit: str = ""
    copyright: str = ""
    keywords: list[str] = field(default_factory=list)
    origin: str = ""
    date_created: str = ""


def clip(text: str, most: int) -> bytes:
    """UTF-8 of the text, at most ``most`` bytes, never cut inside a character."""
    return text.encode("utf-8")[:most].decode("utf-8", "ignore").encode("utf-8")


def _dataset(record: int, number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def block(fields: Iim) -> bytes:
    """The IIM data sets in ascending order, as the standard asks."""
    values: dict[str, Iterable[str]] = {"keywords": fields.keywords}
    values |= {name: [getattr(fields, name)] for name in DATASETS if name != "keywords"}
    out = [_dataset(1, 90, _UTF8), _dataset(2, 0, b"\x00\x04")]
    for name, (number, most) in sorted(DATASETS.items(), key=lambda item: item[1]):
        out += [_dataset(2, number, clip(text, most)) for text in values[name] if text]
    return b"".join(out)


def _resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\x00" * (len(data) % 2)


def segment(fields: Iim) -> bytes:
    """The whole APP13 segment, marker included, with the digest that tells readers that XMP and IIM agree.

    Raises:
        ValueError: the fields do not fit one segment (64 KB); keywords are the only thing that can grow so.
    """
    iim = block(fields)
    digest = hashlib.md5(iim, usedforsecurity=False).digest()  # the format demands MD5; it protects nothing
    body = _HEADER + _resource(_IPTC, iim) + _resource(_DIGEST, digest)
    if len(body) > 65_533:
        raise ValueError("IPTC fields exceed one JPEG segment")
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """The header segments of a JPEG file up to its scan: (marker, start, end), start at the 0xFF."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] not in (0xD9, 0xDA):
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        yield jpeg[at + 1], at, at + 2 + length
        at += 2 + length


def splice(jpeg: bytes, app13: bytes) -> bytes:
    """The JPEG file with the segment put after its APP0 and APP1 segments."""
    at = 2
    for marker, start, end in segments(jpeg):
        if marker not in (0xE0, 0xE1) or start != at:
            break
        at = end
    return jpeg[:at] + app13 + jpeg[at:]


def read(jpeg: bytes) -> dict[str, list[str]]:
    """The fields of the file's IIM block by our names; empty when there is none."""
    numbers = {number: name for name, (number, _) in DATASETS.items()}
    found: dict[str, list[str]] = {}
    for marker, start, end in segments(jpeg):
        body = jpeg[start + 4 : end]
        if marker != 0xED or not body.startswith(_HEADER):
            continue
        at = body.find(b"8BIM\x04\x04")
        if at < 0:
            continue
        size = struct.unpack(">I", body[at + 8 : at + 12])[0]
        for record, number, value in _datasets(body[at + 12 : at + 12 + size]):
            if record == 2 and number in numbers:
                found.setdefault(numbers[number], []).append(value.decode("utf-8", "replace"))
    return found


def _datasets(iim: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 5 <= len(iim) and iim[at] == 0x1C:
        record, number, length = struct.unpack(">BBH", iim[at + 1 : at + 5])
        yield record, number, iim[at + 5 : at + 5 + length]
        at += 5 + length
