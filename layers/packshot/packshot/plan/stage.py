"""Stage plan: from a closed drop's accepted photos to lots in S3 and the items of the distributed Map."""

from __future__ import annotations

from collections.abc import Iterator

from packshot import keys
from packshot.learning.stage import current
from packshot.plan.lots import Lot, LotItem, cut, item, width
from packshot.plan.segments import choose
from packshot.records import LotRecord, PhotoRecord, Record, Status, stored
from packshot.settings import PlanSettings
from packshot.store import Store
from packshot.store.abreast import each

ON_THE_WAY = frozenset({Status.ACCEPTED, Status.HELD, Status.EXPORTED, Status.FAILED})
NEEDED = ("version", "sha256", "sku", "view", "n", "status", "catalog", "preflight")


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
    wide = width(len(items), settings)
    store.work.put_json(key, [{**entry.model_dump(), "chunk_concurrency": wide} for entry in items])
    return Planned(
        drop=drop,
        bucket=store.work.name,
        key=key,
        lots=len(items),
        lot_concurrency=settings.lot_concurrency,
    )


def _fresh(store: Store, settings: PlanSettings, drop: str) -> list[LotItem]:
    """Write every lot as it fills. What stays in memory is the Map's item, some 200 bytes a lot."""
    items: list[LotItem] = []

    def lots() -> Iterator[Lot]:
        for lot in cut(drop, _members(store, drop), settings, lambda segment: current(store, segment)):
            items.append(item(lot, settings))
            yield lot

    each(lots(), lambda lot: _write(store, lot))
    return items


def _members(store: Store, drop: str) -> Iterator[PhotoRecord]:
    """The photos that go into lots, as far as planning asks for them; what was planned once stays planned."""
    for photo in store.photos.of_drop(drop, only=NEEDED):
        if photo.status in ON_THE_WAY and photo.sku:
            yield photo.model_copy(update={"segment": choose(photo).segment})


def _write(store: Store, lot: Lot) -> None:
    store.work.put_json(keys.lot_key(lot.drop, lot.lot), lot.model_dump())
    store.lots.plan(
        LotRecord(
            drop=lot.drop, lot=lot.lot, segment=lot.segment, size=len(lot.photos), chunks=len(lot.chunks),
            profile_version=lot.profile_version,
        )
    )  # fmt: skip


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
    return stored(Lot, store.work.get_json(keys.lot_key(drop, lot)))
