"""Stage report: every dropped photo has one end, and what is written says so."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import pytest
from cloud import Cloud

from packshot import keys
from packshot.ends import end_photo
from packshot.export import channels, inventory
from packshot.export.chunk import ExportSheet
from packshot.plan.stage import plan_drop
from packshot.reasons import reason
from packshot.records import CatalogEntry, DropStatus, LotRecord, LotStatus, PhotoRecord, Status
from packshot.report import audit, feeds, report_drop
from packshot.settings import PlanSettings, ReportSettings
from packshot.store.workflow import Bus


class Listener:
    """A bus that notes."""

    def __init__(self, put: list[list[dict[str, Any]]]) -> None:
        self.entries = put

    def put(self, entries: list[dict[str, Any]]) -> None:
        self.entries.append(entries)


class Refusing:
    """EventBridge that takes nothing."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "ThrottlingException"} for _ in Entries]}


def report(cloud: Cloud, drop: str = "d", unplanned: bool = False) -> object:
    return report_drop(cloud.store, ReportSettings(), channels.load(), drop, unplanned)


def ended(cloud: Cloud, sku: str, status: Status, code: str = "") -> None:
    cloud.accept("d", sku, status=status, reason=reason(code) if code else None)


def test_a_drop_balances_when_every_photo_has_one_end(cloud: Cloud) -> None:
    ended(cloud, "A", Status.EXPORTED)
    ended(cloud, "B", Status.HELD, "LOT_HELD")
    ended(cloud, "C", Status.FAILED, "LOT_FAILED")
    ended(cloud, "D", Status.REJECTED, "BLURRED")
    cloud.store.incoming.put("incoming/d/catalog.csv", b"", "text/csv")
    cloud.store.incoming.put("incoming/d/_READY", b"", "text/plain")
    cloud.store.incoming.put("incoming/d/folder/", b"", "text/plain")

    books = audit(cloud.store, "d")
    assert books.balanced
    assert (books.dropped, books.exported, books.held, books.failed, books.rejected) == (4, 1, 1, 1, 1)


def test_a_photo_that_was_deleted_still_counts(cloud: Cloud) -> None:
    ended(cloud, "A", Status.EXPORTED)
    cloud.store.incoming.delete("incoming/d/A_front.jpg")
    assert audit(cloud.store, "d").balanced


def test_what_is_open_unrecorded_or_unknown_spoils_the_balance(cloud: Cloud) -> None:
    ended(cloud, "A", Status.EXPORTED)
    open_ = cloud.accept("d", "B")
    assert not audit(cloud.store, "d").balanced and audit(cloud.store, "d").open == 1
    cloud.store.photos.update("d", open_.photo_id, status=Status.EXPORTED)
    assert audit(cloud.store, "d").balanced

    cloud.store.incoming.put("incoming/d/lost.jpg", b"x", "image/jpeg")
    assert audit(cloud.store, "d").unrecorded == ["incoming/d/lost.jpg"] and not audit(cloud.store, "d").balanced
    found = open_.model_copy(update={"photo_id": keys.photo_id("incoming/d/lost.jpg"), "status": Status.EXPORTED})
    cloud.store.photos.receive(found)
    assert audit(cloud.store, "d").balanced

    ghost = open_.model_copy(update={"photo_id": "f" * 16, "status": Status.HELD})
    cloud.store.photos.receive(ghost)
    assert audit(cloud.store, "d").unknown == ["f" * 16] and not audit(cloud.store, "d").balanced


def test_drops_whose_names_begin_alike_are_told_apart(cloud: Cloud) -> None:
    ended(cloud, "A", Status.EXPORTED)
    cloud.accept("d-2", "B", status=Status.EXPORTED)
    assert audit(cloud.store, "d").dropped == 1


def test_there_is_no_audit_without_a_drop(cloud: Cloud) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        audit(cloud.store, "nowhere")


def test_a_dead_letter_is_sent_once_for_the_end_that_counts(cloud: Cloud) -> None:
    photo = cloud.accept("d", "A")
    assert end_photo(cloud.store, "d", photo.photo_id, reason("PROCESSING_ERROR", detail="x"), stage="process")
    assert not end_photo(cloud.store, "d", photo.photo_id, reason("LOT_FAILED"), stage="settle")
    assert not end_photo(cloud.store, "d", photo.photo_id, reason("LOT_HELD"), stage="settle")
    found = cloud.photo(photo)
    assert found.status == Status.FAILED and found.reason is not None and found.reason.code == "PROCESSING_ERROR"
    assert [(letter["stage"], letter["reason"]["code"]) for letter in cloud.letters()] == [
        ("process", "PROCESSING_ERROR")
    ]


