"""A fixed number of the bench's hostile inputs through the real code; the bench itself sees what goes wrong."""

from __future__ import annotations

import functools
import json
import os
import random
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags

from bench import hostile
from bench.hostile import blocks, breaking, crew, inputs, jpeg, png, seeds
from bench.hostile.inputs import Input
from bench.hostile.judge import judge
from packshot.imaging.decode import ImageRefused, decode
from packshot.imaging.source_metadata import MOST_EXIF_KEPT
from packshot.intake import catalog, events, metadata
from packshot.intake.glance import Glance
from packshot.intake.preflight import measure
from packshot.learning.complaints import read_complaints

from .conftest import World, encoded, product

SUITE_SEED, SUITE_COUNT = 11, 1200


@pytest.mark.slow
def test_hostile_inputs_of_every_kind_do_no_harm() -> None:
    tally = hostile.run(SUITE_COUNT, SUITE_SEED, None, workers=1)
    assert tally.count == SUITE_COUNT
    assert [f"{v.number}: {v.kind} {v.how}: {v.fault}" for v in tally.faults] == []
    assert tally.cpu.keys() >= inputs.WEIGHTS.keys() - {"collection", "bulky"}
    told = {word for words in tally.told.values() for word in words}
    assert told >= {
        "accepted",
        "waiting",
        "TRUNCATED",
        "COLOUR_UNCONVERTIBLE",
        "DECODER_LIMIT",
        "NO_DROP",
        "refused",
        "read",
    }


def test_an_input_is_always_the_same_and_no_two_are() -> None:
    made = [inputs.make(5, n) for n in range(40)]
    assert made == [inputs.make(5, n) for n in range(40)]
    assert len({str(one) for one in made}) == 40 and made != [inputs.make(6, n) for n in range(40)]


def test_a_collection_comes_as_it_is_first(tmp_path: Path) -> None:
    files = {"a.png": encoded(product((32, 32)), "PNG"), "b/c.jpg": encoded(product((32, 32)))}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    first = [inputs.make(1, n, tmp_path) for n in range(2)]
    assert [(one.kind, one.how, one.body) for one in first] == [
        ("collection", f"{name} as it is", data) for name, data in sorted(files.items())
    ]
    later = [inputs.make(1, n, tmp_path) for n in range(2, 60)]
    assert any(one.kind == "collection" and one.body not in files.values() for one in later)


def _spoil(given: Input) -> str:
    """A judge that does what must not be done."""
    match given.how:
        case "raise":
            raise IndexError("of bounds")
        case "die":
            os._exit(9)
        case "work":
            while time.process_time() < crew.MOST_CPU_S + 1:
                pass
        case "grow":
            return str(len(bytearray(b"x") * (600 << 20)))
    return "fine"


def _task(number: int) -> Input:
    return Input("picture", ["fine", "raise", "die", "work", "grow", "fine"][number])


@pytest.mark.slow
def test_errors_deaths_long_work_and_large_memory_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {v.how: v for v in crew.verdicts(6, 2, _task, _spoil)}
    assert found["fine"].told == "fine" and found["fine"].fault == ""
    assert "IndexError: of bounds" in found["raise"].fault
    assert found["die"].fault == "the worker died (exit 9)"
    assert "s of CPU; at most 2" in found["work"].fault
    assert "MB; at most 500" in found["grow"].fault


def test_the_page_keeps_what_stands_around_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{hostile.MARKS[0]}\nold\n{hostile.MARKS[1]}\nafter\n", "utf-8")
    monkeypatch.setattr(hostile, "PAGE", page)
    tally = hostile.Tally()
    tally.add(crew.Verdict(0, "key", "", "no photo", 0.5, 100))
    hostile.write(hostile.paragraph(tally, 7, None))
    text = page.read_text("utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "1 inputs. 0 faults" in text and "| key | 1 | 500 ms, 0.50 s | 100 MB | no photo 100 % |" in text


# ------------------------------------------------------------------ what the bench found, kept found
@pytest.mark.parametrize("size", [(16, 1), (1, 16), (2000, 1), (3, 3)])
def test_a_photo_of_one_line_is_measured(size: tuple[int, int]) -> None:
    record = measure(Glance(decode(encoded(product((64, 64)).resize(size), "PNG")).rgb))
    assert 0 <= record.background_evenness <= 1 and record.sharpness >= 0


@pytest.mark.parametrize("body", ["[" * 100_000, json.dumps({"Records": [{"x": 1}]}), "null"])
def test_a_message_that_is_no_event_is_a_value_error(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        events.parse(body, "incoming")


def test_half_a_character_in_a_key_is_refused() -> None:
    thing = {"key": "incoming/d/\ud800_front.jpg", "size": 1}
    detail = {"bucket": {"name": "incoming"}, "object": thing}
    message = json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    with pytest.raises(ValueError, match="surrogates not allowed"):
        events.parse(message, "incoming")


def test_a_key_longer_than_s3_has_is_refused() -> None:
    detail = {"bucket": {"name": "incoming"}, "object": {"key": "incoming/d/" + "x" * 1020, "size": 1}}
    with pytest.raises(ValueError, match="a key of more than 1,024 bytes"):
        events.parse(json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}), "incoming")


