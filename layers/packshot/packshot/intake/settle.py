"""What a photo of a complete drop is: accepted, or rejected for its metadata, as a duplicate or for its name.

``judge`` is a pure function of the record, the catalogue and the losers; so a second run, or a run after a
crash half-way, comes to the same end whatever was written before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from packshot import keys
from packshot.intake import metadata
from packshot.intake.catalog import Catalog
from packshot.reasons import reason
from packshot.records import CatalogEntry, PhotoRecord, Reason, Status, now
from packshot.store import Store

# Reasons that settling gives and may take back; all others were given at the door and stay.
SETTLED = frozenset({"METADATA_INCOMPLETE", "CATALOG_UNREADABLE", "DUPLICATE", "NAME_COLLISION"})
DUPLICATE = "DUPLICATE"
NAME_COLLISION = "NAME_COLLISION"


def tell(store: Store, record: PhotoRecord, before: PhotoRecord | None) -> None:
    """Write the rejection where the user finds it, or take away the one that the record before had."""
    place = keys.rejected_key(record.drop, record.photo_id)
    if record.status is Status.REJECTED and record.reason is not None:
        facts = {name: getattr(record, name) for name in ("drop", "photo_id", "key", "file", "sku", "view", "n")}
        size = {
            "bytes": record.bytes,
            "sha256": record.sha256,
            "width": record.width,
            "height": record.height,
        }
        store.output.put_json(place, {**facts, **size, "reason": record.reason.model_dump()})
    elif before is not None and before.status is Status.REJECTED:
        store.output.delete(place)


def open_to_settling(record: PhotoRecord) -> bool:
    """Whether the drop's closing decides on this record: sound at the door, not yet processed."""
    if record.status in (Status.WAITING, Status.ACCEPTED):
        return True
    return record.status is Status.REJECTED and record.reason is not None and record.reason.code in SETTLED


def judge(record: PhotoRecord, catalog: Catalog, lost: str = "", to: str = "") -> PhotoRecord:
    """The record as it should be; ``lost`` is DUPLICATE or NAME_COLLISION (to the file ``to``), or empty."""
    entry = _entry(record, catalog)
    why: Reason | None = None
    if lost == DUPLICATE:
        why = reason(DUPLICATE, measured=f"the same bytes as {to}", required="different bytes")
    elif (incomplete := metadata.incomplete(entry, catalog)) is not None:
        why = incomplete
    elif lost == NAME_COLLISION:
        name = f"{record.sku}_{record.view}_{record.n}"
        why = reason(NAME_COLLISION, measured=f"{name}, as {to}", required="one photo a SKU, view and number")
    settled = record.model_copy(deep=True)
    if settled.catalog != entry:
        settled.catalog, settled.catalog_etag = entry, catalog.etag
    settled.status = Status.ACCEPTED if why is None else Status.REJECTED
    settled.reason = why
    settled.ended_at = "" if why is None else (record.ended_at or now())
    return settled


def _entry(record: PhotoRecord, catalog: Catalog) -> CatalogEntry:
    return metadata.merge(record.sku, record.source_metadata.get("object", {}), catalog)


def apply(store: Store, before: PhotoRecord, after: PhotoRecord) -> bool:
    """Write what changed; whether anything did. Raises Conflict when the record moved in between."""
    if after == before:
        return False
    tell(store, after, before)
    store.photos.update(
        before.drop,
        before.photo_id,
        expect={before.status},
        status=after.status,
        reason=after.reason,
        catalog=after.catalog,
        catalog_etag=after.catalog_etag,
        ended_at=after.ended_at,
    )
    return True


def one(store: Store, record: PhotoRecord, catalog: Catalog) -> PhotoRecord:
    """Settle a single photo of a drop that closed while it came in: who was there before keeps the place."""
    if not open_to_settling(record):
        return record
    lost, to = "", ""
    for other in store.photos.of_drop(record.drop):
        if other.photo_id == record.photo_id or (other.status is Status.REJECTED):
            continue
        if other.sha256 == record.sha256:
            lost, to = DUPLICATE, other.file
            break
        if (other.sku, other.view, other.n) == (record.sku, record.view, record.n):
            lost, to = NAME_COLLISION, other.file
    settled = judge(record, catalog, lost, to)
    apply(store, record, settled)
    return settled


