"""What a photo carries besides pixels: kept as plain data, without what tells on its maker.

Dropped: GPS position, serial numbers, the maker's own notes, thumbnails, unique ids.
"""

from __future__ import annotations

import math
import re
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

MOST_XMP = 64 * 1024
MOST_EXIF = 256 * 1024
MOST_EXIF_KEPT = 32 * 1024  # bytes of UTF-8; the photo's record has room for 400 KB in all
MOST_IPTC = 32 * 1024
MOST_TEXT = 2000
MOST_NUMBER = 1e15  # DynamoDB takes 38 digits up to 1e126; no photo's data come near
_DROPPED_EXIF = {
    "GPSInfo", "BodySerialNumber", "LensSerialNumber", "CameraSerialNumber", "CameraOwnerName", "MakerNote",
    "MakerNoteSafety", "ImageUniqueID", "RawDataUniqueID", "UserComment", "PrintImageMatching", "ExifOffset",
    "ExifInteroperabilityOffset", "XMLPacket", "IPTCNAA", "ImageResources", "Orientation",
    "InterColorProfile", "JpegIFOffset", "JpegIFByteCount", "OriginalRawFileName", "HostComputer",
}  # fmt: skip
_IPTC = {
    (2, 5): "title", (2, 25): "keywords", (2, 55): "date_created", (2, 80): "creator", (2, 105): "headline",
    (2, 110): "credit", (2, 115): "source", (2, 116): "copyright", (2, 120): "caption",
}  # fmt: skip
_RATIONAL = {
    "FNumber", "ExposureTime", "FocalLength", "XResolution", "YResolution", "ApertureValue",
    "ShutterSpeedValue", "BrightnessValue", "ExposureBiasValue", "MaxApertureValue", "SubjectDistance",
    "FocalPlaneXResolution", "FocalPlaneYResolution", "DigitalZoomRatio", "ExposureIndex", "Gamma",
    "CompressedBitsPerPixel",
}  # fmt: skip
# All repetitions are bounded: a hostile packet must not make the expressions backtrack for minutes.
_PRIVATE_NAME = r"(?:GPS\w{0,40}|\w{0,24}SerialNumber|(?:Camera)?OwnerName)"
_PRIVATE = re.compile(_PRIVATE_NAME, re.ASCII)
_ATTRIBUTE = re.compile(rf"\s[\w.-]{{1,40}}:{_PRIVATE_NAME}\s?=\s?(?:\"[^\"]*\"|'[^']*')", re.ASCII)
_ELEMENT = re.compile(rf"<([\w.-]{{1,40}}:{_PRIVATE_NAME})\b[^>]*(?:/>|>[^<]*</\1\s?>)", re.ASCII)


def keep(image: ImageFile.ImageFile, exif: Image.Exif | None, notes: list[str]) -> dict[str, Any]:
    """EXIF, XMP and IPTC of an opened image as JSON-ready data; what cannot be read becomes a note."""
    kept: dict[str, Any] = {}
    if exif is not None and (tags := _exif(exif, notes)):
        kept["exif"] = tags
    if packet := _xmp(image.info.get("xmp"), notes):
        kept["xmp"] = packet
    if image.format == "JPEG" and (entries := _iptc(image, notes)):
        kept["iptc"] = entries
    return kept


def read_exif(image: Image.Image, notes: list[str]) -> Image.Exif | None:
    """The EXIF directory, or None with a note when it is hostile or broken."""
    if len(image.info.get("exif", b"")) > MOST_EXIF:
        notes.append("EXIF is too large and was ignored; the photo is taken as upright")
        return None
    try:
        exif = image.getexif()
        exif.get(ExifTags.Base.Orientation)  # directories are parsed when first used
    except Exception as error:  # noqa: BLE001 the EXIF reader may raise anything on hostile bytes
        notes.append(f"EXIF is unreadable ({type(error).__name__}); the photo is taken as upright")
        return None
    return exif


