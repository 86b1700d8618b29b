"""The metadata of an exported file: sRGB profile, EXIF, XMP and IPTC-IIM, built from the catalogue and the
source.

``source_metadata`` is what intake kept of the photo: ``exif`` (tag name -> value), ``xmp`` (the packet as
text) and ``iptc`` (field -> text or texts); each may be missing.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from packshot.export import iptc, source_type, xmp
from packshot.export.coders import Embedded
from packshot.export.words import Words
from packshot.records import CatalogEntry

TOOL = "packshot"
# What a camera says of the exposure, by type; what tells on people or places, and facts of the old file, is not here.
_TEXT: tuple[str, ...] = ("Make", "Model", "DateTime", "LensMake", "LensModel", "DateTimeOriginal", "DateTimeDigitized")
_TEXT += ("OffsetTime", "OffsetTimeOriginal", "OffsetTimeDigitized")
_TEXT += ("SubsecTime", "SubsecTimeOriginal", "SubsecTimeDigitized", "SpectralSensitivity")
_RATIONAL: tuple[str, ...] = ("ExposureTime", "FNumber", "FocalLength", "ApertureValue", "ShutterSpeedValue")
_RATIONAL += ("ExposureBiasValue", "MaxApertureValue", "BrightnessValue", "SubjectDistance", "DigitalZoomRatio")
_RATIONAL += ("ExposureIndex", "FlashEnergy", "FocalPlaneXResolution", "FocalPlaneYResolution")
_SHORT: tuple[str, ...] = ("ISOSpeedRatings", "Flash", "WhiteBalance", "FocalLengthIn35mmFilm", "ExposureProgram")
_SHORT += ("MeteringMode", "LightSource", "SceneCaptureType", "ExposureMode", "CustomRendered", "GainControl")
_SHORT += ("Contrast", "Saturation", "Sharpness", "SubjectDistanceRange", "SensingMethod", "SensitivityType")
_SHORT += ("RecommendedExposureIndex", "StandardOutputSensitivity", "FocalPlaneResolutionUnit")
_RATIONALS = ("LensSpecification",)
_IFD0 = ("Make", "Model", "DateTime")


@functools.cache
def srgb_profile() -> bytes:
    """An sRGB ICC profile made by LittleCMS, its date and id zeroed so that every run gives the same
    bytes.
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = b"\x07\xd0\x00\x01\x00\x01" + b"\x00" * 6  # 2000-01-01; the field may not be empty
    profile[84:100] = b"\x00" * 16  # "not calculated", ICC.1:2022 7.2.18
    return bytes(profile)


def _exif_value(name: str, value: Any) -> Any:
    """The value in the type that the tag wants, or None when it is not of that type."""
    if name in _RATIONALS:
        whole = isinstance(value, list | tuple) and 0 < len(value) <= 8
        return _rationals(value) if whole else None
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if name in _TEXT:
        return value if isinstance(value, str) and value else None
    if isinstance(value, str):
        head, _, tail = value.partition("/")
        try:
            value = float(head) / float(tail or 1)
        except (ValueError, ZeroDivisionError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        return None
    return int(value) if name in _SHORT else IFDRational(value).limit_rational(1_000_000)


def _rationals(values: Sequence[Any]) -> list[Any] | None:
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v < 1e6 for v in values):
        return None
    return [IFDRational(v).limit_rational(1_000_000) for v in values]


def exif(entry: CatalogEntry, title: str, source: dict[str, Any]) -> bytes:
    """An EXIF block: our texts, the camera's exposure data; no GPS, serial numbers, owner, maker note,
    thumbnail.

    Only tags on a list go over, so that a tag nobody thought of cannot carry something private.
    """
    block = Image.Exif()
    camera = source.get("exif") or {}
    sub = block.get_ifd(ExifTags.IFD.Exif)
    for name in (*_TEXT, *_RATIONAL, *_RATIONALS, *_SHORT):
        value = _exif_value(name, camera.get(name)) if camera.get(name) is not None else None
        if value is None:
            continue
        if name in _IFD0:
            block[ExifTags.Base[name]] = value
        elif name in _RATIONAL:
            sub[ExifTags.Base[name]] = IFDRational(*value)
        elif name in _RATIONALS:
            sub[ExifTags.Base[name]] = tuple(IFDRational(*pair) for pair in value)
        else:
            sub[ExifTags.Base[name]] = value
    texts = {
        ExifTags.Base.ImageDescription: title,
        ExifTags.Base.Artist: entry.creator or _first(camera.get("Artist")),
        ExifTags.Base.Copyright: entry.copyright or _first(camera.get("Copyright")),
    }
    for tag, text in texts.items():
        if text:
            block[tag] = text.encode("utf-8")  # as bytes: Pillow would write ? for all that is not ASCII
    block[ExifTags.Base.Software] = TOOL
    _required(block, sub)
    return block.tobytes()


