"""One object was written: judge it, write it down. The same news twice, or out of order, changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from typing import Any

from packshot import keys, spreadsheet
from packshot.imaging.decode import Decoded, ImageRefused, Limits, decode_preview
from packshot.intake import catalog as catalogs
from packshot.intake import checks, metadata, names, settle
from packshot.intake.catalog import Catalog
from packshot.intake.events import ObjectEvent
from packshot.intake.glance import Glance
from packshot.intake.preflight import measure
from packshot.reasons import end, reason
from packshot.records import DropRecord, DropStatus, PhotoRecord, Reason, Status, now
from packshot.settings import IntakeSettings
from packshot.store import Store
from packshot.store.objects import Fetched, Missing

PREVIEW = 1024  # px on the long edge, at least: what sharpness is measured at
OPEN_FOR_S = 2  # a drop seen open is taken to be open so long; it is looked at again when the photo is written
TOUCH_EVERY_S = 2  # a drop of a million photos is one item of a table; it must not be written for each
CATALOG_FOR_S = 5  # how long a parsed catalogue is used before its ETag is asked for again
NEWER = "A newer version came after the drop was closed; it was not used."


def receive(store: Store, settings: IntakeSettings, event: ObjectEvent) -> PhotoRecord | None:
    """Take one object in; the photo's record as it is then, or None for what is no photo.

    Reads a photo from S3 once, or not at all when the record already speaks of this version. Every photo
    ends up with a record: rejected with a reason (and its JSON in the output bucket), accepted, or waiting
    for the catalogue. Errors of AWS propagate, so that the event is tried again.
    """
    key = keys.parse(event.key)
    if key is None or not key.file or key.file.endswith("/"):
        return None
    if not key.is_photo:
        if key.drop_name:
            _control(store, key)
        return None
    return _Photo(store, settings, event, key).take()


def _control(store: Store, key: keys.DropKey) -> None:
    """``_READY`` or ``catalog.csv``. Once the drop is closed, both change nothing."""
    store.drops.open(key.drop, key.prefix)
    if key.is_ready:
        if store.drops.touch(key.drop, ready=True):
            store.close_queue.send({"drop": key.drop})
        return
    store.drops.touch(key.drop, catalog_errors=_catalogs.fresh(store, key.prefix).errors)


class _Catalogs:
    """The catalogue last used in this process, by its ETag: parsed once, not for each photo."""

    def __init__(self) -> None:
        self._held: tuple[tuple[str, str], Catalog, float] | None = None

    def of(self, store: Store, prefix: str) -> Catalog:
        """The drop's catalogue, at most a few seconds old (closing the drop looks again)."""
        place = (store.incoming.name, prefix)
        if self._held and self._held[0] == place and time.monotonic() - self._held[2] < CATALOG_FOR_S:
            return self._held[1]
        return self.fresh(store, prefix)

    def fresh(self, store: Store, prefix: str) -> Catalog:
        """The drop's catalogue as it is now; an empty one when there is none."""
        place, key = (store.incoming.name, prefix), prefix + keys.CATALOG
        if len(key.encode()) > keys.LONGEST:  # no such object can be
            return Catalog()
        etag = next((found.etag for found in store.incoming.list(key) if found.key == key), "")
        held = self._held[1] if self._held and self._held[0] == place else Catalog()
        if etag != held.etag:
            held = self._read(store, key)
        self._held = (place, held, time.monotonic())
        return held

    @staticmethod
    def _read(store: Store, key: str) -> Catalog:
        try:
            got = store.incoming.get(key, most_bytes=spreadsheet.MOST_BYTES + 1)
        except Missing:
            return Catalog()
        return catalogs.read(got.body, got.etag)


_catalogs = _Catalogs()
fresh_catalog = _catalogs.fresh