def orientation(exif: Image.Exif | None) -> int:
    """The EXIF orientation, 1..8; 1 when absent or senseless."""
    value = exif.get(ExifTags.Base.Orientation, 1) if exif is not None else 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def names_adobe_rgb(exif: Image.Exif | None) -> bool:
    """Whether EXIF says Adobe RGB as cameras do: interoperability ``R03`` (DCF 2.0, 4.5.2)."""
    if exif is None:
        return False
    try:
        interop = exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex, "")
    except Exception:  # noqa: BLE001 as above; an unreadable directory names no colour space
        return False
    text = interop.decode("ascii", "replace") if isinstance(interop, bytes) else str(interop)
    return text.startswith("R03")


def _exif(exif: Image.Exif, notes: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    try:
        tags = {**dict(exif.items()), **exif.get_ifd(ExifTags.IFD.Exif)}
    except Exception as error:  # noqa: BLE001 as above
        notes.append(f"EXIF is unreadable ({type(error).__name__}) and was dropped")
        return kept
    weight = 0
    for number, stored in sorted(tags.items()):
        name, value = ExifTags.TAGS.get(number), stored
        if name in _RATIONAL and isinstance(value, tuple) and len(value) == 2:
            top, bottom = (_plain(part) for part in value)  # the reader's form of an EXIF rational
            sound = isinstance(top, int | float) and isinstance(bottom, int | float) and bottom != 0
            value = top / bottom if sound else None
        plain = _plain(value)
        if name and name not in _DROPPED_EXIF and plain not in (None, "", []):
            weight += len(str(plain).encode())
            if weight > MOST_EXIF_KEPT:
                notes.append(f"EXIF holds much text; what comes after {MOST_EXIF_KEPT:,} bytes was dropped")
                break
            kept[name] = plain
    return kept


def _plain(value: Any) -> Any:
    """JSON-ready and short, or None: finite numbers below 1e15, printable text, lists of at most 16 of these."""
    if isinstance(value, (bool, int)):
        return int(value) if abs(int(value)) < MOST_NUMBER else None
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return _text(text.decode("ascii")) if text.isascii() else None
    if isinstance(value, (tuple, list)):
        plain = [_plain(v) for v in value[:16]]
        return None if None in plain else plain
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return round(number, 6) if math.isfinite(number) and abs(number) < MOST_NUMBER else None


def _text(value: str) -> str:
    return "".join(c for c in value[:MOST_TEXT] if c.isprintable() or c in "\n\t").strip()


def _xmp(packet: bytes | str | None, notes: list[str]) -> str:
    if not packet:
        return ""
    packet = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
    if len(packet) > MOST_XMP:
        notes.append(f"XMP of {len(packet):,} bytes was dropped; at most {MOST_XMP:,} are kept")
        return ""
    try:
        text = packet.decode("utf-8").strip("\0 \t\r\n\ufeff")
        if _tells(text):
            text = _ELEMENT.sub("", _ATTRIBUTE.sub("", text))
            if _tells(text):
                raise ValueError("a position or serial number in nested form")
    except (UnicodeDecodeError, ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        notes.append(f"XMP was dropped: {type(error).__name__}: {str(error)[:80]}")
        return ""
    return text


def _tells(packet: str) -> bool:
    """Whether XMP names a position or a serial number. Raises what defusedxml raises on hostile XML."""
    for element in ElementTree.fromstring(packet, forbid_dtd=True).iter():
        names = [element.tag, *element.attrib]
        if any(_PRIVATE.fullmatch(str(name).rpartition("}")[2]) for name in names):
            return True
    return False


def _iptc(image: ImageFile.ImageFile, notes: list[str]) -> dict[str, Any]:
    if len(image.info.get("photoshop", {}).get(0x0404, b"")) > MOST_IPTC:
        notes.append("IPTC is too large and was dropped")
        return {}
    try:
        found = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception as error:  # noqa: BLE001 as above
        notes.append(f"IPTC is unreadable ({type(error).__name__}) and was dropped")
        return {}
    kept: dict[str, Any] = {}
    for number, name in _IPTC.items():
        raw = found.get(number)
        if raw is None:
            continue
        texts = [_text(_decoded(part)) for part in (raw if isinstance(raw, list) else [raw])[:64]]
        kept[name] = [t for t in texts if t] if name == "keywords" else texts[0]
    return {name: value for name, value in kept.items() if value}


def _decoded(raw: bytes | None) -> str:
    if raw is None:  # the reader's word for an entry of no bytes
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
