"""Stage export: one chunk of a lot, from masters in the work bucket to checked files in the output bucket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from aws_lambda_powertools import Logger
from pydantic import Field

from packshot import keys
from packshot.attempts import Attempt, out_of_memory
from packshot.ends import end_photo
from packshot.export.exported import Exported, ExportMeta
from packshot.export.metadata import Incoming
from packshot.export.press import Press
from packshot.export.stage import export_photo
from packshot.imaging import mockup
from packshot.imaging.png import decode_png
from packshot.plan.lots import Lot, PhotoRef
from packshot.plan.segments import segments
from packshot.plan.stage import read_lot
from packshot.reasons import reason
from packshot.records import PhotoRecord, Reason, Record, Status, TaskRecord, now
from packshot.store import AWS_ERRORS, Conflict, Store
from packshot.store.objects import Missing

logger = Logger(child=True)
MOCKUP = "mockup"
SPARE_S = 20.0
OPEN = frozenset({Status.ACCEPTED, Status.HELD})


class OutOfTime(RuntimeError):
    """The call's time is nearly over; what is left is done by the retry."""


class ExportChunk(Record):
    """What the state machine asks for."""

    drop: str
    lot: str
    chunk: int


class ExportDone(Record):
    """What became of a chunk's photos."""

    exported: int = 0
    skipped: int = 0
    ended: int = 0


class ExportSheet(Record):
    """``sheets/<drop>/<photo>.json`` in the output bucket: all files of one photo, and who refused it."""

    photo_id: str
    exports: list[dict[str, Any]] = Field(default_factory=list, description="Exported.record() of each file")


def export_chunk(store: Store, press: Press, order: ExportChunk, remaining_s: Callable[[], float]) -> ExportDone:
    """Export the photos of a chunk that may leave. Run again it writes the same bytes to the same keys (on
    another kind of processor a pixel of a million may round otherwise; files that are signed have the same pixels and
    metadata; a signature is never the same twice).

    Raises OutOfTime before the call's time ends; photos that are exported stay so.
    """
    lot = read_lot(store, order.drop, order.lot)
    refs = lot.chunks[order.chunk]
    tasks = _verdicts(store, order.lot, {ref.photo_id for ref in refs})
    photos = store.photos.get_many(order.drop, (ref.photo_id for ref in refs))
    answer = ExportDone()
    with Attempt(store, order.drop, refs[0].photo_id, "export") as attempt:
        leaving = _Leaving(store, press, lot, attempt)
        for ref in refs:
            if remaining_s() < SPARE_S:
                raise OutOfTime(f"{remaining_s():.0f} s left for {order.lot} chunk {order.chunk}")
            photo = photos.get(ref.photo_id)
            if photo is None or photo.status not in OPEN:
                answer.skipped += 1
            elif leaving.left(ref, photo, tasks.get(ref.photo_id)):
                answer.exported += 1
            else:
                answer.ended += 1
    return answer


def _verdicts(store: Store, lot: str, photos: set[str]) -> dict[str, TaskRecord]:
    """The last task of each photo, by photo_id.

    The index only says which tasks there are; it may lag behind the very verdict that let the lot go on, so
    each task is read again.
    """
    newest: dict[str, tuple[int, str]] = {}
    for name in store.tasks.names_of_lot(lot):
        _, attempt, photo = name.rsplit(".", 2)
        if photo in photos:
            newest[photo] = max(newest.get(photo, (-1, "")), (int(attempt), name))
    return {task.photo_id: task for task in store.tasks.get_many(name for _, name in newest.values())}


def _stays(photo: PhotoRecord, task: TaskRecord | None) -> Reason | None:
    """Why a photo may not leave: refused by a person, or failed its checks and nobody approved it."""
    if task is not None and task.decision == "reject":
        said = ", ".join(task.reasons) or "no reason given"
        return reason("REVIEW_REJECTED", detail=f"{said}. {task.comment}".strip())
    if photo.status == Status.HELD and photo.reason is not None and photo.reason.code != "AWAITING_REVIEW":
        approved = task is not None and task.decision == "approve"
        return None if approved else photo.reason
    return None