class _Photo:
    """One photo's event on its way to a record."""

    def __init__(self, store: Store, settings: IntakeSettings, event: ObjectEvent, key: keys.DropKey) -> None:
        self.store, self.settings, self.event, self.key = store, settings, event, key
        self.known = store.photos.get(key.drop, key.photo_id)
        self.came = 0.0  # when it was uploaded, seconds since the epoch

    def take(self) -> PhotoRecord:
        if self.known is not None and self._is_old_news(self.known):
            return self.known
        drop = self._open()
        if drop is not None and drop.status is not DropStatus.OPEN:
            return self._after_close(drop)
        written = self._write(self._judge())
        current = self.store.drops.get(self.key.drop) if drop is not None else None
        if current is None or current.status is DropStatus.OPEN:
            return written
        if self.came > _closed(current):  # it closed in between, or just before
            return self._write(self._late(current, written))
        return settle.one(self.store, written, fresh_catalog(self.store, self.key.prefix))

    def _is_old_news(self, known: PhotoRecord) -> bool:
        if self.event.version and self.event.version == known.version:
            return True
        mine, theirs = self.event.sequencer, known.sequencer
        return bool(mine and theirs) and mine.ljust(40, "0") < theirs.ljust(40, "0")

    def _open(self) -> DropRecord | None:
        """The drop's record, made if need be; None for photos outside of any drop.

        A healed event is not news from the user: it does not keep the drop from falling quiet.
        """
        if not self.key.drop_name:
            return None
        drop = self.store.drops.get(self.key.drop, OPEN_FOR_S if self.known is None else 0)
        if drop is None:
            self.store.drops.open(self.key.drop, self.key.prefix)
            drop = self.store.drops.get(self.key.drop)
        if drop is None:
            raise LookupError(f"drop {self.key.drop} vanished while it was opened")
        if drop.status is DropStatus.OPEN and self.event.sequencer:
            age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(drop.last_event_at)
            if age.total_seconds() >= TOUCH_EVERY_S:
                self.store.drops.touch(self.key.drop)
        return drop

    def _fetch(self) -> Fetched:
        """The one read. Where the order of two versions is not known, the object as it is now decides."""
        ambiguous = self.known is not None and (
            not self.event.sequencer or not self.known.sequencer or self.event.sequencer == self.known.sequencer
        )
        version = "" if ambiguous else self.event.version
        got = self.store.incoming.get(self.key.key, version, most_bytes=self.settings.max_bytes + 1)
        self.came = got.last_modified
        return got

    def _blank(self, **fields: Any) -> PhotoRecord:
        sequencer = self.event.sequencer or (self.known.sequencer if self.known else "")
        received_at = self.known.received_at if self.known else now()
        base: dict[str, Any] = {
            "drop": self.key.drop,
            "photo_id": self.key.photo_id,
            "key": self.key.key,
            "file": self.key.file,
            "version": self.event.version,
            "sequencer": sequencer,
            "bytes": self.event.size or 0,
            "received_at": received_at,
        }
        return PhotoRecord.model_validate({**base, **fields})

    def _judge(self) -> PhotoRecord:
        """The photo's record from its bytes."""
        if not self.key.drop_name:
            return _refused(self._blank(), reason("NO_DROP", measured=self.key.key, required="a folder"))
        size = self.event.size or 0
        if size > self.settings.max_bytes:
            return _refused(self._blank(), _too_large(size, self.settings))
        try:
            got = self._fetch()
        except Missing:
            return _refused(self._blank(), reason("SOURCE_MISSING", measured="not there when its event came"))
        return self._examine(got)

    def _examine(self, got: Fetched) -> PhotoRecord:
        fields = metadata.of_object(got.metadata)
        name = metadata.name_of(fields, names.parse(self.key.file, self.settings.file_pattern))
        record = self._blank(
            version=got.version or self.event.version,
            bytes=len(got.body),
            sha256=hashlib.sha256(got.body).hexdigest(),
            sku=name.sku if name else "",
            view=name.view if name else "",
            n=name.n if name else 1,
        )
        limits = Limits(megapixels=self.settings.max_megapixels, bytes=self.settings.max_bytes)
        try:
            photo = decode_preview(got.body, PREVIEW, limits)
        except ImageRefused as refused:
            return _refused(record, refused.reason)
        record.width, record.height = photo.size
        record.notes = _notes(photo, name, self.key.file)
        record.source_metadata = {**photo.metadata, **({"object": fields} if fields else {})}
        seen = Glance(photo.rgb)
        why = self._faults(photo, seen, name)
        if why is not None:
            return _refused(record, why)
        record.preflight = measure(seen)
        return self._described(record)

    def _faults(self, photo: Decoded, seen: Glance, name: names.Name | None) -> Reason | None:
        if max(photo.size) < self.settings.min_pixels:
            measured = f"{photo.size[0]} x {photo.size[1]} px"
            return reason("TOO_SMALL", measured=measured, required=f"longest edge >= {self.settings.min_pixels} px")
        if name is None:
            return reason("BAD_NAME", measured=self.key.file[:200], required="<SKU>_<view>[_<n>].<ext>")
        return checks.fault(seen)

    def _described(self, record: PhotoRecord) -> PhotoRecord:
        """Its metadata complete: accepted; else it waits for the catalogue until the drop closes."""
        catalog = _catalogs.of(self.store, self.key.prefix)
        record.catalog = metadata.merge(record.sku, record.source_metadata.get("object", {}), catalog)
        record.catalog_etag = catalog.etag
        complete = not metadata.missing(record.catalog)
        record.status = Status.ACCEPTED if complete else Status.WAITING
        return record

    def _write(self, record: PhotoRecord) -> PhotoRecord:
        """Write the reason first: a crash in between is mended by the next try, not left half told."""
        settle.tell(self.store, record, self.known)
        if self.store.photos.receive(record):
            return record
        newer = self.store.photos.get(record.drop, record.photo_id)
        if newer is None:
            raise LookupError(f"photo {record.photo_id} vanished while it was received")
        settle.tell(self.store, newer, record)
        return newer

    def _after_close(self, drop: DropRecord) -> PhotoRecord:
        """The drop is closed: what was in it by then is a member, what came later is not."""
        if self.known is not None:
            return self._compare(self.known)
        try:
            got = self._fetch()
        except Missing:
            why = reason("SOURCE_MISSING", measured="not there when its event came")
            return self._write(_refused(self._blank(), why))
        if self.came > _closed(drop):
            digest = hashlib.sha256(got.body).hexdigest()
            version = got.version or self.event.version
            return self._write(self._late(drop, self._blank(version=version, bytes=len(got.body), sha256=digest)))
        written = self._write(self._examine(got))
        return settle.one(self.store, written, fresh_catalog(self.store, self.key.prefix))

    def _late(self, drop: DropRecord, record: PhotoRecord) -> PhotoRecord:
        came = dt.datetime.fromtimestamp(self.came, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return _refused(record, reason("LATE", measured=f"uploaded {came}", required=f"by {drop.closed_at}"))

    def _compare(self, known: PhotoRecord) -> PhotoRecord:
        """A key of a closed drop again: the same bytes are no news, others leave a note."""
        if NEWER in known.notes:
            return known
        try:
            got = self._fetch()
        except Missing:
            return known
        if hashlib.sha256(got.body).hexdigest() == known.sha256:
            return known
        return self.store.photos.update(known.drop, known.photo_id, notes=[*known.notes, NEWER])


def _closed(drop: DropRecord) -> float:
    return dt.datetime.fromisoformat(drop.closed_at).timestamp()


def _too_large(size: int, settings: IntakeSettings) -> Reason:
    return reason("FILE_TOO_LARGE", measured=f"{size:,} bytes", required=f"at most {settings.max_bytes:,} bytes")


def _refused(record: PhotoRecord, why: Reason) -> PhotoRecord:
    record.status, record.reason, record.ended_at = end(why.code), why, now()
    return record


def _notes(photo: Decoded, name: names.Name | None, file: str) -> list[str]:
    notes = list(photo.notes)
    if name is not None and name.view == names.INNER:
        notes.append("inner view: helps to fill the inside of the garment in its other views")
    extension = file.rsplit(".", 1)[-1].lower() if "." in file else ""
    expected = {"JPEG": ("jpg", "jpeg", "jpe", "jfif"), "PNG": ("png",)}[photo.format]
    if extension not in expected:
        notes.append(f"the content is {photo.format} although the name ends in .{extension[:20]}")
    return notes
