"""Names, catalogues and headers as people and hostile systems write them."""

from __future__ import annotations

import json
import time
from email.header import Header
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from packshot import keys
from packshot.intake import catalog, events, metadata, names
from packshot.records import Status
from packshot.settings import IntakeSettings

from .conftest import CATALOG, World, encoded, product

PATTERN = IntakeSettings().file_pattern
HOSTILE_KEYS = [
    "incoming/autumn/../MUG-01_front.jpg",
    "incoming/../../etc/passwd",
    "incoming/autumn/%2e%2e%2fMUG-01_front.jpg",
    "incoming/autumn/a%2Fb_front.jpg",
    "incoming/autumn/MUG+01 a_front.jpg",
    "incoming/autumn/🦊🧦_front.jpg",
    "incoming/autumn/" + "x" * 880 + ".jpg",
    "incoming/" + "d" * 500 + "/MUG_front.jpg",
    "incoming/autumn/\u202egpj.tnorf_GUM.jpg",
    "incoming/autumn/new\nline_front.jpg",
    "incoming/autumn/.._front.jpg",
    "incoming/autumn//MUG-01_front.jpg",
    "incoming/a b+c%20d/MUG-01_front.jpg",
    "incoming/autumn/'; DROP TABLE photos; --_front.jpg",
    "incoming/autumn/<script>alert(1)</script>_front.jpg",
]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_hostile_key_is_data(world: World, key: str) -> None:
    record = world.drop(key, encoded(product()), {"title": "Mug", "category": "Kitchen"})
    assert record is not None
    assert record.key == key
    assert record.status in (Status.ACCEPTED, Status.REJECTED)
    if record.status is Status.REJECTED:
        assert record.reason is not None and record.reason.code == "BAD_NAME"
        assert world.rejection(record) is not None
    written = [entry.key for entry in world.store.output.list("")]
    assert all(place == f"rejected/{record.drop}/{record.photo_id}.json" for place in written)
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in record.drop)
    assert world.store.photos.get(record.drop, record.photo_id) == record


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("MUG-01_front.jpg", names.Name("MUG-01", "front")),
        ("MUG-01_Front_2.JPEG", names.Name("MUG-01", "front", 2)),
        ("sub/folder/MUG-01_inner.png", names.Name("MUG-01", "inner")),
        ("cafe\u0301_front.jpg", names.Name("café", "front")),
        ("MUG-01.front_back.jpg", names.Name("MUG-01.front", "back")),
        ("MUG-01.jpg", None),
        ("_front.jpg", None),
        ("MUG_01_front.jpg", None),
        (".._front.jpg", None),
        ("a\\b_front.jpg", None),
        ("ta\tb_front.jpg", None),
        ("x" * 81 + "_front.jpg", None),
        ("MUG-01_front_1234.jpg", None),
    ],
)
def test_file_names(file: str, wanted: names.Name | None) -> None:
    assert names.parse(file, PATTERN) == wanted


@given(st.text(max_size=300))
def test_a_name_that_parses_can_stand_in_a_path(file: str) -> None:
    name = names.parse(file, PATTERN)
    if name is not None:
        assert not set(name.sku) & set("/\\\0\n")
        assert not name.sku.startswith(".") and 0 < len(name.sku) <= 80
        assert name.view.isascii() and name.view.isalpha()


