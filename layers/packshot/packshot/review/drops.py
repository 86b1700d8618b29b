"""Drops as people follow them: progress, rejections with cures, retries, the audit."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import islice
from typing import Any

from packshot import keys
from packshot.reasons import rules
from packshot.records import DropRecord, DropStatus, LotRecord, LotStatus, PhotoRecord, Status, now
from packshot.report.audit import Audit
from packshot.report.audit import audit as report_audit
from packshot.report.rejections import rejected_csv
from packshot.review.refusal import Refusal
from packshot.review.views import DropDetail, DropLine, DropPage, PhotoLine, PhotoPage, Stopped
from packshot.store import Conflict, Store
from packshot.store.paging import newest_drops
from packshot.store.tables import SHARDS

MOST_CSV_BYTES = 4_000_000  # Lambda answers at most 6 MB
RETRIED = "asked for another try"
SENT_AGAIN = ("status", "reason", "ended_at", "notes")
REOPENED = ("status", "reason", "attempt", "decision", "token", "task_ids")
RETRIES = frozenset({Status.HELD, Status.FAILED})


def overview(store: Store, before: str = "", limit: int = 20) -> DropPage:
    """Drops of every status, the last active first; ``before`` is the cursor of the page before."""
    streams = [newest_drops(store.drops, status, before) for status in DropStatus]
    merged = heapq.merge(*streams, key=lambda drop: drop.last_event_at, reverse=True)
    found = list(islice(merged, limit + 1))
    more = len(found) > limit
    # Drops of the same second must not fall between two pages: the page ends before such a group.
    page = [drop for drop in found[:limit] if not more or drop.last_event_at != found[limit].last_event_at]
    page = page or found[:limit]
    return DropPage(drops=[_line(drop) for drop in page], cursor=page[-1].last_event_at if more else "")


def detail(store: Store, drop_id: str) -> DropDetail:
    """One drop in numbers, streamed from its photos. Raises Refusal when there is none."""
    drop = _drop(store, drop_id)
    status, segment, verdict, reasons = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    stages = dict.fromkeys(("received", "planned", "processed", "ended"), 0)
    for photo in store.photos.of_drop(drop_id):
        status[photo.status] += 1
        segment[photo.segment or "none yet"] += 1
        stages["received"] += 1
        stages["planned"] += bool(photo.lot)
        stages["processed"] += photo.verdict is not None
        stages["ended"] += bool(photo.ended_at) or photo.status in (
            Status.REJECTED,
            Status.EXPORTED,
            *RETRIES,
        )
        if photo.verdict is not None:
            verdict[photo.verdict] += 1
        if photo.reason is not None:
            reasons[photo.reason.code] += 1
    return DropDetail(
        line=_line(drop),
        catalog_errors=drop.catalog_errors,
        photos=sum(status.values()),
        by_status=dict(status),
        by_segment=dict(segment),
        by_verdict=dict(verdict),
        stages=stages,
        reasons=[Stopped(code=code, says=rules()[code].message, photos=n) for code, n in reasons.most_common()],
        lots=[lot.model_copy(update={"token": ""}) for lot in store.lots.of_drop(drop_id)],
    )


def photos(store: Store, drop_id: str, status: str = "", cursor: str = "", limit: int = 100) -> PhotoPage:
    """A drop's photos (of one status), by id; ``cursor`` is the last photo id of the page before."""
    _drop(store, drop_id)
    if status and status not in set(Status):
        raise Refusal("invalid", "Unknown status", f"Use one of {', '.join(Status)}.")
    shards = SHARDS[SHARDS.index(cursor[0]) :] if cursor and cursor[0] in SHARDS else SHARDS
    after = (p for p in store.photos.of_drop(drop_id, shards) if p.photo_id > cursor and status in ("", p.status))
    found = list(islice(after, limit + 1))
    lots = {name: store.lots.get(drop_id, name) for name in {photo.lot for photo in found if photo.lot}}
    page = [_photo_line(photo, lots.get(photo.lot)) for photo in found[:limit]]
    return PhotoPage(photos=page, cursor=page[-1].photo_id if len(found) > limit else "")


