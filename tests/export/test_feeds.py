"""Feeds, inventory events and the manifest: nothing runs in a spreadsheet, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pots import ON, make_master

from packshot.export import feeds, inventory, manifest
from packshot.export.channels import load
from packshot.export.feeds import FeedImage, Shown, amazon, rows_of
from packshot.export.feeds.rows import FeedRow, Table, neutral
from packshot.export.stage import export_photo
from packshot.records import CatalogEntry

CHANNELS = load()
TEXT = st.text(max_size=40)


def shown(entry, view="front", main=True, n=1):
    image = FeedImage(
        name=f"{entry.sku}_{view}.jpg", url=f"https://cdn.example/{entry.sku}_{view}.jpg", view=view, n=n, main=main,
        alt_text="A pot.",
    )  # fmt: skip
    words = {"title": entry.title, "description": "Round & <red>", "keywords": ["pot", "a,b"], "colour": "red"}
    return Shown(catalog=entry, image=image, **words)


def written(table):
    out = io.BytesIO()
    table.write(out)
    return io.StringIO(out.getvalue().decode("utf-8"), newline="")


def lines(table, delimiter=","):
    return list(csv.DictReader(written(table), delimiter=delimiter))


@pytest.fixture
def rows(entry):
    photos = [shown(CatalogEntry(sku="A-1", title="Cup")), shown(entry, "back", main=False), shown(entry)]
    return list(rows_of(photos))


def test_rows_are_products_with_the_main_image_first(rows):
    assert [row.catalog.sku for row in rows] == ["A-1", "POT-01"]
    assert [image.view for image in rows[1].images] == ["front", "back"]


def test_shopify_has_a_line_per_image_and_the_product_on_the_first(rows):
    found = lines(feeds.build(CHANNELS["shopify"], rows))
    assert [(r["Handle"], r["Image Position"], r["Title"]) for r in found] == [
        ("a-1", "1", "Cup"),
        ("pot-01", "1", "Terracotta plant pot"),
        ("pot-01", "2", ""),
    ]
    assert found[1]["Variant SKU"] == "POT-01"
    assert found[1]["Variant Barcode"] == "4006381333931"
    assert found[1]["Body (HTML)"] == "Round &amp; &lt;red&gt;"
    assert found[1]["Tags"] == "pot, a b"
    assert found[1]["Image Alt Text"] == "A pot."
    assert found[1]["Status"] == "draft"


def test_google_has_a_line_per_product_and_invents_no_stock(rows):
    found = lines(feeds.build(CHANNELS["google"], rows), "\t")[1]
    assert found["id"] == "POT-01"
    assert found["image_link"] == "https://cdn.example/POT-01_front.jpg"
    assert found["additional_image_link"] == "https://cdn.example/POT-01_back.jpg"
    assert found["price"] == "12.50 EUR"
    assert found["availability"] == ""


def test_woocommerce_and_meta_carry_images_and_attributes(rows):
    woo = lines(feeds.build(CHANNELS["woocommerce"], rows))[1]
    assert woo["Images"] == "https://cdn.example/POT-01_front.jpg, https://cdn.example/POT-01_back.jpg"
    assert (woo["Attribute 2 name"], woo["Attribute 2 value(s)"]) == ("Material", "terracotta")
    meta = lines(feeds.build(CHANNELS["meta"], rows))[1]
    assert meta["additional_image_link"].endswith("POT-01_back.jpg")
    assert meta["gtin"] == "4006381333931"


def test_a_gtin_with_a_wrong_check_digit_is_left_out(entry):
    wrong = entry.model_copy(update={"gtin": "4006381333932"})
    assert lines(feeds.build(CHANNELS["meta"], rows_of([shown(wrong)])))[0]["gtin"] == ""


def test_channels_without_a_table_and_products_without_images_give_nothing(rows):
    assert feeds.build(CHANNELS["walmart"], rows) is None
    assert lines(feeds.build(CHANNELS["shopify"], [rows[0].model_copy(update={"images": []})])) == []


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " \t=A1", "|x", "\r=1", "\x00=1"])
def test_formulas_are_neutralised(cell):
    assert neutral(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-12.50", "+49", "plain", "a=b", "", "0,5"])
def test_plain_text_and_numbers_stay(cell):
    assert neutral(cell) == cell


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_every_table_reads_back_as_written(delimiter, cells):
    found = list(csv.reader(written(Table("t", ("a", "b"), cells, delimiter)), delimiter=delimiter))
    assert found[0] == ["a", "b"]
    assert found[1:] == [[neutral(a), neutral(b)] for a, b in cells]


def test_the_amazon_zip_is_streamed_stored_and_always_the_same():
    files = [("POT.MAIN.jpg", b"main"), ("POT.BACK.jpg", io.BytesIO(b"back"))]
    out = io.BytesIO()
    assert amazon.write_zip(out, files) == ["POT.MAIN.jpg", "POT.BACK.jpg"]
    again = io.BytesIO()
    amazon.write_zip(again, [("POT.MAIN.jpg", b"main"), ("POT.BACK.jpg", b"back")])
    assert out.getvalue() == again.getvalue()
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert archive.read("POT.BACK.jpg") == b"back"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize("names", [["A.jpg", "a.jpg"], ["../A.jpg"], ["x/y.jpg"], [""]])
def test_the_zip_refuses_names_twice_and_paths(names):
    with pytest.raises(ValueError, match=r"twice|plain"):
        amazon.write_zip(io.BytesIO(), [(name, b"") for name in names])


ENTRIES = st.builds(
    CatalogEntry,
    **{name: TEXT for name in CatalogEntry.model_fields if name not in ("keywords", "height_cm", "extra")},
    keywords=st.lists(TEXT, max_size=3),
    height_cm=st.none() | st.floats(0.1, 500),
    extra=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(ENTRIES)
def test_no_field_of_the_catalogue_is_lost_on_the_way_to_the_inventory_system(entry):
    row = FeedRow(catalog=entry, title="T", images=[FeedImage(name="a.jpg")])
    ((event,),) = inventory.batches("shopify", "d1", [row])
    assert CatalogEntry.model_validate(json.loads(event["Detail"])["catalog"]) == entry


def test_events_come_in_batches_that_the_bus_takes(entry):
    many = [
        FeedRow(catalog=entry.model_copy(update={"sku": f"P{i}", "description": "x" * 60_000}), title="T", images=[])
        for i in range(9)
    ]
    sizes = [len(batch) for batch in inventory.batches("shopify", "d1", many)]
    assert sizes == [3, 3, 3]


def test_an_entry_too_long_for_an_event_is_named_by_where_it_lies(entry):
    big = FeedRow(catalog=entry.model_copy(update={"extra": {"notes": "ü" * 130_000}}), title="T", images=[])
    ((event,),) = inventory.batches("shopify", "d1", [big])
    told = json.loads(event["Detail"])
    assert (told["sku"], told["catalog_at"]) == ("POT-01", "reports/d1/manifest.json")
    assert "catalog" not in told


def test_the_manifest_lists_files_rules_provenance_and_what_is_held(meta, entry):
    done = export_photo(make_master(300, 400), None, meta(), ["shopify", "tiktok"], ON)
    scene = export_photo(make_master(), None, meta(synthetic_background=True), ["etsy"], ON)
    source = manifest.Provenance(drop="d1", photo_id="ab", file="POT-01_front.jpg", source_sha256="00")
    one = manifest.Entry(
        provenance=source, catalog=entry, view="front", exports=[e.record() for e in [*done, *scene]],
        keys={"shopify": "exports/shopify/d1/POT-01_front.jpg"},
    )  # fmt: skip

    def write(feeds):
        out = io.BytesIO()
        manifest.write(out, "d1", [one], [CHANNELS["shopify"]], ON, feeds)
        return out.getvalue()

    data = write({"b.csv": "1", "a.csv": "2"})
    built = json.loads(data)
    by_channel = {file["channel"]: file for file in built["files"]}
    assert set(by_channel) == {"shopify", "tiktok"}
    assert by_channel["shopify"]["sha256"] == done[0].sha256
    assert by_channel["shopify"]["key"] == "exports/shopify/d1/POT-01_front.jpg"
    assert {rule["rule"] for rule in by_channel["shopify"]["rules"]} >= {"icc", "ssim", "bytes_max"}
    assert built["held"][0]["reason"]["code"] == "CHANNEL_RULE"
    assert CatalogEntry.model_validate(built["products"]["POT-01"]) == entry
    assert built["sources"]["ab"]["file"] == "POT-01_front.jpg"
    assert all({"source", "checked_on", "confidence"} <= set(rule) for rule in built["rules"]["shopify"])
    assert list(built["feeds"]) == ["a.csv", "b.csv"]
    assert data == write({"a.csv": "2", "b.csv": "1"})