def test_two_rationals_where_one_should_be_are_not_kept() -> None:
    entry = struct.pack("<HHII", 0x829D, 5, 2, 26)  # FNumber: two rationals
    tiff = b"II*\0\x08\0\0\0\x01\0" + entry + bytes(4) + struct.pack("<4I", 28, 10, 0, 0)
    data = encoded(product((64, 64)))
    got = decode(data[:2] + jpeg.segment(0xE1, b"Exif\0\0" + tiff) + data[2:])
    assert "FNumber" not in got.metadata.get("exif", {})


def test_a_drop_whose_name_leaves_no_room_for_a_catalogue_has_none(world: World) -> None:
    key = "incoming/" + "d" * 1000 + "/MUG-01_f.jpg"
    record = world.drop(key[: 1024 - 12] + "/MUG_front.jpg" if len(key) > 1100 else key, encoded(product((2200, 1600))))
    assert record is not None and record.status == "waiting" and record.catalog_etag == ""


def test_a_catalogue_is_read_as_far_as_its_limits_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "MOST_ROWS", 5)
    read = catalog.read(b"sku,title,category\n" + b"".join(b"S%d,t,c\n" % n for n in range(9)))
    assert [sku for sku in read.rows if sku.isupper()] == ["S0", "S1", "S2", "S3", "S4"]
    assert read.errors == ["catalog.csv, line 7: only 5 rows are read; split the drop"] and read.readable
    wide = b"sku,title,category," + b",".join(b"c%d" % n for n in range(100)) + b"\n"
    read = catalog.read(wide + b"A,t,c" + b",xxxxxxxxx" * 100 * 1 + b"\n" + b"B,t,c," + b",".join([b"y" * 4000] * 20))
    assert list(read.rows) == ["A", "a"] and "64,000 are kept of a product" in read.errors[0]
    assert "a line of 2,000,000 characters" in catalog.read(b"sku,title,category\n" + b"," * 2_100_000).errors[0]


def test_metadata_with_very_much_text_leaves_room_in_the_record() -> None:
    """A PNG may carry 256 KB of EXIF; with XMP, IPTC and the catalogue's row it has to fit into 400 KB."""
    tags = sorted(int(tag) for tag in ExifTags.Base if tag not in blocks.POINTERS)
    got = decode(encoded(product((64, 64)), "PNG", exif=b"Exif\0\0" + blocks.texts(tags, b"\xe9" * 900)))
    assert 16_000 < len(json.dumps(got.metadata, ensure_ascii=False).encode()) < MOST_EXIF_KEPT + 4000
    assert any("EXIF holds much text" in note for note in got.notes)
    assert judge(Input("bulky", "", breaking.talkative(random.Random(1)))) == "accepted"


def test_numbers_that_the_table_cannot_hold_are_not_kept() -> None:
    """EXIF may say 1e300; DynamoDB takes numbers up to 1e126 and refuses the whole record for a larger one."""
    entries = b"".join(struct.pack("<HHId", tag, 12, 1, 0)[:8] + struct.pack("<I", 50) for tag in (0x882A, 0xC68B))
    tiff = b"II*\0\x08\0\0\0\x02\0" + entries + bytes(16) + struct.pack("<d", 1e300)
    data = encoded(product((64, 64)))
    data = data[:2] + jpeg.segment(0xE1, b"Exif\0\0" + tiff) + data[2:]
    assert judge(Input("picture", "", data)) == "accepted"
    assert "exif" not in decode(data).metadata


def test_transparency_for_more_colours_than_there_are_is_a_reason() -> None:
    sound = encoded(product((64, 64)).quantize(16), "PNG", transparency=3)
    at = sound.index(b"IDAT") - 4
    with pytest.raises(ImageRefused) as refused:
        decode(sound[:at] + png.chunk(b"tRNS", bytes(300)) + sound[at:])
    assert refused.value.reason.code == "TRUNCATED" and "palette" in refused.value.reason.measured


def test_an_iptc_entry_of_no_bytes_is_no_text() -> None:
    entries = b"\x1c\x02\x05\0\0" + b"\x1c\x02\x19\0\0" * 2 + b"\x1c\x02\x50\0\1A"
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(entries)) + entries
    data = encoded(product((64, 64)))
    assert decode(data[:2] + jpeg.segment(0xED, block) + data[2:]).metadata.get("iptc", {}).get("title") is None


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: ("sku," + text).encode("utf-8", "replace")))
def test_any_bytes_are_complaints_or_problems_in_words(data: bytes) -> None:
    found, errors = read_complaints(data)
    assert all(0 < len(one.sku) <= 80 for one in found) and all(isinstance(error, str) for error in errors)


@given(st.dictionaries(st.sampled_from(["sku", "Title", "category", "n", "view", "x"]), st.text(max_size=60)))
def test_any_headers_are_fields_of_printable_text(headers: dict[str, str]) -> None:
    for name, text in metadata.of_object(headers).items():
        assert text.isprintable() and text.encode() and name in ("sku", "title", "category", "n", "view")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_json_is_an_event_or_a_value_error(message: object) -> None:
    try:
        told = events.parse(json.dumps(message), "incoming")
    except ValueError:
        return
    assert told == []


def test_sound_files_to_start_from_are_sound() -> None:
    words = {judge(Input("picture", "", data)) for data in seeds.small()}
    assert "accepted" in words and words <= {"accepted", "ANIMATED", "COLOUR_UNCONVERTIBLE", "CLIPPED", "BLURRED"}
    assert functools.reduce(max, map(len, seeds.small())) < 100_000