def rejections(store: Store, drop_id: str) -> bytes:
    """The rejected photos with their cures as CSV, by file, as the report has them. Raises Refusal."""
    _drop(store, drop_id)
    data = rejected_csv(sorted(store.photos.of_drop(drop_id), key=lambda photo: photo.file))
    if len(data) > MOST_CSV_BYTES:
        key = keys.report_key(drop_id, "rejected.csv")
        raise Refusal("too-large", "Too many rows", f"Take {key} from the output bucket instead.")
    return data


def retry(store: Store, drop_id: str, photo_id: str, who: str) -> PhotoLine:
    """Send a held or failed photo through once more: its lot is resumed, where all else is done already.

    A lot that was held is done again as a whole, as a new attempt with a new sample. The execution's name
    counts the retries, so a request that is delivered twice starts one. If it cannot be started, the photo is
    put back as it was and the error is raised. Raises Refusal.
    """
    photo = store.photos.get(drop_id, photo_id)
    if photo is None:
        raise Refusal("not-found", "No such photo", "It is not recorded in this drop.")
    lot = store.lots.get(drop_id, photo.lot) if photo.lot else None
    if not _stopped(photo):
        raise Refusal("conflict", "Nothing to retry", f"The photo is {_state(photo)}.")
    if lot is None or not _through(lot):
        raise Refusal("conflict", "Not yet", "Its lot is on its way. Retry once the lot has come to its end.")
    number = sum(RETRIED in note for note in photo.notes) + 1
    note = f"{now()} {who} {RETRIED} ({_state(photo)})"
    try:
        again = store.photos.update(
            drop_id,
            photo_id,
            expect=set(RETRIES),
            status=Status.ACCEPTED,
            reason=None,
            ended_at="",
            notes=[*photo.notes, note],
        )
    except Conflict as error:
        raise Refusal("conflict", "Changed meanwhile", "Somebody else retried this photo just now.") from error
    try:
        _reopen(store, lot)
        store.workflow.start(f"{drop_id}-retry{number}-{photo_id}", {"drop": drop_id, "lots": [photo.lot]})
    except Exception:
        store.photos.update(drop_id, photo_id, **{name: getattr(photo, name) for name in SENT_AGAIN})
        store.lots.update(drop_id, lot.lot, **{name: getattr(lot, name) for name in REOPENED})
        raise
    return _photo_line(again, None)


def _reopen(store: Store, lot: LotRecord) -> None:
    """On its way again, unless it went out: then only what stopped goes after it."""
    if lot.status == LotStatus.EXPORTED:
        return
    again: dict[str, Any] = {"status": LotStatus.PLANNED, "reason": None}
    if lot.decision == "hold":
        again |= {"attempt": lot.attempt + 1, "decision": "", "token": "", "task_ids": []}
    store.lots.update(lot.drop, lot.lot, **again)


def _stopped(photo: PhotoRecord) -> bool:
    """Failed or held, in a lot, and not just waiting for its reviewer."""
    waits = photo.reason is not None and photo.reason.code == "AWAITING_REVIEW"
    return photo.status in RETRIES and bool(photo.lot) and not waits


def _through(lot: LotRecord | None) -> bool:
    """Whether nothing works on the lot now: a second execution beside the first would open a second gate.

    A held or recalled lot is through once settle has given it a reason.
    """
    if lot is None:
        return False
    ended = lot.status in (LotStatus.HELD, LotStatus.RECALLED) and lot.reason is not None
    return ended or lot.status in (LotStatus.EXPORTED, LotStatus.FAILED)


def _state(photo: PhotoRecord) -> str:
    return f"{photo.status.value}: {photo.reason.code}" if photo.reason else photo.status.value


def audit(store: Store, drop_id: str) -> Audit:
    """Whether every photo that was ever put has come to exactly one end. Raises Refusal."""
    try:
        return report_audit(store, drop_id)
    except LookupError as error:
        raise _no_drop() from error


def _drop(store: Store, drop_id: str) -> DropRecord:
    drop = store.drops.get(drop_id)
    if drop is None:
        raise _no_drop()
    return drop


def _no_drop() -> Refusal:
    return Refusal("not-found", "No such drop", "It was never there, or it was removed.")


def _line(drop: DropRecord) -> DropLine:
    return DropLine(**drop.shared_with(DropLine))


def _photo_line(photo: PhotoRecord, lot: LotRecord | None) -> PhotoLine:
    return PhotoLine(**photo.shared_with(PhotoLine), retry=_stopped(photo) and _through(lot))
