"""What a drop's owner wants to read, written from S3 and DynamoDB alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aws_lambda_powertools import Logger

from packshot import keys
from packshot.ends import end_photo, send_letter
from packshot.export.channels import ChannelRules
from packshot.export.manifest import Entry, Provenance, build
from packshot.reasons import reason
from packshot.records import DropStatus, LotStatus, PhotoRecord, Status, now
from packshot.report.audit import Audit, audit
from packshot.report.feeds import tell_inventory, write_feeds
from packshot.report.rejections import rejected_csv
from packshot.settings import ReportSettings
from packshot.store import Store
from packshot.store.objects import Missing

logger = Logger(child=True)

ROW = {
    "photo_id", "file", "sku", "view", "n", "segment", "status", "reason", "verdict", "flags", "error_score",
    "altered", "sampled", "way", "lot", "exports", "notes", "width", "height", "bytes",
}  # fmt: skip


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
    _send_letters(store, drop)
    numbers = audit(store, drop)
    photos = sorted(store.photos.of_drop(drop), key=lambda photo: photo.file)
    lots = list(store.lots.of_drop(drop))
    back = {lot.lot for lot in lots if lot.status == LotStatus.RECALLED}
    left = [photo for photo in photos if photo.status == Status.EXPORTED and photo.exports]
    returned = [photo for photo in photos if photo.status == Status.HELD and photo.exports and photo.lot in back]
    told = {photo.photo_id: _entry(store, photo) for photo in left + returned}
    entries = [entry for photo in left if (entry := told[photo.photo_id]) is not None]
    recalled = [entry for photo in returned if (entry := told[photo.photo_id]) is not None]
    used = [
        channels[name] for name in sorted({name for p in photos for name in p.exports}) if name in channels
    ]
    feeds = write_feeds(store, settings.public_url, drop, used, entries)
    files = {f"{channel}/{key.rsplit('/', 1)[-1]}": key for p in photos for channel, key in p.exports.items()}
    made_on = dt.datetime.now(dt.UTC).date()
    store.output.put_json(
        keys.report_key(drop, "manifest.json"), build(drop, entries, used, made_on, feeds, files, recalled)
    )
    store.output.put(keys.report_key(drop, "rejected.csv"), rejected_csv(photos), "text/csv; charset=utf-8")
    report = {
        "drop": drop,
        "audit": numbers.model_dump(mode="json"),
        "balanced": numbers.balanced,
        "sheets_missing": sorted(photo_id for photo_id, entry in told.items() if entry is None),
        "lots": [lot.model_dump(mode="json", exclude={"token"}) for lot in lots],
        "photos": [photo.model_dump(mode="json", include=ROW) for photo in photos],
    }
    store.output.put_json(keys.report_key(drop, "report.json"), report)
    tell_inventory(store, settings.public_url, drop, used, entries)
    if numbers.open == 0:
        store.drops.move(drop, DropStatus.CLOSED, status=DropStatus.DONE, done_at=now())
    return numbers


def _entry(store: Store, photo: PhotoRecord) -> Entry | None:
    """What left of a photo; None when its sheet is gone: its files are there, only nobody knows their rules."""
    try:
        sheet: dict[str, Any] = store.output.get_json(keys.sheet_key(photo.drop, photo.photo_id))
    except Missing:
        logger.warning("an export's sheet is missing", extra={"drop": photo.drop, "photo_id": photo.photo_id})
        return None
    if photo.catalog is None:
        raise LookupError(f"photo {photo.photo_id} was exported without a catalogue entry")
    return Entry(
        provenance=Provenance(
            drop=photo.drop,
            photo_id=photo.photo_id,
            file=photo.file,
            source_sha256=photo.sha256,
            lot=photo.lot,
            segment=photo.segment,
            way=photo.way,
            profile_version=photo.profile_version,
            verdict=photo.verdict or "",
            altered=photo.altered,
        ),
        catalog=photo.catalog,
        view=photo.view,
        n=photo.n,
        source_metadata=photo.source_metadata,
        exports=sheet["exports"],
    )


def _give_up_lots(store: Store, drop: str) -> None:
    for lot in store.lots.of_drop(drop):
        if lot.status == LotStatus.PLANNED:
            store.lots.update(drop, lot.lot, status=LotStatus.FAILED, reason=reason("NOT_PLANNED"))


def _send_letters(store: Store, drop: str) -> None:
    """The dead letters of photos whose worker died between failing them and saying so, or that close gave up."""
    for photo in store.photos.of_drop(drop):
        if photo.status == Status.FAILED and not photo.letter and photo.reason is not None:
            send_letter(store, drop, photo.photo_id, photo.reason, stage="report")


def _settle_left_over(store: Store, drop: str) -> None:
    """Photos that joined no lot although the drop is through: too late for its plan, or the plan failed."""
    if any(lot.status == LotStatus.PLANNED for lot in store.lots.of_drop(drop)):
        return
    for photo in store.photos.of_drop(drop):
        if photo.status == Status.WAITING:
            end_photo(store, drop, photo.photo_id, reason("LATE"), stage="report")
        elif photo.status == Status.ACCEPTED and not photo.lot:
            end_photo(store, drop, photo.photo_id, reason("NOT_PLANNED"), stage="report")
