"""XMP packets: built with an XML library, merged with what came in, read with a hardened parser.

Namespaces and forms: XMP specification part 1 and 2, IPTC Photo Metadata Standard 2023.1.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # building only; everything that came from outside goes through defusedxml
from dataclasses import dataclass, field

import defusedxml.ElementTree as SafeET
from defusedxml import DefusedXmlException

NS = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST = 60_000  # bytes: one JPEG segment holds 65,502
# Names that must go wherever they stand: places, serial numbers, people's devices, and facts of the old file.
_PRIVATE = re.compile(r"gps|serialnumber|cameraownername|ownername|makernote|locationcreated|locationshown", re.I)
_OF_THE_OLD_FILE = re.compile(
    r"^(Orientation|ImageWidth|ImageLength|PixelXDimension|PixelYDimension|ColorSpace|ICCProfile|ColorMode"
    r"|BitsPerSample|Compression|PhotometricInterpretation|NativeDigest|LegacyIPTCDigest|Thumbnails|HasExtendedXMP)$"
)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmpError(ValueError):
    """A packet that cannot be read: not XML, hostile, or not RDF."""


@dataclass(frozen=True)
class Fields:
    """What packshot writes. Empty fields are left to what came in, if anything did."""

    title: str = ""
    description: str = ""
    alt_text: str = ""
    keywords: list[str] = field(default_factory=list)
    sku: str = ""
    gtin: str = ""
    creator: str = ""
    copyright: str = ""
    credit: str = ""
    source_type: str = ""
    language: str = "en"
    origin: str = ""
    date_created: str = ""
    tool: str = "packshot"


def _q(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{NS[prefix]}}}{local}"


def _legal(text: str) -> str:
    """The text without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def _alt(name: str, text: str, language: str) -> ET.Element:
    prop = ET.Element(_q(name))
    alt = ET.SubElement(prop, _q("rdf:Alt"))
    for lang in dict.fromkeys(("x-default", language)):
        ET.SubElement(alt, _q("rdf:li"), {_XML_LANG: lang}).text = _legal(text)
    return prop


def _dated(text: str) -> str:
    """IPTC's CCYYMMDD as XMP's YYYY-MM-DD; empty for anything else."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else ""


def _list(name: str, form: str, items: list[str]) -> ET.Element:
    prop = ET.Element(_q(name))
    bag = ET.SubElement(prop, _q(form))
    for item in items:
        ET.SubElement(bag, _q("rdf:li")).text = _legal(item)
    return prop


def _plain(name: str, text: str) -> ET.Element:
    prop = ET.Element(_q(name))
    prop.text = _legal(text)
    return prop


def _product(fields: Fields) -> ET.Element:
    """Iptc4xmpExt:ProductInImage: name, GTIN and our SKU as the product's identifier."""
    prop = ET.Element(_q("Iptc4xmpExt:ProductInImage"))
    item = ET.SubElement(ET.SubElement(prop, _q("rdf:Bag")), _q("rdf:li"), {_q("rdf:parseType"): "Resource"})
    item.append(_alt("Iptc4xmpExt:ProductName", fields.title or fields.sku, fields.language))
    if fields.gtin:
        item.append(_plain("Iptc4xmpExt:ProductGTIN", fields.gtin))
    item.append(_plain("Iptc4xmpExt:ProductId", fields.sku))
    return prop


def _ours(fields: Fields, kept_keywords: list[str]) -> list[ET.Element]:
    lang = fields.language
    texts = {
        "dc:title": fields.title,
        "dc:description": fields.description,
        "dc:rights": fields.copyright,
        "Iptc4xmpCore:AltTextAccessibility": fields.alt_text,
        "Iptc4xmpCore:ExtDescrAccessibility": fields.description,
    }
    plain = {
        "dc:identifier": fields.sku,
        "photoshop:Headline": fields.title,
        "photoshop:Credit": fields.credit,
        "photoshop:Source": fields.origin,
        "photoshop:DateCreated": _dated(fields.date_created),
        "Iptc4xmpExt:DigitalSourceType": fields.source_type,
        "xmp:CreatorTool": fields.tool,
        "xmpRights:Marked": "True" if fields.copyright else "",
    }
    out = [_alt(name, text, lang) for name, text in texts.items() if text]
    out += [_plain(name, text) for name, text in plain.items() if text]
    keywords = list(dict.fromkeys([*fields.keywords, *kept_keywords]))
    if keywords:
        out.append(_list("dc:subject", "rdf:Bag", keywords))
    if fields.creator:
        out.append(_list("dc:creator", "rdf:Seq", [fields.creator]))
    if fields.sku:
        out.append(_product(fields))
    return out


