"""Complaints as files: counted once, and together they tighten the segment that they speak of."""

from __future__ import annotations

from cloud import Cloud

from packshot.learning.stage import inspection, note_lot, take_complaints
from packshot.records import LotRecord, Status

AT = "2026-01-01T00:00:00Z"


def exported(cloud: Cloud, sku: str) -> None:
    cloud.accept("d", sku, status=Status.EXPORTED, segment="general", lot="lot-1", profile_version=1)


def accepted(cloud: Cloud, lot: str, size: int) -> None:
    assert note_lot(
        cloud.store, LotRecord(drop="d", lot=lot, segment="general", size=size, chunks=1, decision="accept")
    )


def test_two_complaints_in_different_files_tighten_the_segment(cloud: Cloud) -> None:
    exported(cloud, "MUG")
    exported(cloud, "BAG")
    accepted(cloud, "lot-1", 300)
    assert take_complaints(cloud.store, b"sku\nMUG\n", AT)[0].complaints == 1
    assert inspection(cloud.store, "general").state == "normal"
    take_complaints(cloud.store, b"sku\nBAG\n", AT)
    after = inspection(cloud.store, "general")
    assert (after.state, after.cause) == ("tightened", "2 complaints about 300 exported photos (0.7%)")
    assert inspection(cloud.store, "textured").state == "normal"


def test_a_file_that_comes_twice_counts_once(cloud: Cloud) -> None:
    exported(cloud, "MUG")
    accepted(cloud, "lot-1", 100)
    for _ in range(3):
        take_complaints(cloud.store, b"sku,reason\nMUG,too dark\n", AT)
    assert inspection(cloud.store, "general").state == "normal"


def test_few_complaints_about_many_exports_do_not_tighten(cloud: Cloud) -> None:
    exported(cloud, "MUG")
    for number in range(6):
        accepted(cloud, f"lot-{number}", 100)
    take_complaints(cloud.store, b"sku,reason\nMUG,too dark\nMUG,blurred\n", AT)
    assert inspection(cloud.store, "general").state == "normal"
    learnt, problems = take_complaints(cloud.store, b"sku\nHAT\n", AT)
    assert learnt.untraced == 1 and problems == ["SKU HAT: no exported photo of it is known"]
