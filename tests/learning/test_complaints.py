"""Complaints are read leniently, counted once, traced to photo, lot and version, and tighten sampling."""

from __future__ import annotations

from typing import Any

from packshot.learning.complaints import Complaint, complaint_rate, read_complaints, tightened, trace
from packshot.quality.switching import Switch
from packshot.records import PhotoRecord, Status


def photo(photo_id: str, sku: str, **more: Any) -> PhotoRecord:
    fields: dict[str, Any] = {
        "view": "front", "status": Status.EXPORTED, "segment": "general", "lot": "lot-1",
        "profile_version": 3, "ended_at": "2026-01-01T00:00:00Z", **more,
    }  # fmt: skip
    return PhotoRecord(drop="d", photo_id=photo_id, key=photo_id, file=photo_id, sku=sku, **fields)


PHOTOS = [
    photo("a", "MUG"),
    photo("b", "MUG", view="back", lot="lot-2"),
    photo("c", "MUG", ended_at="2026-02-01T00:00:00Z", lot="lot-9", profile_version=5),
    photo("d", "MUG", status=Status.HELD),
    photo("e", "BAG", segment="textured"),
]


def test_a_csv_is_read_whatever_its_order_case_and_extra_columns() -> None:
    row = "17,wrong colour,MUG,front\n"
    text = f"\ufeffOrder,Reason,SKU,View\n{row}18,,BAG,\n\n19,x,,front\n{row}"
    found, errors = read_complaints(text.encode())
    assert found == [Complaint(sku="MUG", view="front", reason="wrong colour"), Complaint(sku="BAG")]
    assert errors == ["line 5: no SKU"]


def test_a_csv_without_skus_says_so() -> None:
    assert read_complaints(b"product,reason\nMUG,bad\n") == ([], ["line 1: the header has no column sku"])
    assert read_complaints(b"") == ([], ["the file: it is empty"])


def test_a_csv_is_read_whatever_encoding_and_separator_a_spreadsheet_chose() -> None:
    text = "SKU;Comment\rMUG;Maßstab falsch\r\r"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert read_complaints(text.encode(encoding)) == ([Complaint(sku="MUG", comment="Maßstab falsch")], [])


def test_what_is_no_csv_is_said_and_harms_nothing() -> None:
    for data, said in (
        (b"PK\x03\x04\0\0", "zero bytes"),
        (b'sku\n"' + b"x" * 1_100_000, "field larger"),
        (b"sku\n" + b"x" * 3000, "is no SKU"),
    ):
        found, errors = read_complaints(data)
        assert found == [] and said in errors[0], data[:20]


def test_a_file_is_bounded_and_says_where_it_was_cut() -> None:
    found, errors = read_complaints(b"sku\n" + b"".join(b"S%d\n" % n for n in range(2005)))
    assert len(found) == 2000 and errors == ["line 2002: only 2,000 complaints a file are taken; split it"]
    assert len(read_complaints(b"sku,date\n" + b",x\n" * 500)[1]) == 50


def test_a_complaint_leads_to_the_newest_exported_photo_of_each_view() -> None:
    found = trace(Complaint(sku="MUG"), PHOTOS)
    assert [p.photo_id for p in found.photos] == ["c", "a", "b"]
    assert {(o.photo_id, o.lot, o.profile_version) for o in found.outcomes} == {
        ("c", "lot-9", 5),
        ("b", "lot-2", 3),
    }
    assert all(o.defect and o.why == "complaint" for o in found.outcomes)


def test_a_named_view_narrows_it() -> None:
    assert [p.photo_id for p in trace(Complaint(sku="MUG", view="back"), PHOTOS).photos] == ["b"]


def test_a_stranger_leads_nowhere() -> None:
    found = trace(Complaint(sku="HAT"), PHOTOS)
    assert found.photos == () and found.outcomes == []


def test_two_complaints_tighten() -> None:
    after = tightened(Switch(), 2, exported=200)
    assert after.state == "tightened" and after.cause == "2 complaints about 200 exported photos (1.0%)"
    assert tightened(Switch(), 2, exported=0).state == "tightened"


def test_one_complaint_or_a_tiny_rate_does_not() -> None:
    assert tightened(Switch(), 1, exported=100) == Switch()
    assert tightened(Switch(), 2, exported=10_000) == Switch()
    assert complaint_rate(3, 0) == 0 and complaint_rate(3, 300) == 0.01