def _required(block: Image.Exif, sub: dict[int, Any]) -> None:
    """What Exif 2.32 demands of a JPEG file, but for the size, which the file says itself."""
    block[ExifTags.Base.Orientation] = 1
    block[ExifTags.Base.XResolution] = block[ExifTags.Base.YResolution] = IFDRational(300)
    block[ExifTags.Base.ResolutionUnit] = 2
    block[ExifTags.Base.YCbCrPositioning] = 1
    sub[ExifTags.Base.ExifVersion] = b"0232"
    sub[ExifTags.Base.FlashPixVersion] = b"0100"
    sub[ExifTags.Base.ColorSpace] = 1


def _first(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


class Incoming:
    """What the source said about itself, whichever of its blocks said it."""

    def __init__(self, source: dict[str, Any]) -> None:
        self.packet: str = source.get("xmp") if isinstance(source.get("xmp"), str) else ""  # type: ignore[assignment]
        self.unreadable = ""
        try:
            self.xmp = xmp.read(self.packet) if self.packet else {}
        except xmp.XmpError as error:
            self.packet, self.xmp, self.unreadable = "", {}, str(error)
        self.iptc: dict[str, Any] = source.get("iptc") or {}
        self.exif: dict[str, Any] = source.get("exif") or {}
        self.source_type = self._of("Iptc4xmpExt:DigitalSourceType") or _first(source.get("digital_source_type"))

    def _of(self, name: str) -> str:
        return next(iter(self.xmp.get(name, [])), "")

    @property
    def alt_text(self) -> str:
        """Alt text that a person put into the photo."""
        return self._of("Iptc4xmpCore:AltTextAccessibility")

    @property
    def creator(self) -> str:
        """XMP before IPTC before EXIF, as the Metadata Working Group advises."""
        return self._of("dc:creator") or _first(self.iptc.get("creator")) or _first(self.exif.get("Artist"))

    @property
    def copyright(self) -> str:
        """The copyright notice that came in."""
        return self._of("dc:rights") or _first(self.iptc.get("copyright")) or _first(self.exif.get("Copyright"))

    @property
    def credit(self) -> str:
        """The credit line that came in."""
        return self._of("photoshop:Credit") or _first(self.iptc.get("credit"))

    @property
    def date_created(self) -> str:
        """When the picture was made, as the old IPTC block says it (CCYYMMDD)."""
        return _first(self.iptc.get("date_created"))

    @property
    def origin(self) -> str:
        """The original owner or creator of the picture's contents (IPTC "source")."""
        return self._of("photoshop:Source") or _first(self.iptc.get("source"))

    @property
    def keywords(self) -> list[str]:
        """Keywords of the old IPTC block and of XMP: both blocks of the export say the same."""
        given = self.iptc.get("keywords") or []
        old = [given] if isinstance(given, str) else [word for word in given if isinstance(word, str)]
        return [*old, *self.xmp.get("dc:subject", [])]


class Blocks:
    """All blocks of one photo's exports: the same for every channel."""

    def __init__(self, entry: CatalogEntry, words: Words, source: dict[str, Any], kind: str) -> None:
        came = Incoming(source)
        keywords = list(dict.fromkeys([*words.keywords, *came.keywords]))
        creator, credit = entry.creator or came.creator, entry.credit or came.credit
        notice = entry.copyright or came.copyright
        self.source_type = kind
        fields = xmp.Fields(
            title=words.title,
            description=words.description,
            alt_text=words.alt_text,
            keywords=keywords,
            sku=entry.sku,
            gtin=entry.gtin,
            creator=creator,
            copyright=notice,
            credit=credit,
            source_type=kind,
            language=words.language,
            origin=came.origin,
            date_created="" if "photoshop:DateCreated" in came.xmp else came.date_created,
        )
        self.embedded = Embedded(
            exif=exif(entry, words.title, source), xmp=xmp.build(fields, came.packet), icc=srgb_profile()
        )
        self.app13 = iptc.segment(
            iptc.Iim(
                title=words.title,
                caption=words.description,
                headline=words.title,
                creator=creator,
                credit=credit,
                copyright=notice,
                keywords=keywords,
                origin=came.origin,
                date_created=came.date_created,
            )
        )


def source_kind(source: dict[str, Any], altered: bool, synthetic: bool, generated: bool) -> str:
    """DigitalSourceType for an export of this source (see ``source_type.of``)."""
    return source_type.of(Incoming(source).source_type, altered, synthetic, generated)