def test_the_report_sends_the_letter_of_a_photo_whose_worker_died_before_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = cloud.accept("d", "A")

    def killed(_message: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(cloud.store.failed_queue, "send", killed)
        end_photo(cloud.store, "d", photo.photo_id, reason("WORKER_CRASHED"), stage="process")
    report(cloud)
    report(cloud)
    assert [(letter["photo_id"], letter["reason"]["code"]) for letter in cloud.letters()] == [
        (photo.photo_id, "WORKER_CRASHED")
    ]


def test_photos_that_joined_no_lot_come_to_an_end(cloud: Cloud) -> None:
    late, lost = cloud.accept("d", "A", status=Status.WAITING), cloud.accept("d", "B")
    report(cloud)
    codes = [found.reason.code for photo in (late, lost) if (found := cloud.photo(photo)).reason]
    assert codes == ["LATE", "NOT_PLANNED"] and audit(cloud.store, "d").balanced


def test_lots_that_are_still_on_their_way_are_left_alone(cloud: Cloud) -> None:
    photo = cloud.accept("d", "A")
    plan_drop(cloud.store, PlanSettings(), "d", "run")
    report(cloud)
    assert cloud.photo(photo).status == Status.ACCEPTED and audit(cloud.store, "d").open == 1


def test_a_plan_that_was_given_up_half_way_fails_its_photos(cloud: Cloud) -> None:
    photo = cloud.accept("d", "A")
    plan_drop(cloud.store, PlanSettings(), "d", "run")
    report(cloud, unplanned=True)
    assert cloud.photo(photo).status == Status.FAILED and audit(cloud.store, "d").balanced
    assert [lot.status for lot in cloud.store.lots.of_drop("d")] == [LotStatus.FAILED]


def test_the_report_is_written_and_the_drop_done(cloud: Cloud) -> None:
    ended(cloud, "B", Status.HELD, "LOT_HELD")
    ended(cloud, "D", Status.REJECTED, "BLURRED")
    cloud.store.drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)

    report(cloud)
    first = {entry.key: entry.etag for entry in cloud.store.output.list("reports/d/")}
    report(cloud)

    drop = cloud.store.drops.get("d")
    assert drop is not None and drop.status == DropStatus.DONE and drop.done_at
    assert {entry.key: entry.etag for entry in cloud.store.output.list("reports/d/")} == first
    assert {key.rsplit("/", 1)[1] for key in first} == {"report.json", "rejected.csv", "manifest.json"}
    told = cloud.store.output.get_json(keys.report_key("d", "report.json"))
    assert told["balanced"] and [(row["file"], row["status"]) for row in told["photos"]] == [
        ("B_front.jpg", "held"), ("D_front.jpg", "rejected"),
    ]  # fmt: skip


def exported(cloud: Cloud, sku: str, sheet: bool = True) -> PhotoRecord:
    """A photo that left for one channel, with the sheet that export wrote of it."""
    photo = cloud.accept("d", sku, status=Status.EXPORTED)
    name, words = f"{sku}_front.jpg", {"title": sku, "alt_text": f"{sku}.", "keywords": ["k"], "colour": "red"}
    cloud.store.photos.update("d", photo.photo_id, exports={"shopify": keys.export_key("shopify", "d", name)})
    export = {
        "channel": "shopify",
        "name": name,
        "held": None,
        "words": words,
        "main": True,
        "sha256": "00",
        "rules": [],
    }
    if sheet:
        told = ExportSheet(photo_id=photo.photo_id, exports=[export])
        cloud.store.output.put_json(keys.sheet_key("d", photo.photo_id), told.model_dump(mode="json"))
    return photo


def test_inventory_systems_are_told_of_every_product_with_all_that_the_catalogue_knew(cloud: Cloud) -> None:
    photo, put = exported(cloud, "A"), []
    cloud.store.bus = Listener(put)  # type: ignore[assignment]
    report(cloud)
    report(cloud)
    ((first,), (again,)) = put
    told = json.loads(first["Detail"])
    assert first == again and first["DetailType"] == inventory.DETAIL_TYPE
    assert (told["sku"], told["channel"], told["images"][0]["name"]) == ("A", "shopify", "A_front.jpg")
    assert CatalogEntry.model_validate(told["catalog"]) == photo.catalog


def test_the_bus_takes_them(cloud: Cloud) -> None:
    exported(cloud, "A")
    report(cloud)
    with pytest.raises(RuntimeError, match="refused 1 of 1"):
        Bus(Refusing(), "default").put([{"Source": "x", "DetailType": "y", "Detail": "{}"}])  # type: ignore[arg-type]


def test_an_archive_has_no_two_names_that_differ_by_case_alone(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "ZIP_PHOTOS", 3)
    names = ["A_B.MAIN.jpg", "C.MAIN.jpg", "D.MAIN.jpg", "E.MAIN.jpg", "a_b.MAIN.jpg"]
    for name in names:
        cloud.store.output.put(keys.export_key("amazon", "d", name), name.encode(), "image/jpeg")
    made = feeds._zips(cloud.store, "d", "amazon", [(name, "sha") for name in reversed(names)])
    found = []
    for archive in made:
        body = cloud.store.output.get(keys.feed_key("d", "amazon", archive.split("/")[1])).body
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            found.append(file.namelist())
            assert all(file.read(name) == name.encode() for name in file.namelist())
    assert found == [names[:3], ["E.MAIN.jpg"], ["a_b.MAIN.jpg"]]
    assert list(made) == [f"amazon/amazon_images_{n}.zip" for n in (1, 2, 3)]


