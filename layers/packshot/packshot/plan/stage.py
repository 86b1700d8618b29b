"""Stage plan: from a closed drop's accepted photos to lots in S3 and the items of the distributed Map."""

from __future__ import annotations

from typing import Any

from packshot import keys
from packshot.learning.stage import current
from packshot.plan.lots import Lot, LotItem, cut, item, references
from packshot.plan.segments import choose
from packshot.records import LotRecord, PhotoRecord, Record, Status
from packshot.settings import PlanSettings
from packshot.store import Store

ON_THE_WAY = frozenset({Status.ACCEPTED, Status.HELD, Status.EXPORTED, Status.FAILED})


class Planned(Record):
    """The answer of the stage: where the Map's items lie."""

    drop: str
    bucket: str
    key: str
    lots: int
    lot_concurrency: int


def plan_drop(
    store: Store, settings: PlanSettings, drop: str, execution: str, lots: list[str] | None = None
) -> Planned:
    """Plan a whole drop, or resume some of its lots; run again it writes the same.

    Args:
        store: needs the work bucket, photos and lots.
        settings: sizes of lots and chunks, concurrency.
        drop: the drop's id.
        execution: name of the execution; the items are written below it.
        lots: only these lots, which must have been planned before (a resume).
    """
    items = _resume(store, settings, drop, lots) if lots else _fresh(store, settings, drop)
    key = keys.lots_key(drop, execution)
    store.work.put_json(key, [entry.model_dump() for entry in items])
    return Planned(
        drop=drop,
        bucket=store.work.name,
        key=key,
        lots=len(items),
        lot_concurrency=settings.lot_concurrency,
    )


def _fresh(store: Store, settings: PlanSettings, drop: str) -> list[LotItem]:
    accepted: list[PhotoRecord] = []
    for photo in store.photos.of_drop(drop):
        if photo.status not in ON_THE_WAY or not photo.sku:
            continue
        choice = choose(photo)
        accepted.append(photo.model_copy(update={"segment": choice.segment}))
    items = []
    for lot in cut(drop, references(accepted), settings, lambda segment: current(store, segment)):
        store.work.put_json(keys.lot_key(drop, lot.lot), lot.model_dump())
        store.lots.plan(
            LotRecord(
                drop=drop, lot=lot.lot, segment=lot.segment, size=len(lot.photos), chunks=len(lot.chunks),
                profile_version=lot.profile_version,
            )
        )  # fmt: skip
        items.append(item(lot, settings))
    return items


def _resume(store: Store, settings: PlanSettings, drop: str, lots: list[str]) -> list[LotItem]:
    items = []
    for name in sorted(set(lots)):
        lot = read_lot(store, drop, name)
        record = store.lots.get(drop, name)
        attempt = record.attempt if record else 0
        items.append(item(lot, settings).model_copy(update={"attempt": attempt}))
    return items


def read_lot(store: Store, drop: str, lot: str) -> Lot:
    """A lot as planned. Raises packshot.store.objects.Missing."""
    data: dict[str, Any] = store.work.get_json(keys.lot_key(drop, lot))
    return Lot.model_validate(data)
