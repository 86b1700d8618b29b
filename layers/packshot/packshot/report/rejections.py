"""What was refused at the door, and how to mend it, as a table for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import IO, Any

from packshot.export.feeds import neutral
from packshot.records import PhotoRecord, Status

COLUMNS = ("file", "sku", "view", "code", "message", "measured", "required", "cure")


def write_rejected(target: IO[bytes], photos: Iterable[Mapping[str, Any]]) -> None:
    """The rejections with their cures, for a spreadsheet: UTF-8 with a mark, formulas made harmless.

    ``photos`` are records as JSON values, written one by one.
    """
    out = io.TextIOWrapper(target, "utf-8", errors="replace", newline="", write_through=True)
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for photo in photos:
        if photo["status"] == Status.REJECTED and photo["reason"] is not None:
            cells = {**photo, **photo["reason"]}
            table.writerow([neutral(cells[name]) for name in COLUMNS])
    out.detach()


def rejected_csv(photos: Iterable[PhotoRecord]) -> bytes:
    """The same in memory, for few."""
    out = io.BytesIO()
    write_rejected(out, (photo.model_dump(mode="json") for photo in photos))
    return out.getvalue()
