"""Metadata: our fields, what came in, what must go; read back by ourselves and by exiftool."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from pots import ON

from packshot.export import inspection, iptc, metadata, source_type, xmp
from packshot.export.stage import export_photo
from packshot.imaging.decode import decode

BASE = source_type.BASE
exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is absent (Debian: apt-get install libimage-exiftool-perl)"
)
INCOMING = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:mine="https://example.com/ns/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 exif:GPSLatitude="52,31N" aux:SerialNumber="123456" photoshop:Credit="Old Credit" tiff:Orientation="6"
 mine:shelf="B7">
<dc:subject><rdf:Bag><rdf:li>clay</rdf:li></rdf:Bag></dc:subject>
<dc:creator><rdf:Seq><rdf:li>Old Hand</rdf:li></rdf:Seq></dc:creator>
<mine:nested rdf:parseType="Resource"><exif:GPSLongitude>13,24E</exif:GPSLongitude><mine:row>4</mine:row></mine:nested>
<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
SOURCE = {
    "exif": {"Make": "Canon", "FNumber": 2.8, "DateTimeOriginal": "2026:11:20 10:00:00", "BodySerialNumber": "77"},
    "iptc": {"keywords": ["garden", "clay"], "credit": "IIM credit"},
    "xmp": INCOMING,
}
BOMB = '<!DOCTYPE x [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>'


def told(path: Path, *options: str) -> dict[str, Any]:
    command = ["exiftool", "-j", "-s", "-charset", "exif=utf8", *(options or ["-G1"]), str(path)]
    out = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return dict(json.loads(out.stdout)[0])


@exiftool
@pytest.mark.parametrize("channel", ["shopify", "woocommerce", "archive"])
def test_exiftool_reads_back_every_field(channel, master, shadow, meta, tmp_path):
    done = export_photo(master, shadow, meta(source_metadata=SOURCE), [channel], ON)[0]
    path = tmp_path / done.name
    path.write_bytes(done.data)
    found = told(path)
    expected = {
        "XMP-dc:Title": "Terracotta plant pot",
        "XMP-dc:Identifier": "POT-01",
        "XMP-dc:Creator": "Ann Öhman",
        "XMP-dc:Rights": "© 2026 Acme",
        "XMP-photoshop:Credit": "Acme Studio",
        "XMP-iptcCore:AltTextAccessibility": done.alt_text,
        "XMP-iptcCore:ExtDescrAccessibility": done.words.description,
        "XMP-iptcExt:ProductInImageGTIN": 4006381333931,
        "XMP-iptcExt:ProductInImageName": "Terracotta plant pot",
        "XMP-iptcExt:DigitalSourceType": BASE + "trainedAlgorithmicMedia",
        "IFD0:ImageDescription": "Terracotta plant pot",
        "IFD0:Artist": "Ann Öhman",
        "IFD0:Copyright": "© 2026 Acme",
        "IFD0:Make": "Canon",
        "ExifIFD:FNumber": 2.8,
        "ExifIFD:DateTimeOriginal": "2026:11:20 10:00:00",
        "ExifIFD:ColorSpace": "sRGB",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert {"pot", "planter", "Garden", "clay", "garden"} <= set(found["XMP-dc:Subject"])
    assert "sRGB" in str(found["ICC_Profile:ProfileDescription"])
    assert not [name for name in found if "GPS" in name or "Serial" in name]
    if channel == "shopify":
        assert found["IPTC:ObjectName"] == "Terracotta plant pot"
        assert found["IPTC:By-line"] == "Ann Öhman"
        assert found["IPTC:CopyrightNotice"] == "© 2026 Acme"
        assert "clay" in found["IPTC:Keywords"]


KEPT = {
    "EXIF:Make": "Acme", "EXIF:Model": "One", "EXIF:ModifyDate": "2026:11:20 10:00:01", "EXIF:LensModel": "Prime 50",
    "EXIF:LensInfo": "50 50 1.8 1.8", "EXIF:DateTimeOriginal": "2026:11:20 10:00:00", "EXIF:OffsetTime": "+01:00",
    "EXIF:SubSecTimeOriginal": 42, "EXIF:ExposureTime": 0.008, "EXIF:FNumber": 5.6, "EXIF:ISO": 200,
    "EXIF:FocalLength": 50, "EXIF:BrightnessValue": 2.5, "EXIF:SubjectDistance": 1.25, "EXIF:MaxApertureValue": 2,
    "EXIF:DigitalZoomRatio": 1, "EXIF:Flash": 16, "EXIF:WhiteBalance": 1, "EXIF:LightSource": 4, "EXIF:Contrast": 2,
    "EXIF:Saturation": 1, "EXIF:Sharpness": 2, "EXIF:CustomRendered": 1, "EXIF:GainControl": 1,
    "EXIF:SensingMethod": 2, "EXIF:FocalLengthIn35mmFormat": 50, "EXIF:ExposureProgram": 1, "EXIF:MeteringMode": 5,
    "IPTC:DateCreated": "2026:11:20", "IPTC:Source": "Studio archive", "XMP:Source": "Studio archive",
    "XMP:Instructions": "Crop loosely", "XMP:Rating": 4, "XMP:Label": "Hero", "XMP:Event": "Autumn shoot",
    "XMP:WebStatement": "https://acme.example/licence", "XMP:TransmissionReference": "J4711", "XMP:CaptionWriter": "Bo",
    "XMP:Contributor": "Cy", "XMP:UsageTerms": "Web only", "XMP:Credit": "Acme Studio",
}  # fmt: skip
GONE = {
    "EXIF:GPSLatitude": "52.5", "EXIF:GPSLatitudeRef": "N", "EXIF:GPSLongitude": "13.4", "EXIF:SerialNumber": "77",
    "EXIF:LensSerialNumber": "88", "EXIF:OwnerName": "Ann", "EXIF:ImageUniqueID": "0f" * 16,
    "EXIF:UserComment": "at home",
    "XMP:GPSLatitude": "52.5", "XMP:SerialNumber": "77", "XMP:OwnerName": "Ann",
}  # fmt: skip


@exiftool
def test_what_came_in_goes_out_but_for_what_must_go(master, meta, entry, tmp_path):
    """Written into a photo by exiftool, through decoding and export, read back by exiftool."""
    photo = tmp_path / "source.jpg"
    Image.new("RGB", (2000, 64), "white").save(photo)
    fields = [f"-{name}={value}" for name, value in (KEPT | GONE).items()]
    words = ["-IPTC:Keywords=attic", "-XMP:Subject=cellar"]
    command = ["exiftool", "-n", "-overwrite_original", *words, *fields, str(photo)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert (KEPT | GONE).keys() - told(photo, "-G0", "-n").keys() == set()

    kept = decode(photo.read_bytes()).metadata
    bare = entry.model_copy(update={"creator": "", "copyright": "", "credit": ""})
    done = export_photo(master, None, meta(catalog=bare, source_metadata=kept), ["amazon"], ON)[0]
    path = tmp_path / done.name
    path.write_bytes(done.data)
    found = told(path, "-G0", "-n")
    assert {name: found.get(name) for name in KEPT} == KEPT
    assert {"attic", "cellar"} <= set(found["IPTC:Keywords"]) & set(found["XMP:Subject"])
    private = ("GPS", "Serial", "Owner", "UniqueID", "UserComment")
    assert [name for name in found if any(word in name for word in private)] == []


@exiftool
def test_exiftool_finds_no_fault_in_the_blocks(master, meta, tmp_path):
    done = export_photo(master, None, meta(), ["amazon"], ON)[0]
    path = tmp_path / done.name
    path.write_bytes(done.data)
    command = ["exiftool", "-validate", "-warning", "-error", "-a", "-s3", str(path)]
    lines = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout.splitlines()
    faults = [line for line in lines[1:] if not line.startswith("Missing required JPEG ExifIFD tag")]
    assert faults == []


def test_what_came_in_is_kept_and_what_is_private_goes():
    fields = xmp.Fields(title="New", keywords=["pot"], sku="P", creator="New Hand")
    found = xmp.read(xmp.build(fields, INCOMING))
    assert found["dc:subject"] == ["pot", "clay"]
    assert found["dc:creator"] == ["New Hand"]
    assert found["photoshop:Credit"] == ["Old Credit"]
    assert found["https://example.com/ns/:shelf"] == ["B7"]
    packet = xmp.build(fields, INCOMING).decode()
    assert ">4<" in packet
    assert "GPS" not in packet
    assert "Serial" not in packet
    assert "Orientation" not in packet


def test_empty_fields_leave_what_came_in():
    assert xmp.read(xmp.build(xmp.Fields(sku="P"), INCOMING))["dc:creator"] == ["Old Hand"]


def test_words_with_markup_and_control_characters_stay_words():
    title = 'Pot </rdf:li> & "co" \x00\x0b <b>'
    found = xmp.read(xmp.build(xmp.Fields(title=title, sku="P")))
    assert found["dc:title"] == ['Pot </rdf:li> & "co"  <b>']


@pytest.mark.parametrize("packet", [BOMB, "<not xml", "<a/>", "<x:y/>"])
def test_hostile_or_broken_packets_are_refused_and_the_export_goes_on(packet, master, meta):
    with pytest.raises(xmp.XmpError):
        xmp.parse(packet)
    done = export_photo(master, None, meta(source_metadata={"xmp": packet}), ["shopify"], ON)[0]
    assert done.held is None
    assert inspection.read(done.data).xmp["dc:title"] == ["Terracotta plant pot"]


def test_a_packet_too_long_for_jpeg_loses_its_longest_foreign_property():
    long = INCOMING.replace('mine:shelf="B7"', f'mine:shelf="B7" mine:novel="{"x" * 70_000}"')
    packet = xmp.build(xmp.Fields(title="T", sku="P"), long)
    assert len(packet) <= 60_000
    found = xmp.read(packet)
    assert "https://example.com/ns/:shelf" in found
    assert "https://example.com/ns/:novel" not in found


@pytest.mark.parametrize(
    ("incoming", "altered", "scene", "model", "term"),
    [
        ("", False, False, False, "algorithmicallyEnhanced"),
        (BASE + "digitalCapture", False, False, False, "algorithmicallyEnhanced"),
        (BASE + "trainedAlgorithmicMedia", False, False, False, "trainedAlgorithmicMedia"),
        ("humanEdits", False, False, False, "humanEdits"),
        (BASE + "digitalCapture", True, False, False, "compositeCapture"),
        ("", False, True, False, "compositeCapture"),
        ("", False, True, True, "compositeWithTrainedAlgorithmicMedia"),
        (BASE + "compositeWithTrainedAlgorithmicMedia", True, False, False, "compositeWithTrainedAlgorithmicMedia"),
        (BASE + "trainedAlgorithmicMedia", True, True, True, "trainedAlgorithmicMedia"),
        (BASE + "virtualRecording", False, True, True, "compositeWithTrainedAlgorithmicMedia"),
        (BASE + "virtualRecording", False, True, False, "virtualRecording"),
    ],
)
def test_the_source_type_says_what_was_done_and_is_never_weakened(incoming, altered, scene, model, term):
    assert source_type.of(incoming, altered, scene, model) == BASE + term


def test_iim_fields_are_cut_between_characters_and_read_back():
    segment = iptc.segment(iptc.Iim(title="ö" * 40, keywords=["a", "b"], caption="c"))
    picture = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x02"
    found = iptc.read(iptc.splice(picture, segment))
    assert found == {"title": ["ö" * 32], "keywords": ["a", "b"], "caption": ["c"]}
    assert iptc.splice(picture, segment).startswith(picture[:8] + b"\xff\xed")


def test_the_profile_is_srgb_and_always_the_same_bytes():
    assert inspection.is_srgb(metadata.srgb_profile())
    assert metadata.srgb_profile() == metadata.srgb_profile.__wrapped__()
    assert metadata.srgb_profile()[24:36] == b"\x07\xd0\x00\x01\x00\x01" + b"\x00" * 6


def test_a_profile_that_is_not_srgb_is_not_taken_for_it():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert not inspection.is_srgb(lab)
    assert not inspection.is_srgb(b"junk")
    assert not inspection.is_srgb(b"")


def test_exif_takes_only_what_is_on_the_list_and_of_the_right_type(entry):
    odd = {"Make": 7, "FNumber": "28/10", "ExposureTime": "1/0", "ISOSpeedRatings": [200, 1], "HostComputer": "Ann's"}
    block = metadata.exif(entry, "T", {"exif": odd | {"GPSInfo": {1: "N"}, "MakerNote": "x", "Flash": [16]}})
    image = Image.new("RGB", (8, 8))
    image.info["exif"] = block
    tags = inspection._tags(image.getexif())
    assert float(tags["FNumber"]) == pytest.approx(2.8)
    assert tags["Flash"] == 16
    assert not {"Make", "ExposureTime", "ISOSpeedRatings", "HostComputer", "MakerNote", "GPSInfo"} & set(tags)


def test_a_persons_own_alt_text_and_rights_come_through(master, meta, entry):
    bare = entry.model_copy(update={"creator": "", "copyright": "", "credit": ""})
    alt = xmp.build(xmp.Fields(alt_text="Pot with a crack on the rim.", copyright="© Old", sku="x")).decode()
    done = export_photo(master, None, meta(catalog=bare, source_metadata={"xmp": alt}), ["shopify"], ON)[0]
    assert done.alt_text == "Pot with a crack on the rim."
    found = inspection.read(done.data)
    assert found.xmp["dc:rights"] == ["© Old"]
    assert found.iptc["copyright"] == ["© Old"]
    assert np.array_equal(found.rgb.shape[2:], [3])
