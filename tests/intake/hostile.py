"""Files that harm a careless reader, made in memory, each named for what is odd about it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, PngImagePlugin

from .conftest import encoded, product

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes) -> bytes:
    """A PNG chunk with its right checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, bits: int = 8, colour: int = 2, data: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG that claims these pixels, whatever ``data`` (deflated) holds."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return SIGNATURE + head + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Deflated zeros, made without holding them."""
    packer = zlib.compressobj(1)
    block = bytes(1 << 20)
    out = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join([*out, packer.compress(bytes(count & 0xFFFFF)), packer.flush()])


def with_segment(jpeg: bytes, marker: int, *contents: bytes) -> bytes:
    """A JPEG with further segments right after its start mark."""
    parts = [struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content for content in contents]
    return jpeg[:2] + b"".join(parts) + jpeg[2:]


def exif(*entries: tuple[int, int, int, int]) -> bytes:
    """An EXIF segment of one directory with raw entries: tag, type, count, value or offset."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", 8)


def many_scans(jpeg: bytes, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    last = jpeg.rfind(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * times + b"\xff\xd9"


def resized_header(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header lies about its size."""
    at = next(i for i in range(len(jpeg)) if jpeg[i] == 0xFF and jpeg[i + 1] in (0xC0, 0xC2))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


XMP = b"http://ns.adobe.com/xap/1.0/\0"
BILLION = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + ']><x:xmpmeta xmlns:x="adobe:ns:meta/">&j;</x:xmpmeta>'
).encode()


Maker = Callable[[], bytes]


@cache
def jpeg() -> bytes:
    """A sound photo."""
    return encoded(product((1200, 900)), quality=90)


@cache
def progressive() -> bytes:
    """A sound photo in several scans."""
    return encoded(product((1200, 900)), progressive=True)


@cache
def portable() -> bytes:
    """A sound PNG."""
    return encoded(product((1200, 900)), "PNG")


