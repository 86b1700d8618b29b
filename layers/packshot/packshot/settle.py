"""Stage settle: give every photo of a lot its end, and the lot its status."""

from __future__ import annotations

from packshot.ends import UNENDED, end_photo
from packshot.plan.stage import read_lot
from packshot.reasons import reason
from packshot.records import LotRecord, LotStatus, PhotoRecord, Reason, Record, Status, now
from packshot.store import Conflict, Store


class Settlement(Record):
    """What the state machine asks for: the reason for photos without an end, and the lot's new status."""

    drop: str
    lot: str
    code: str
    status: LotStatus
    error: dict[str, str] | None = None


class Settled(Record):
    """How many photos came to their end here."""

    ended: int


def end_lot(store: Store, order: Settlement) -> Settled:
    """End what has not ended. Run again it changes nothing.

    In a recalled lot the exported photos become held: they left, and must come back.
    """
    lot = read_lot(store, order.drop, order.lot)
    record = store.lots.get(order.drop, order.lot)
    recalled = record is not None and (record.status == LotStatus.RECALLED or _refused_meanwhile(order, record))
    if recalled and _went(order):
        order = order.model_copy(update={"code": "LOT_HELD", "status": LotStatus.RECALLED})
    detail = f"{order.error['Error']}: {order.error.get('Cause', '')[:300]}" if order.error else ""
    why = reason(order.code, detail=detail)
    photos = store.photos.get_many(order.drop, (ref.photo_id for ref in lot.photos))
    ended = sum(_settle(store, photo, why, recalled) for photo in photos.values())
    if not recalled:
        store.lots.update(order.drop, order.lot, status=order.status, reason=None if _went(order) else why)
    elif order.status == LotStatus.RECALLED:
        store.lots.update(order.drop, order.lot, status=order.status, reason=why, decision="hold")
    if not _went(order):
        text = f"Lot {order.lot} of drop {order.drop}: {why.message} {why.cure}"
        store.notices.people(f"packshot: lot {order.status}", text)
        store.notices.systems("LotHeld", {"drop": order.drop, "lot": order.lot, "code": order.code})
    return Settled(ended=ended)


def _went(order: Settlement) -> bool:
    return order.status == LotStatus.EXPORTED


def _refused_meanwhile(order: Settlement, record: LotRecord) -> bool:
    """Whether the sample was refused while the lot was being exported (advisory mode): it must come back."""
    return _went(order) and record.decision in ("rework", "hold")


def _settle(store: Store, photo: PhotoRecord, why: Reason, recalled: bool) -> bool:
    if recalled and photo.status == Status.EXPORTED:
        return _recall(store, photo, why)
    if photo.status in UNENDED or (photo.reason is not None and photo.reason.code == "AWAITING_REVIEW"):
        return end_photo(store, photo.drop, photo.photo_id, why, stage="settle")
    return False


def _recall(store: Store, photo: PhotoRecord, why: Reason) -> bool:
    try:
        store.photos.update(
            photo.drop,
            photo.photo_id,
            expect={Status.EXPORTED},
            status=Status.HELD,
            reason=why,
            ended_at=now(),
        )
    except Conflict:
        return False
    return True
