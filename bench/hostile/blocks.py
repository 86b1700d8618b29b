"""What hides in a picture's metadata: EXIF, XMP, IPTC and ICC blocks, from nearly sound to mad."""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache

from PIL import Image, ImageCms

from packshot.imaging.colour_profile import adobe_rgb

XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
SIZES = (0, 1, 2, 7, 8, 255, 256, 4095, 65_535, 65_536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TAGS = (0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x0131, 0x013B, 0x8298, 0x829A, 0x829D, 0x8827, 0x9003, 0x9286,
         0x927C, 0xA001, 0xA420, 0xA431, 0x83BB, 0x02BC, 0x8773, 0x0201, 0x0202)  # fmt: skip
POINTERS = (0x8769, 0x8825, 0xA005, 0x014A)
_XML_NAMES = ("dc:title", "dc:creator", "exif:GPSLatitude", "aux:SerialNumber", "xmp:Rating", "x:x", "photoshop:Credit",
              "Iptc4xmpExt:DigitalSourceType", "aux:OwnerName", "rdf:li", "rdf:Description")  # fmt: skip


def exif(rng: random.Random) -> bytes:
    """A TIFF directory (without ``Exif\\0\\0``): tags, types, counts and offsets honest or not, directories
    that point to themselves, to each other and to nowhere.
    """
    order = rng.choice("<>")
    first = rng.choice((8, 8, 8, 8, 0, 9, 60_000, 0xFFFFFFF0))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", rng.choice((42, 42, 42, 43, 0)), first)
    body = b"".join(_directory(rng, order) for _ in range(rng.choice((1, 1, 2, 5))))
    return head + body + rng.randbytes(rng.choice((0, 16, 600, 5000)))


def texts(tags: list[int], text: bytes) -> bytes:
    """An honest TIFF directory that gives each tag (in rising order) the same text."""
    body, at = struct.pack("<H", len(tags)), 8 + 2 + 12 * len(tags) + 4
    for number, tag in enumerate(tags):
        body += struct.pack("<HHII", tag, 2, len(text) + 1, at + number * (len(text) + 1))
    return b"II*\0\x08\0\0\0" + body + bytes(4) + (text + b"\0") * len(tags)


def _directory(rng: random.Random, order: str) -> bytes:
    entries = rng.choice((0, 1, 3, 12, 60, 400))
    out = struct.pack(f"{order}H", entries if rng.random() < 0.8 else rng.choice((0, 1, 65_535)))
    for _ in range(entries):
        tag = rng.choice(POINTERS) if rng.random() < 0.2 else rng.choice(_TAGS)
        kind = rng.choice((1, 2, 2, 3, 4, 5, 5, 7, 9, 10, 11, 12, 13, 0, 255))
        count = rng.choice((1, 1, 1, 2, 4, 100, rng.choice(SIZES)))
        at = rng.choice((8, 8, 10, 26, rng.randrange(2000), rng.choice(SIZES)))
        out += struct.pack(f"{order}HHII", tag, kind, count & 0xFFFFFFFF, at & 0xFFFFFFFF)
    return out + struct.pack(f"{order}I", rng.choice((0, 0, 8, 10, 0xFFFFFFFF)))


def xmp(rng: random.Random) -> bytes:
    """An XMP packet: nested, wide, cut off, in other encodings, with entities, private names in odd places."""
    name = rng.choice(_XML_NAMES)
    spaces = " ".join(f'xmlns:{p}="{p}/"' for p in ("dc", "exif", "aux", "xmp", "photoshop", "Iptc4xmpExt", "rdf", "x"))
    depth, width = rng.choice((1, 3, 50, 2000)), rng.choice((1, 5, 400))
    inner = rng.choice((
        f"<{name}>" * depth + "text" + f"</{name}>" * depth,
        f'<rdf:Description {name}="{"v" * width}"/>' * width,
        f"<{name} {name}='{'&#65;' * width}'>" + "<![CDATA[" + "]]" * width + "]]>" + f"</{name}>",
        f"<{name}>" + "<rdf:Alt><rdf:li>" * width + "a" * depth + "</rdf:li></rdf:Alt>" * width + f"</{name}>",
        "<!--" + "- " * width + "-->" + f"<{name} />" * width,
        "&a;" * width + f"<{name}>",
        "<" * width + " " * depth + "=" * width,
    ))  # fmt: skip
    dtd = "".join(f'<!ENTITY {chr(97 + i)} "{f"&{chr(98 + i)};" * 10}">' for i in range(9))
    head = rng.choice(("", "", '<?xpacket begin="" id="W5M0"?>', f"<!DOCTYPE x [{dtd}]>",
                       '<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<?xml version="1.0" encoding="utf-16"?>',
                       '<?xml version="1.0" encoding="utf-7"?>'))  # fmt: skip
    text = f"{head}<x:xmpmeta {spaces}><rdf:RDF>{inner}</rdf:RDF></x:xmpmeta>{rng.choice(('', ' ' * 2000))}"
    packet = text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-32", "latin-1")), "replace")
    return packet if rng.random() < 0.6 else noised(rng, packet)


def iptc(rng: random.Random) -> bytes:
    """A Photoshop block (APP13) with IPTC entries: repeated, extended lengths, cut off."""
    entries = b""
    for _ in range(rng.choice((1, 5, 60, 900))):
        text = rng.randbytes(rng.choice((0, 1, 12, 60)))
        record, number = rng.choice((1, 2, 2, 2, 3, 255)), rng.choice((5, 25, 25, 80, 116, 120, 0, 255))
        length = rng.choice((len(text), len(text), len(text), 0x7FFF, 0x8004, 0xFFFF))
        entries += struct.pack(">BBBH", 0x1C, record, number, length) + text
    size = len(entries) if rng.random() < 0.7 else rng.choice(SIZES)
    name = rng.choice((b"\0\0", b"\x04name\0", b"\xffname"))
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04" + name + struct.pack(">I", size) + entries[:60_000]


@cache
def profiles() -> tuple[bytes, ...]:
    """Sound colour profiles: sRGB, Lab and XYZ by LittleCMS, Adobe RGB."""
    made = [ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes() for name in ("sRGB", "LAB", "XYZ")]
    return (*made, adobe_rgb())


def icc(rng: random.Random) -> bytes:
    """A colour profile: sound, of another space or class, with lying tag tables, noised, or not one."""
    data = bytearray(rng.choice(profiles()))
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        at = rng.choice((12, 16, 20))  # device class, colour space, connection space
        names = {12: (b"mntr", b"prtr", b"link", b"abst"), 16: (b"GRAY", b"CMYK", b"RGB ", b"Lab ", b"FCLR"),
                 20: (b"XYZ ", b"Lab ", b"RGB ")}  # fmt: skip
        if rng.random() < 0.4:
            data[at : at + 4] = rng.choice(names[at])
        else:  # the tag table: count, then signature, offset, size
            at = 128 + 4 * rng.randrange(0, 28)
            data[at : at + 4] = struct.pack(">I", rng.choice((*SIZES, rng.randrange(len(data)))) & 0xFFFFFFFF)
    made = bytes(data)
    return made if rng.random() < 0.6 else noised(rng, made)


def noised(rng: random.Random, data: bytes) -> bytes:
    """Some bytes changed, cut out or doubled."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 2, 8, 40))):
        if not out:
            return rng.randbytes(8)
        at = rng.randrange(len(out))
        size = rng.choice((1, 1, 2, 4, 30))
        match rng.randrange(5):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at : at + size] = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * size
            case 2:
                del out[at : at + size]
            case 3:
                out[at:at] = out[at : at + size]
            case _:
                out[at : at + size] = rng.randbytes(size)
    return bytes(out)


def bomb(rng: random.Random) -> bytes:
    """Deflated zeros that unpack to one or eight megabytes."""
    return _zeros(rng.choice((1 << 20, 8 << 20)))


@cache
def _zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 9)


def with_metadata(image: Image.Image, profile: bool) -> dict[str, object]:
    """Save options that put honest EXIF, and a profile if asked, into a picture."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112], tags[0x8298] = "Maker", 6 if image.width > image.height else 1, "Somebody"
    tags.get_ifd(0x8769)[0x829A] = (1, 125)
    tags.get_ifd(0x8825)[1] = "N"
    return {"exif": tags, "icc_profile": profiles()[0]} if profile else {"exif": tags}