@dataclass(frozen=True)
class _Leaving:
    """The photos of one lot on their way out."""

    store: Store
    press: Press
    lot: Lot
    attempt: Attempt

    def left(self, ref: PhotoRef, photo: PhotoRecord, task: TaskRecord | None) -> bool:
        """Export one photo; False when it comes to another end, which is recorded."""
        why = _stays(photo, task)
        if why is None and ref.helper:
            return _mark(self.store, photo, {}, ["used for the inside of the garment's other views"])
        if why is None:
            try:
                why = self.attempt.at(ref.photo_id, lambda: self._tried(ref, photo))
            except Conflict:
                return False  # it came to its end meanwhile
        if why is None:
            return True
        end_photo(self.store, self.lot.drop, ref.photo_id, why, stage="export")
        return False

    def _tried(self, ref: PhotoRef, photo: PhotoRecord) -> Reason | None:
        """Export one photo; the reason if it comes to another end by that. Errors of AWS propagate."""
        try:
            return self._written(ref, photo, self._made(ref, photo))
        except AWS_ERRORS:
            raise  # not the photo's fault: the whole call is retried
        except Missing as error:
            return reason("EXPORT_ERROR", detail=f"A working file is gone: {error}")
        except Exception as error:
            if out_of_memory(error):
                raise MemoryError(str(error)) from error
            logger.exception("export failed", extra={"drop": self.lot.drop, "photo_id": ref.photo_id})
            return reason("EXPORT_ERROR", detail=f"{type(error).__name__}: {error}")

    def _made(self, ref: PhotoRef, photo: PhotoRecord) -> list[Exported]:
        """All files of one photo, its mock-up too where the segment has a scene."""

        def work(name: str) -> npt.NDArray[np.uint8]:
            return decode_png(self.store.work.get(keys.photo_key(self.lot.drop, ref.photo_id, name)).body)

        master = work("master.png")
        try:
            shadow = work("shadow.png")
        except Missing:
            shadow = None
        if photo.catalog is None:
            raise LookupError("the photo has no catalogue entry")
        meta = ExportMeta(
            catalog=photo.catalog, sku=photo.sku, view=photo.view, n=photo.n, segment=ref.segment,
            altered=photo.altered, source_metadata=photo.source_metadata,
        )  # fmt: skip
        today, press = dt.datetime.now(dt.UTC).date(), self.press
        export = partial(export_photo, on=today, locale=press.language, provider=press.words)
        origin = press.origin(self.store, photo, shadow is not None)
        done = export(master, shadow, meta, press.channels, sign=press.signer(origin))
        scene = segments()[ref.segment].scene
        if scene:
            picture = _placed(master, scene, photo.catalog.height_cm)
            made = meta.model_copy(update={"synthetic_background": True})
            origin = replace(origin, synthetic_background=True) if origin else None
            done += export(picture, None, made, [MOCKUP], sign=press.signer(origin))
        return done

    def _written(self, ref: PhotoRef, photo: PhotoRecord, done: list[Exported]) -> Reason | None:
        """Write the files that may leave and the sheet that tells of all; the reason when none may."""
        sheet, written = ExportSheet(photo_id=ref.photo_id), {}
        for item in done:
            record = item.record()
            if item.held is None:
                key = keys.export_key(item.channel, self.lot.drop, item.name)
                if _put(self.store, key, item, ref.photo_id):
                    written[item.channel] = key
                else:
                    taken = reason("EXPORT_COLLISION", measured=item.name, detail=f"({item.channel})")
                    record["held"] = taken.model_dump(mode="json")
            sheet.exports.append(record)
        self.store.output.put_json(keys.sheet_key(self.lot.drop, ref.photo_id), sheet.model_dump(mode="json"))
        refused = {record["channel"]: record["held"] for record in sheet.exports if record["held"]}
        if not written:
            first = next(iter(refused.values()), None)
            return Reason.model_validate(first) if first else reason("CHANNEL_RULE", detail="No channel is set.")
        notes = [f"{channel}: {why['message']}" for channel, why in refused.items()]
        unreadable = Incoming(photo.source_metadata).unreadable
        if unreadable:
            notes.append(f"XMP is unreadable ({unreadable}) and was dropped")
        _mark(self.store, photo, written, [*photo.notes, *notes])
        logger.info("photo exported", extra={"photo_id": ref.photo_id, "channels": sorted(written)})
        return None


def _placed(master: npt.NDArray[np.uint8], scene: str, height_cm: float | None) -> npt.NDArray[np.uint8]:
    """The product in a scene, opaque: a file of the channel ``mockup`` that says that it is a composite."""
    picture = mockup.place(master, mockup.scenes()[scene], product_height_cm=height_cm)
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def _put(store: Store, key: str, item: Exported, photo: str) -> bool:
    """Write one file, unless its name belongs to another photo already."""
    whose = {"photo-id": photo}
    if store.output.put_new(key, item.data, item.content_type, whose):
        return True
    owner = store.output.metadata(key)
    if owner is not None and owner.get("photo-id") != photo:
        return False
    store.output.put(key, item.data, item.content_type, whose)
    return True


def _mark(store: Store, photo: PhotoRecord, exports: dict[str, str], notes: list[str]) -> bool:
    try:
        store.photos.update(
            photo.drop, photo.photo_id, expect=set(OPEN), status=Status.EXPORTED, reason=None, exports=exports,
            notes=notes, ended_at=now(),
        )  # fmt: skip
    except Conflict:
        return False
    return True
