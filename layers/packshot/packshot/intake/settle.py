"""What a photo of a complete drop is: accepted, or rejected for its metadata, as a duplicate or for its name.

``judge`` is a pure function of the record, the catalogue and the losers; so a second run, or a run after a
crash half-way, comes to the same end whatever was written before.
"""

from __future__ import annotations

from packshot import keys
from packshot.intake import metadata
from packshot.intake.catalog import Catalog
from packshot.intake.contest import DUPLICATE, NAME_COLLISION
from packshot.reasons import reason
from packshot.records import CatalogEntry, PhotoRecord, Reason, Status, now
from packshot.store import Store

# Reasons that settling gives and may take back; all others were given at the door and stay.
SETTLED = frozenset({"METADATA_INCOMPLETE", "CATALOG_UNREADABLE", DUPLICATE, NAME_COLLISION})
# What settling reads of a record; the rest (pre-flight, EXIF) is most of its bytes.
NEEDED = (
    "status", "reason", "catalog", "catalog_etag", "source_metadata.object", "ended_at", "sku", "view", "n", "sha256",
    "bytes", "width", "height",
)  # fmt: skip


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
    changes: dict[str, object] = {
        "status": Status.ACCEPTED if why is None else Status.REJECTED,
        "reason": why,
        "ended_at": "" if why is None else (record.ended_at or now()),
    }
    if record.catalog != entry:
        changes |= {"catalog": entry, "catalog_etag": catalog.etag}
    return record.model_copy(update=changes)


def complete(record: PhotoRecord, catalog: Catalog) -> bool:
    """Whether ``judge`` would find the metadata complete, without making the entry."""
    return metadata.suffices(record.sku, record.source_metadata.get("object", {}), catalog)


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
        theirs, ours = ((one.sku.casefold(), one.view, one.n) for one in (other, record))
        if theirs == ours:
            lost, to = NAME_COLLISION, other.file
    settled = judge(record, catalog, lost, to)
    apply(store, record, settled)
    return settled
