"""A drop's photos as its report, rejections, manifest and feeds want them: sorted on disk, never all in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Self

from aws_lambda_powertools import Logger

from packshot import keys
from packshot.export.manifest import Entry, Provenance
from packshot.records import PhotoRecord, Status
from packshot.report.rejections import write_rejected
from packshot.spool import Spool
from packshot.store import Store
from packshot.store.abreast import in_order
from packshot.store.objects import Missing

logger = Logger(child=True)
ROW = {
    "photo_id", "file", "sku", "view", "n", "segment", "status", "reason", "verdict", "flags", "error_score",
    "altered", "sampled", "way", "lot", "exports", "notes", "width", "height", "bytes",
}  # fmt: skip


class Books:
    """Every photo's row by file, and every exported photo's entry by SKU."""

    def __init__(self, back: set[str]) -> None:
        """``back``: the lots that were recalled."""
        self._files, self._back = ExitStack(), back
        self.channels: set[str] = set()
        self.sheets_missing: list[str] = []

    def __enter__(self) -> Self:
        self._rows = self._files.enter_context(Spool(2))
        self._entries = self._files.enter_context(Spool(4, packed=True))
        self._recalled = self._files.enter_context(Spool(1, packed=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def enter_all(self, store: Store, photos: Iterable[PhotoRecord]) -> None:
        """Enter photos; the sheets of exported ones are read from the work bucket, several at once."""
        for photo, entry in in_order(photos, lambda photo: (photo, self._entry(store, photo))):
            self._rows.add((photo.file, photo.photo_id), photo.model_dump_json(include=ROW))
            self.channels.update(photo.exports)
            if entry is None:
                if self._left(photo):
                    self.sheets_missing.append(photo.photo_id)
            elif photo.status == Status.EXPORTED:
                key = (entry.catalog.sku, entry.view, entry.n, photo.photo_id)
                self._entries.add(key, entry.model_dump_json())
            else:
                self._recalled.add((photo.photo_id,), entry.model_dump_json())

    def _left(self, photo: PhotoRecord) -> bool:
        """Whether files of it have left, though they may have been called back."""
        out = photo.status == Status.EXPORTED or (photo.status == Status.HELD and photo.lot in self._back)
        return out and bool(photo.exports)

    def _entry(self, store: Store, photo: PhotoRecord) -> Entry | None:
        return _entry(store, photo) if self._left(photo) else None

    def rows(self) -> Iterator[str]:
        """JSON of each photo, by file."""
        return self._rows.bodies()

    def entries(self) -> Iterator[Entry]:
        """Exported photos by SKU, view and number."""
        return (Entry.model_validate_json(body) for body in self._entries.bodies())

    def recalled(self) -> Iterator[Entry]:
        """Photos whose files must come back, by id."""
        return (Entry.model_validate_json(body) for body in self._recalled.bodies())

    def write_rejected(self, target: IO[bytes]) -> None:
        """The rejections with their cures, as a table."""
        write_rejected(target, map(json.loads, self.rows()))


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
        provenance=Provenance.model_validate(
            photo.shared_with(Provenance) | {"source_sha256": photo.sha256, "verdict": photo.verdict or ""}
        ),
        catalog=photo.catalog,
        view=photo.view,
        n=photo.n,
        source_metadata=photo.source_metadata,
        exports=sheet["exports"],
        keys=photo.exports,
    )
