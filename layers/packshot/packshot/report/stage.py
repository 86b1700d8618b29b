"""What a drop's owner wants to read, written from S3 and DynamoDB alone."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable
from typing import IO

from packshot import keys
from packshot.ends import end_photo, send_letter
from packshot.export.channels import ChannelRules
from packshot.export.manifest import write as write_manifest
from packshot.reasons import reason
from packshot.records import DropStatus, LotStatus, Status, now
from packshot.report.audit import Audit, Count
from packshot.report.books import Books
from packshot.report.feeds import tell_inventory, write_feeds
from packshot.settings import ReportSettings
from packshot.store import Store


def report_drop(
    store: Store, settings: ReportSettings, channels: dict[str, ChannelRules], drop: str, unplanned: bool = False
) -> Audit:
    """Settle what was left over, write report, rejections, manifest and feeds, and close the books.

    ``unplanned``: the plan was given up half-way, so its lots will never go on. Run again it writes the same,
    brought up to date. Raises LookupError when there is no such drop.
    """
    if unplanned:
        _give_up_lots(store, drop)
    _settle_left_over(store, drop)
    count = Count(store, drop)
    made_on = dt.datetime.now(dt.UTC).date()
    back = {lot.lot for lot in store.lots.of_drop(drop) if lot.status == LotStatus.RECALLED}
    with Books(back) as books:
        books.enter_all(store, count.passing(store.photos.of_drop(drop)))
        numbers = count.audit()
        used = [channels[name] for name in sorted(books.channels) if name in channels]
        feeds = write_feeds(store, settings.public_url, drop, used, books.entries)
        _put(
            store, drop, "manifest.json",
            lambda f: write_manifest(f, drop, books.entries(), used, made_on, feeds, books.recalled()),
        )  # fmt: skip
        _put(store, drop, "rejected.csv", books.write_rejected)
        _put(store, drop, "report.json", lambda f: _write_report(f, store, numbers, books))
        tell_inventory(store, settings.public_url, drop, used, books.entries)
    if numbers.open == 0:
        store.drops.move(drop, DropStatus.CLOSED, status=DropStatus.DONE, done_at=now())
    return numbers


def _put(store: Store, drop: str, name: str, write: Callable[[IO[bytes]], None]) -> None:
    kind = "application/json" if name.endswith(".json") else "text/csv; charset=utf-8"
    with tempfile.TemporaryFile() as file:
        write(file)
        store.output.put_file(keys.report_key(drop, name), file, kind)


def _write_report(file: IO[bytes], store: Store, numbers: Audit, books: Books) -> None:
    head = {
        "drop": numbers.drop,
        "audit": numbers.model_dump(mode="json"),
        "balanced": numbers.balanced,
        "sheets_missing": sorted(books.sheets_missing),
    }
    file.write(json.dumps(head, ensure_ascii=False).encode()[:-1])
    lots = (lot.model_dump_json(exclude={"token"}) for lot in store.lots.of_drop(numbers.drop))
    for name, members in (("lots", lots), ("photos", books.rows())):
        file.write(f',"{name}":['.encode())
        for i, member in enumerate(members):
            file.write(("," * (i > 0) + member).encode())
        file.write(b"]")
    file.write(b"}")


def _give_up_lots(store: Store, drop: str) -> None:
    for lot in store.lots.of_drop(drop):
        if lot.status == LotStatus.PLANNED:
            store.lots.update(drop, lot.lot, status=LotStatus.FAILED, reason=reason("NOT_PLANNED"))


def _settle_left_over(store: Store, drop: str) -> None:
    """End photos that joined no lot although the drop is through: too late for its plan, or the plan failed. And send
    the dead letters of photos whose worker died between failing them and saying so, or that close gave up.
    """
    through = all(lot.status != LotStatus.PLANNED for lot in store.lots.of_drop(drop))
    for photo in store.photos.of_drop(drop, only=("status", "lot", "letter", "reason")):
        if photo.status == Status.FAILED and not photo.letter and photo.reason is not None:
            send_letter(store, drop, photo.photo_id, photo.reason, stage="report")
        elif through and photo.status == Status.WAITING:
            end_photo(store, drop, photo.photo_id, reason("LATE"), stage="report")
        elif through and photo.status == Status.ACCEPTED and not photo.lot:
            end_photo(store, drop, photo.photo_id, reason("NOT_PLANNED"), stage="report")