class Contest:
    """Who is first among photos with the same bytes, and among those with the same SKU, view and number.

    Holds 25 bytes a photo, so that a drop of a million photos fits. Photos with complete metadata come before
    those without, then the lowest key wins: the order in which they arrived plays no part.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._ids, self._bytes, self._names = array("Q"), array("Q"), array("Q")
        self._complete = array("B")

    def enter(self, record: PhotoRecord, complete: bool) -> None:
        """Let a photo take part. 64 bits of each hash stand for it; losers are verified later."""
        name = keys.photo_id(f"{record.sku}\0{record.view}\0{record.n}")
        self._ids.append(int(record.photo_id, 16))
        self._bytes.append(int(record.sha256[:16] or record.photo_id, 16))
        self._names.append(int(name, 16))
        self._complete.append(complete)

    def losers(self) -> Iterator[tuple[str, str, str]]:
        """(photo_id, DUPLICATE or NAME_COLLISION, photo_id of the winner), each photo at most once."""
        ids = np.frombuffer(self._ids, np.uint64) if self._ids else np.empty(0, np.uint64)
        if not len(ids):
            return
        bytes_, names = np.frombuffer(self._bytes, np.uint64), np.frombuffer(self._names, np.uint64)
        complete = np.frombuffer(self._complete, np.uint8)
        place = self._ranks.of(ids) + np.where(complete == 1, 0, 1 << 62)
        same_bytes = _beaten(bytes_, place)
        for loser, winner in zip(*same_bytes, strict=True):
            yield _hex(ids[loser]), DUPLICATE, _hex(ids[winner])
        left = complete == 1
        left[same_bytes[0]] = False
        rows = np.flatnonzero(left)
        losers, winners = _beaten(names[rows], place[rows])
        for loser, winner in zip(rows[losers], rows[winners], strict=True):
            yield _hex(ids[loser]), NAME_COLLISION, _hex(ids[winner])


def _hex(photo: np.uint64) -> str:
    return f"{int(photo):016x}"


def _beaten(
    group: npt.NDArray[np.uint64], place: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of all but the first of each group, and of the firsts that beat them."""
    order = np.lexsort((place, group))
    starts = np.ones(len(order), bool)
    starts[1:] = group[order][1:] != group[order][:-1]
    first = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    return order[~starts], first[~starts]


class Ranks:
    """The photos of a drop in the order of their keys, as S3 lists them: 17 bytes a photo."""

    def __init__(self) -> None:
        self._ids, self._sizes = array("Q"), array("Q")
        self._found: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._order: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._met: npt.NDArray[np.bool_] = np.empty(0, bool)

    def add(self, photo: str, size: int) -> None:
        """The next photo of the listing, with its bytes."""
        self._ids.append(int(photo, 16))
        self._sizes.append(size)

    def __len__(self) -> int:
        return len(self._ids)

    def _sort(self) -> None:
        if len(self._found) != len(self._ids):
            ids = np.array(self._ids, np.uint64)
            self._order = np.argsort(ids, kind="stable")
            self._found, self._met = ids[self._order], np.zeros(len(ids), bool)

    def meet(self, photo: str, size: int) -> None:
        """Note that a record speaks of this photo (other bytes: it speaks of an older version)."""
        self._sort()
        wanted = np.uint64(int(photo, 16))
        at = int(np.searchsorted(self._found, wanted))
        if at < len(self._found) and self._found[at] == wanted and self._sizes[self._order[at]] == size:
            self._met[at] = True

    def unmet(self) -> set[str]:
        """The listed photos that no record speaks of."""
        self._sort()
        return {_hex(photo) for photo in self._found[~self._met]}

    def of(self, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Each id's place; those that are listed no longer (deleted) come after all others."""
        self._sort()
        if not len(self._found):
            return np.zeros(len(ids), np.int64)
        at = np.minimum(np.searchsorted(self._found, ids), len(self._found) - 1)
        return np.where(self._found[at] == ids, self._order[at], len(self._found)).astype(np.int64)
