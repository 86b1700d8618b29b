"""What was refused at the door, and how to mend it, as a table for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from packshot.export.feeds import neutral
from packshot.records import PhotoRecord, Status

COLUMNS = ("file", "sku", "view", "code", "message", "measured", "required", "cure")


def rejected_csv(photos: Iterable[PhotoRecord]) -> bytes:
    """The rejections with their cures, for a spreadsheet: UTF-8 with a mark, formulas made harmless."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for photo in photos:
        if photo.status == Status.REJECTED and photo.reason is not None:
            why = photo.reason
            cells = (photo.file, photo.sku, photo.view, why.code, why.message, why.measured, why.required, why.cure)
            table.writerow([neutral(cell) for cell in cells])
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")