def test_a_report_that_ran_out_of_time_goes_on_behind_the_archives_it_has_made(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ZIP_PHOTOS", 2)
    files = [(f"A{n}.MAIN.jpg", f"sha-{n}") for n in range(5)]
    for name, _ in files:
        cloud.store.output.put(keys.export_key("amazon", "d", name), name.encode(), "image/jpeg")
    write, written = feeds.amazon.write_zip, []

    def until_the_third(target: IO[bytes], content: Iterator[tuple[str, bytes]]) -> None:
        written.append(write(target, content))
        if len(written) == 3:
            raise TimeoutError

    monkeypatch.setattr(feeds.amazon, "write_zip", until_the_third)
    with pytest.raises(TimeoutError):
        feeds._zips(cloud.store, "d", "amazon", files)
    made = feeds._zips(cloud.store, "d", "amazon", files)
    assert [names[0] for names in written] == ["A0.MAIN.jpg", "A2.MAIN.jpg", "A4.MAIN.jpg", "A4.MAIN.jpg"]
    for archive, sha in made.items():
        body = cloud.store.output.get(keys.feed_key("d", "amazon", archive.split("/")[1])).body
        assert hashlib.sha256(body).hexdigest() == sha
    feeds._zips(cloud.store, "d", "amazon", [*files[:4], ("A4.MAIN.jpg", "another")])
    assert written[4:] == [["A4.MAIN.jpg"]], "a file that changed makes its archive anew, and no other"


def test_a_sheet_that_is_gone_is_said_and_the_report_goes_on(cloud: Cloud) -> None:
    exported(cloud, "A")
    lost = exported(cloud, "B", sheet=False)
    report(cloud)
    manifest = cloud.store.output.get_json(keys.report_key("d", "manifest.json"))
    told = cloud.store.output.get_json(keys.report_key("d", "report.json"))
    assert [file["sku"] for file in manifest["files"]] == ["A"]
    assert told["sheets_missing"] == [lost.photo_id] and told["balanced"]


def test_a_drop_with_open_photos_is_not_done(cloud: Cloud) -> None:
    cloud.accept("d", "A", lot="some-lot")
    cloud.store.drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)
    report(cloud)
    drop = cloud.store.drops.get("d")
    assert drop is not None and drop.status == DropStatus.CLOSED


def test_rejections_are_a_table_that_no_spreadsheet_runs(cloud: Cloud) -> None:
    cloud.accept("d", "=cmd()", status=Status.REJECTED, reason=reason("BLURRED", measured="12", required="30"))
    report(cloud)
    body = cloud.store.output.get(keys.report_key("d", "rejected.csv")).body
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert body.startswith(b"\xef\xbb\xbf") and len(rows) == 1
    assert rows[0]["code"] == "BLURRED" and rows[0]["cure"] and rows[0]["file"].startswith("'=")


def test_a_gates_token_is_not_told(cloud: Cloud) -> None:
    cloud.accept("d", "A")
    plan_drop(cloud.store, PlanSettings(), "d", "run")
    lot = next(iter(cloud.store.lots.of_drop("d"))).lot
    cloud.store.lots.update("d", lot, token="whoever-holds-it-opens-the-gate")
    report(cloud)
    everything = [cloud.store.output.get(entry.key).body.decode() for entry in cloud.store.output.list("")]
    assert everything and "whoever-holds-it" not in json.dumps(everything)


def test_the_manifest_marks_what_must_come_back(cloud: Cloud) -> None:
    photo = cloud.accept("d", "A", status=Status.HELD, reason=reason("LOT_HELD"), lot="lot-1")
    key = "exports/shopify/d/A.jpg"
    cloud.store.photos.update("d", photo.photo_id, expect={Status.HELD}, exports={"shopify": key})
    cloud.store.lots.plan(LotRecord(drop="d", lot="lot-1", segment="general", size=1, chunks=1))
    cloud.store.lots.update("d", "lot-1", status=LotStatus.RECALLED)
    export = {"channel": "shopify", "name": "A.jpg", "sha256": "0" * 64, "held": "", "rules": []}
    sheet = ExportSheet(photo_id=photo.photo_id, exports=[export])
    cloud.store.output.put_json(keys.sheet_key("d", photo.photo_id), sheet.model_dump(mode="json"))

    report(cloud)
    manifest = cloud.store.output.get_json(keys.report_key("d", "manifest.json"))
    assert manifest["files"] == [] and manifest["recalled"] == [
        {"sku": "A", "photo_id": photo.photo_id, "key": key, "channel": "shopify", "name": "A.jpg",
         "sha256": "0" * 64, "lot": "lot-1"},
    ]  # fmt: skip