@given(st.binary(max_size=600))
def test_any_bytes_are_a_catalog_or_a_reason(data: bytes) -> None:
    read = catalog.read(data, "etag")
    assert read.readable or read.errors
    for sku in read.rows:
        assert names.sane_sku(read.row(sku)["sku"])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_spreadsheets_in_their_dialects(separator: str, encoding: str) -> None:
    rows = [["Item SKU", "Product Title", "Product-Type", "Farbe"], ["MUG-01", "Große Tasse", "Küche", "weiß"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    read = catalog.read(text.encode(encoding))
    entry = read.find("mug-01")
    assert entry is not None and read.errors == []
    assert (entry.title, entry.category, entry.colour) == ("Große Tasse", "Küche", "weiß")


def test_a_catalog_says_what_is_wrong_with_it() -> None:
    data = b"sku,title,category,Shelf\nA,One,Mugs,7\nA,Two,Mugs,8\n,Nameless,Mugs,9\n../x,Path,Mugs,9\n"
    read = catalog.read(data)
    entry = read.find("A")
    assert entry is not None and entry.title == "One"
    assert entry.extra == {"Shelf": "7"}
    assert [error.split(":")[0] for error in read.errors] == [
        "catalog.csv, line 3",
        "catalog.csv, line 4",
        "catalog.csv, line 5",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"PK\3\4\0\0", b"title,category\nMug,Kitchen\n"]
)
def test_what_is_no_catalog_is_unreadable(data: bytes) -> None:
    read = catalog.read(data)
    assert not read.readable and read.errors


def test_hostile_cells_stay_text() -> None:
    data = '=cmd|"/c calc"!A1,title,category,sku\nx,=HYPERLINK(1),"a\nb\0c",S1\n'.replace("\0", "\x01").encode()
    entry = catalog.read(data).find("S1")
    assert entry is not None
    assert entry.title == "=HYPERLINK(1)"
    assert entry.category == "a b c"


def test_a_catalog_of_200000_rows_is_read_in_seconds() -> None:
    rows = b"".join(b"SKU%d,Title,Category\n" % i for i in range(200_000))
    start = time.process_time()
    assert len(catalog.read(b"sku,title,category\n" + rows).rows) >= 200_000
    assert time.process_time() - start < 10


def test_headers_of_the_object_come_before_the_catalog(world: World) -> None:
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    headers = {"Title": Header("Große Tasse", "utf-8").encode(), "color": quote("weiß"), "unknown": "x"}
    record = world.drop("incoming/autumn/MUG-01_front.jpg", encoded(product()), headers)
    assert record is not None and record.catalog is not None
    assert (record.catalog.title, record.catalog.colour) == ("Große Tasse", "weiß")
    assert (record.catalog.category, record.catalog.material) == ("Kitchen", "ceramic")


def test_headers_may_name_what_the_file_name_does_not(world: World) -> None:
    headers = {"sku": "MUG-07", "view": "Top", "n": "3", "title": "Mug", "category": "Kitchen"}
    record = world.drop("incoming/autumn/IMG 0001.jpg", encoded(product()), headers)
    assert record is not None
    assert (record.status, record.sku, record.view, record.n) == (Status.ACCEPTED, "MUG-07", "top", 3)


@pytest.mark.parametrize("raw", ["=?utf-8?q?broken", "=?no-such-charset?b?AAAA?=", "=?utf-8?b?%%%?=", "100%", "%ff%fe"])
def test_broken_encodings_in_headers_do_no_harm(raw: str) -> None:
    assert metadata.of_object({"title": raw})["title"]


def test_both_shapes_of_news_are_understood() -> None:
    key = "incoming/a b/MUG+01 ü%2F_front.jpg"
    inner = {"key": key, "size": 1, "etag": "e", "version-id": "v", "sequencer": "0A"}
    detail = {"bucket": {"name": "b"}, "object": inner}
    bridge = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    quoted = {
        "key": quote(key, safe="/").replace("%20", "+"),
        "size": 1,
        "eTag": "e",
        "versionId": "v",
        "sequencer": "0A",
    }
    direct = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": quoted}}]}
    wanted = events.ObjectEvent(key=key, version="v", sequencer="0A", etag="e", size=1)
    assert events.parse(json.dumps(bridge), "b") == [wanted]
    assert events.parse(json.dumps(direct), "b") == [wanted]
    assert events.parse(json.dumps(bridge), "another-bucket") == []
    assert events.parse('{"Service":"Amazon S3","Event":"s3:TestEvent"}', "b") == []
    with pytest.raises(ValidationError):
        events.parse('{"hello": "world"}', "b")


@given(st.text(min_size=1, max_size=200))
def test_any_key_has_a_safe_drop_and_photo(name: str) -> None:
    parsed = keys.parse("incoming/" + name)
    assert parsed is not None
    assert len(parsed.drop) <= 40 and all(c.isascii() and (c.isalnum() or c in "-_") for c in parsed.drop)
    assert len(parsed.photo_id) == 16