def malformed() -> list[tuple[str, Maker, str]]:
    """(what is odd, bytes, the reason code) of files that must be refused."""
    cases: list[tuple[str, Maker, str]] = []
    cases += [
        ("no bytes", lambda: b"", "EMPTY_FILE"),
        ("zeros", lambda: bytes(100_000), "NOT_AN_IMAGE"),
        ("text named .jpg", lambda: b"this is not a picture\n" * 50, "NOT_AN_IMAGE"),
        ("HTML error page", lambda: b"<!DOCTYPE html><title>404</title>", "NOT_AN_IMAGE"),
        ("three bytes", lambda: b"\xff\xd8\xff", "TRUNCATED"),
        ("PNG signature alone", lambda: SIGNATURE, "TRUNCATED"),
    ]
    for tenth in range(1, 10):
        cases += [
            (f"JPEG cut at {tenth}0 %", lambda at=tenth: jpeg()[: len(jpeg()) * at // 10], "TRUNCATED"),
            (
                f"JPEG cut at {tenth}0 % and sealed",
                lambda at=tenth: jpeg()[: len(jpeg()) * at // 10] + b"\xff\xd9",
                "TRUNCATED",
            ),
            (
                f"progressive JPEG cut at {tenth}0 %",
                lambda at=tenth: progressive()[: len(progressive()) * at // 10],
                "TRUNCATED",
            ),
            (
                f"PNG cut at {tenth}0 %",
                lambda at=tenth: portable()[: len(portable()) * at // 10],
                "TRUNCATED",
            ),
        ]
    cases += [
        ("JPEG without its last byte", lambda: jpeg()[:-1], "TRUNCATED"),
        (
            "JPEG with a tail of zeros",
            lambda: jpeg()[: len(jpeg()) // 2] + bytes(len(jpeg()) // 2),
            "TRUNCATED",
        ),
        ("PNG with a wrong checksum", lambda: flipped(portable(), len(portable()) // 2), "TRUNCATED"),
        ("PNG with a wrong header checksum", lambda: flipped(portable(), 30), "TRUNCATED"),
        (
            "PNG of 30000 x 30000 claimed pixels",
            lambda: png(30000, 30000, data=zeros(1 << 20)),
            "TOO_MANY_PIXELS",
        ),
        (
            "JPEG of 65000 x 65000 claimed pixels",
            lambda: resized_header(jpeg(), 65000, 65000),
            "TOO_MANY_PIXELS",
        ),
        ("JPEG that claims 9000 x 9000", lambda: resized_header(jpeg(), 9000, 9000), "DECODER_LIMIT"),
        ("JPEG that claims 3000 x 3000", lambda: resized_header(jpeg(), 3000, 3000), "TRUNCATED"),
        (
            "10000 x 10000 zeros in 1.3 MB",
            lambda: png(10_000, 10_000, data=zeros(300_010_000)),
            "DECODER_LIMIT",
        ),
        (
            "JPEG of a million segments",
            lambda: jpeg()[:2] + b"\xff\xe5\0\2" * 1_000_000 + jpeg()[2:],
            "DECODER_LIMIT",
        ),
        (
            "JPEG with 50 MB of fill bytes",
            lambda: jpeg()[:2] + b"\xff" * 50_000_000 + jpeg()[2:],
            "DECODER_LIMIT",
        ),
        ("PNG of a million chunks", lambda: empty_chunks(1_000_000), "DECODER_LIMIT"),
        (
            "EXIF of 20 MB",
            lambda: with_segment(jpeg(), 0xE1, *[b"Exif\0\0".ljust(65_000)] * 310),
            "DECODER_LIMIT",
        ),
        ("PNG without enough data", lambda: png(3000, 3000, data=zeros(1000)), "TRUNCATED"),
        ("PNG of twice the rows it has", lambda: png(1200, 1800, data=zeros(900 * 3601)), "TRUNCATED"),
        ("interlaced PNG without its last pass", lambda: interlaced(rows=450), "TRUNCATED"),
        (
            "10000 x 10000 zeros beside 3 MB of text",
            lambda: png(10_000, 10_000, data=zeros(300_010_000), extra=chunk(b"teXt", bytes(3_000_000))),
            "DECODER_LIMIT",
        ),
        (
            "progressive JPEG of full colour that claims 9900 x 9900",
            lambda: resized_header(full_colour(), 9900, 9900) + bytes(400_000) + b"\xff\xd9",
            "DECODER_LIMIT",
        ),
        ("PNG of unknown depth", lambda: png(100, 100, bits=7, data=zeros(40_000)), "TRUNCATED"),
        ("PNG palette without colours", lambda: png(100, 100, colour=3, data=zeros(10_100)), "TRUNCATED"),
        ("animated PNG", lambda: animated("PNG"), "ANIMATED"),
        ("animated GIF", lambda: animated("GIF"), "NOT_AN_IMAGE"),
        ("WebP", lambda: encoded(product(), "WEBP"), "NOT_AN_IMAGE"),
        ("TIFF", lambda: encoded(product(), "TIFF"), "NOT_AN_IMAGE"),
        ("CMYK without a profile", lambda: encoded(product().convert("CMYK")), "COLOUR_UNCONVERTIBLE"),
        (
            "unreadable profile",
            lambda: encoded(product(), icc_profile=b"no profile at all" * 20),
            "COLOUR_UNCONVERTIBLE",
        ),
        ("huge profile", lambda: encoded(product(), icc_profile=bytes(5_000_000)), "COLOUR_UNCONVERTIBLE"),
        ("profile that unpacks to 64 MB", lambda: iccp_bomb(), "DECODER_LIMIT"),
        (
            "text that unpacks to 64 MB",
            lambda: png(64, 64, data=zeros(64 * 193), extra=ztxt_bomb()),
            "DECODER_LIMIT",
        ),
        (
            "JPEG of 2000 scans",
            lambda: many_scans(encoded(product((2000, 1500)), progressive=True), 2000),
            "DECODER_LIMIT",
        ),
        ("12-bit JPEG header", lambda: twelve_bit(jpeg()), "COLOUR_UNCONVERTIBLE"),
    ]
    return cases


def odd_but_sound() -> list[tuple[str, Maker]]:
    """(what is odd, bytes) of files that must come in, in bounded time and memory."""
    cases: list[tuple[str, Maker]] = []
    cases += [
        ("16-bit grey PNG", lambda: deep_grey()),
        ("16-bit colour PNG", lambda: deep_colour()),
        ("interlaced PNG", lambda: interlaced(rows=900)),
        ("1-bit PNG", lambda: encoded(product((1200, 900)).convert("1"), "PNG")),
        ("grey JPEG", lambda: encoded(product().convert("L"))),
        ("palette PNG with transparency", lambda: palette()),
        ("grey PNG with alpha", lambda: encoded(product().convert("LA"), "PNG")),
        (
            "EXIF that points to itself",
            lambda: with_segment(jpeg(), 0xE1, exif((0x8769, 4, 1, 8), (0xA005, 4, 1, 8))),
        ),
        (
            "EXIF of a billion values",
            lambda: with_segment(jpeg(), 0xE1, exif((0x010F, 2, 0x7FFFFFFF, 8), (0x0112, 3, 9**9, 8))),
        ),
        (
            "EXIF of noise",
            lambda: with_segment(jpeg(), 0xE1, b"Exif\0\0" + np.random.default_rng(0).bytes(60_000)),
        ),
        ("EXIF of 5 MB", lambda: with_segment(jpeg(), 0xE1, *[exif((0x0112, 3, 1, 6)).ljust(65_000)] * 80)),
        ("EXIF of 20000 entries", lambda: with_segment(jpeg(), 0xE1, *crowded_exif())),
        ("XMP of blanks", lambda: with_segment(jpeg(), 0xE1, XMP + b"<a>" + b" " * 60_000 + b"</a>")),
        ("XMP of one long word", lambda: with_segment(jpeg(), 0xE1, XMP + b"<a>" + b"a" * 60_000 + b"</a>")),
        ("XMP nested 8000 deep", lambda: with_segment(jpeg(), 0xE1, XMP + b"<a>" * 8000 + b"</a>" * 8000)),
        ("IPTC of a million entries", lambda: with_segment(jpeg(), 0xED, *[crowded_iptc()] * 100)),
        ("XMP entity bomb", lambda: with_segment(jpeg(), 0xE1, XMP + BILLION)),
        ("XMP that is not XML", lambda: with_segment(jpeg(), 0xE1, XMP + b"<a><b></a>")),
        ("100 megapixels of JPEG", lambda: big_jpeg()),
        ("100 megapixels of progressive JPEG", lambda: big_jpeg(progressive=True)),
    ]
    return cases


def flipped(data: bytes, at: int) -> bytes:
    """One byte of it is wrong."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def animated(format: str) -> bytes:
    """Three frames."""
    frames = [product(seed=seed) for seed in range(3)]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:])


def iccp_bomb() -> bytes:
    """A PNG of a few hundred kilobytes whose colour profile wants 64 MB."""
    profile = chunk(b"iCCP", b"bomb\0\0" + zeros(64 << 20))
    return png(64, 64, data=zeros(64 * 193), extra=profile)


def empty_chunks(count: int) -> bytes:
    """A sound PNG among as many empty chunks."""
    return png(64, 64, data=zeros(64 * 193), extra=chunk(b"teSt", b"") * count)


def crowded_exif() -> list[bytes]:
    """One directory of 20,000 entries over four segments."""
    whole = exif(*[(0x9000 + i % 4096, 3, 1, i) for i in range(20_000)])
    return [b"Exif\0\0" + whole[6:][i : i + 65_000] for i in range(0, len(whole) - 6, 65_000)]


def crowded_iptc() -> bytes:
    """A Photoshop segment full of IPTC entries."""
    entries = b"\x1c\x02\x19\x00\x01k" * 10_000
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(entries)) + entries
    return b"Photoshop 3.0\0" + block


def ztxt_bomb() -> bytes:
    """A compressed comment that wants 64 MB."""
    return chunk(b"zTXt", b"Comment\0\0" + zeros(64 << 20))


def twelve_bit(jpeg: bytes) -> bytes:
    """A JPEG that says it has 12 bits a channel."""
    at = next(i for i in range(len(jpeg)) if jpeg[i] == 0xFF and jpeg[i + 1] == 0xC0)
    return jpeg[: at + 4] + b"\x0c" + jpeg[at + 5 :]


def deep_grey() -> bytes:
    """A 16-bit ramp with a product in it."""
    grey = np.asarray(product((1200, 900)).convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(grey), "PNG")


def deep_colour() -> bytes:
    """16 bits a channel, which Pillow does not write."""
    pixels = np.asarray(product((600, 450))).astype(">u2") * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return png(600, 450, bits=16, data=zlib.compress(rows))


def full_colour() -> bytes:
    """A progressive photo whose colours have as many pixels as its brightness."""
    return encoded(product((1200, 900)), progressive=True, subsampling=0)


def interlaced(rows: int) -> bytes:
    """A grey Adam7 picture of 1200 x 900 pixels: noise in its first six passes, of the last one, which has every second
    row, ``rows`` / 2.
    """
    passes = ((8, 8, 0, 0), (8, 8, 4, 0), (4, 8, 0, 4), (4, 4, 2, 0), (2, 4, 0, 2), (2, 2, 1, 0), (1, 2, 0, 1))
    noise = np.random.default_rng(0)
    raw = b"".join(
        b"\0" + noise.bytes(len(range(x, 1200, across)))
        for across, down, x, y in passes
        for _ in range(y, rows if across == 1 else 900, down)
    )
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1200, 900, 8, 0, 0, 0, 1))
    return SIGNATURE + head + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def palette() -> bytes:
    """Palette colours, one of them transparent."""
    image = product((600, 450)).quantize(32)
    return encoded(image, "PNG", transparency=0)


@cache
def big_jpeg(**options: bool) -> bytes:
    """100 megapixels, mostly backdrop."""
    image = Image.new("RGB", (10_000, 10_000), (235, 235, 235))
    image.paste(product((4000, 3000)), (3000, 3500))
    return encoded(image, quality=80, **options)


def text_png(**texts: str) -> bytes:
    """A PNG with text chunks."""
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name.replace("_", "."), text)
    return encoded(product(), "PNG", pnginfo=info)
