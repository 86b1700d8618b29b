"""Stage report: audit a drop and write what its owner wants to read. Everything from S3 and DynamoDB alone."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from packshot import keys
from packshot.ends import UNENDED, end_photo
from packshot.reasons import reason
from packshot.records import DropStatus, LotStatus, PhotoRecord, Record, Status, now
from packshot.store import Store

REJECTED_COLUMNS = ["file", "code", "message", "measured", "required", "cure"]


class Audit(Record):
    """The audit equation: rejected + exported + held + failed = dropped."""

    drop: str
    dropped: int
    rejected: int = 0
    exported: int = 0
    held: int = 0
    failed: int = 0
    open: int = 0
    unrecorded: list[str] = []
    unknown: list[str] = []

    @property
    def balanced(self) -> bool:
        """Whether every dropped photo has exactly one end, and every record its photo."""
        ended = self.rejected + self.exported + self.held + self.failed
        return ended == self.dropped and not (self.open or self.unrecorded or self.unknown)


def audit(store: Store, drop: str) -> Audit:
    """Count what was dropped (S3, deleted objects too) and how it ended (DynamoDB), and compare photo by photo.

    Raises LookupError when there is no such drop.
    """
    record = store.drops.get(drop)
    if record is None:
        raise LookupError(f"there is no drop {drop}")
    dropped: dict[str, str] = {}
    for key in store.incoming.keys_ever(record.prefix):
        parsed = keys.parse(key)
        if parsed is not None and parsed.drop == drop and parsed.is_photo:
            dropped[parsed.photo_id] = key
    counts: Counter[str] = Counter()
    recorded = set()
    for photo in store.photos.of_drop(drop):
        counts["open" if photo.status in UNENDED else photo.status] += 1
        recorded.add(photo.photo_id)
    return Audit(
        drop=drop,
        dropped=len(dropped),
        rejected=counts[Status.REJECTED],
        exported=counts[Status.EXPORTED],
        held=counts[Status.HELD],
        failed=counts[Status.FAILED],
        open=counts["open"],
        unrecorded=sorted(dropped[name] for name in dropped.keys() - recorded)[:100],
        unknown=sorted(recorded - dropped.keys())[:100],
    )


def report_drop(store: Store, drop: str) -> Audit:
    """Settle what was left over, write report.json, rejected.csv and manifest.json, and close the books.

    Run again it writes the same, brought up to date.
    """
    _settle_left_over(store, drop)
    numbers = audit(store, drop)
    photos = sorted(store.photos.of_drop(drop), key=lambda p: p.file)
    sheets = {p.photo_id: _sheet(store, p) for p in photos if p.status == Status.EXPORTED and p.exports}
    lots = [lot.model_dump(mode="json", exclude={"token"}) for lot in store.lots.of_drop(drop)]
    report = {
        "drop": drop, "audit": numbers.model_dump(mode="json"), "balanced": numbers.balanced,
        "lots": lots, "photos": [_row(p) for p in photos],
    }  # fmt: skip
    store.output.put_json(keys.report_key(drop, "report.json"), report)
    store.output.put(keys.report_key(drop, "rejected.csv"), rejected_csv(photos), "text/csv; charset=utf-8")
    store.output.put_json(keys.report_key(drop, "manifest.json"), manifest(drop, photos, sheets))
    if numbers.open == 0:
        store.drops.move(drop, DropStatus.CLOSED, status=DropStatus.DONE, done_at=now())
    return numbers


def rejected_csv(photos: list[PhotoRecord]) -> bytes:
    """The rejections with their cures; cells that a spreadsheet would run as formulas are made harmless."""
    text = io.StringIO()
    table = csv.DictWriter(text, REJECTED_COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for photo in photos:
        if photo.status == Status.REJECTED and photo.reason is not None:
            row = {"file": photo.file, **photo.reason.model_dump()}
            table.writerow({name: harmless(str(row[name])) for name in REJECTED_COLUMNS})
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def manifest(drop: str, photos: list[PhotoRecord], sheets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Every exported file with its hash, rules and origin."""
    files = []
    for photo in photos:
        sheet = sheets.get(photo.photo_id)
        for file in sheet["files"] if sheet else []:
            origin = {
                "file": photo.file, "key": photo.key, "version": photo.version, "sha256": photo.sha256,
                "lot": photo.lot, "way": photo.way, "profile_version": photo.profile_version,
                "altered": photo.altered, "verdict": photo.verdict,
            }  # fmt: skip
            files.append({**file, "sku": photo.sku, "view": photo.view, "origin": origin})
    return {"drop": drop, "files": files}


def _sheet(store: Store, photo: PhotoRecord) -> dict[str, Any]:
    sheet: dict[str, Any] = store.work.get_json(keys.photo_key(photo.drop, photo.photo_id, "exports.json"))
    return sheet


def _row(photo: PhotoRecord) -> dict[str, Any]:
    keep = {
        "photo_id", "file", "sku", "view", "n", "segment", "status", "reason", "verdict", "flags", "error_score",
        "altered", "sampled", "way", "lot", "exports", "notes", "width", "height", "bytes",
    }  # fmt: skip
    return photo.model_dump(mode="json", include=keep)


def _settle_left_over(store: Store, drop: str) -> None:
    """Photos that joined no lot although the drop is through: too late for its plan, or the plan failed."""
    if any(lot.status == LotStatus.PLANNED for lot in store.lots.of_drop(drop)):
        return
    for photo in store.photos.of_drop(drop):
        if photo.status == Status.WAITING:
            end_photo(store, drop, photo.photo_id, reason("LATE"), stage="report")
        elif photo.status == Status.ACCEPTED and not photo.lot:
            end_photo(store, drop, photo.photo_id, reason("NOT_PLANNED"), stage="report")