def parse(packet: str | bytes) -> ET.Element:
    """The rdf:RDF element of a packet.

    Raises:
        XmpError: not well-formed, has a DTD or entities, or is no RDF.
    """
    text = packet if isinstance(packet, str) else packet.decode("utf-8", "replace")
    try:
        root: ET.Element = SafeET.fromstring(text.strip("\x00\ufeff \t\r\n"), forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError) as error:
        raise XmpError(f"XMP cannot be read: {error}") from error
    rdf = root if root.tag == _q("rdf:RDF") else root.find(f".//{_q('rdf:RDF')}")
    if rdf is None:
        raise XmpError("XMP has no rdf:RDF")
    return rdf


def properties(rdf: ET.Element) -> list[ET.Element]:
    """All top-level properties as elements; those written as attributes are turned into elements."""
    out: list[ET.Element] = []
    for description in rdf.findall(_q("rdf:Description")):
        for name, value in description.attrib.items():
            if not name.startswith(f"{{{NS['rdf']}}}") and name != _XML_LANG and name.startswith("{"):
                prop = ET.Element(name)
                prop.text = value
                out.append(prop)
        out.extend(description)
    return out


def text_of(prop: ET.Element) -> list[str]:
    """The texts of a property: its items, the default language's first, or its plain text."""
    items = list(prop.iter(_q("rdf:li")))
    items.sort(key=lambda li: li.get(_XML_LANG, "x-default") != "x-default")
    if prop.find(_q("rdf:Alt")) is not None:
        items = items[:1]
    texts = [(li.text or "").strip() for li in items] if items else [(prop.text or "").strip()]
    return [text for text in texts if text] or [v for k, v in prop.attrib.items() if k == _q("rdf:resource")]


def read(packet: str | bytes) -> dict[str, list[str]]:
    """The texts of all top-level properties by prefixed name (``dc:title``).

    Raises:
        XmpError: see ``parse``.
    """
    prefixes = {address: prefix for prefix, address in NS.items()}
    out: dict[str, list[str]] = {}
    for prop in properties(parse(packet)):
        address, _, local = prop.tag[1:].partition("}")
        out.setdefault(f"{prefixes.get(address, address)}:{local}", []).extend(text_of(prop))
    return out


def _scrubbed(prop: ET.Element) -> ET.Element | None:
    """The property without anything private inside it, or None when it is private or of the old file
    itself.
    """
    local = prop.tag.rpartition("}")[2]
    if _PRIVATE.search(local) or _OF_THE_OLD_FILE.match(local):
        return None
    for parent in list(prop.iter()):
        for name in [name for name in parent.attrib if _PRIVATE.search(name)]:
            del parent.attrib[name]
        for child in [child for child in parent if _PRIVATE.search(child.tag)]:
            parent.remove(child)
    return prop


def build(fields: Fields, incoming: str | bytes = "") -> bytes:
    """A packet with our fields and all of the incoming packet's properties that we do not set.

    GPS, serial numbers and facts about the old file go; incoming keywords join ours. A packet too long for
    one JPEG segment loses its longest foreign properties first.

    Raises:
        XmpError: the incoming packet cannot be read.
    """
    for prefix, address in NS.items():
        ET.register_namespace(prefix, address)
    came = [] if not incoming else [p for p in map(_scrubbed, properties(parse(incoming))) if p is not None]
    keywords = [text for p in came if p.tag == _q("dc:subject") for text in text_of(p)]
    ours = _ours(fields, keywords)
    names = {prop.tag for prop in ours}
    foreign = sorted((p for p in came if p.tag not in names), key=lambda p: len(ET.tostring(p)))
    packet = _packet(ours + foreign)
    while len(packet) > _MOST and foreign:
        foreign.pop()
        packet = _packet(ours + foreign)
    return packet


def _packet(props: list[ET.Element]) -> bytes:
    root = ET.Element(_q("x:xmpmeta"))
    description = ET.SubElement(ET.SubElement(root, _q("rdf:RDF")), _q("rdf:Description"), {_q("rdf:about"): ""})
    description.extend(props)
    body: bytes = ET.tostring(root, "utf-8")
    body = body.removeprefix(b"<?xml version='1.0' encoding='utf-8'?>\n")
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n' + body + b'\n<?xpacket end="w"?>'
