"""Customers' complaints: escaped defects, traced to photo, lot and profile version; they tighten sampling."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from packshot import spreadsheet
from packshot.intake.names import sane_sku
from packshot.learning.updates import Outcome
from packshot.quality.switching import Switch
from packshot.records import PhotoRecord, Status

MOST_COMPLAINTS = 2000  # a file: what one call of learn can trace in its time
MOST_CELL = 2000
MOST_ERRORS = 50
LEAST_TO_TIGHTEN = 2
RATE_TO_TIGHTEN = 0.005  # of the segment's exported photos


class Complaint(BaseModel):
    """One complaint about one SKU."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: str = Field(min_length=1)
    view: str = ""
    reason: str = ""
    comment: str = ""
    date: str = ""

    @property
    def complaint_id(self) -> str:
        """16 hex digits of its content: the same complaint delivered twice is one complaint."""
        return hashlib.sha256("\x00".join(str(v) for v in self.model_dump().values()).encode()).hexdigest()[:16]


def read_complaints(data: bytes) -> tuple[list[Complaint], list[str]]:
    """Complaints of a CSV with a header that names at least ``sku``, and what could not be read, in words.

    Columns: sku, view, reason, comment, date; in any order and case, others are ignored. Rows that repeat
    are one. Never raises: a file that is no CSV is a problem in words, too.
    """
    found: dict[str, Complaint] = {}
    errors: list[str] = []
    try:
        rows = spreadsheet.rows(data)
        header = [name.strip().lower() for name in next(rows, [])]
        if "sku" not in header:
            return [], ["line 1: the header has no column sku"]
        for row in rows:
            if len(found) == MOST_COMPLAINTS:
                errors.append(f"line {rows.line_num}: only {MOST_COMPLAINTS:,} complaints a file are taken; split it")
                break
            if any(cell.strip() for cell in row):
                _enter(dict(zip(header, row, strict=False)), rows.line_num, found, errors)
    except (spreadsheet.Unreadable, csv.Error) as error:
        errors.append(f"the file: {error}")
    return list(found.values()), errors[:MOST_ERRORS]


def _enter(row: dict[str, str], line: int, found: dict[str, Complaint], errors: list[str]) -> None:
    cells = {name: row[name].strip()[:MOST_CELL] for name in row.keys() & Complaint.model_fields.keys()}
    sku = cells.get("sku", "")
    if not sane_sku(sku):
        errors.append(f"line {line}: {f'{sku[:60]!r} is no SKU' if sku else 'no SKU'}")
        return
    complaint = Complaint(**cells)
    found[complaint.complaint_id] = complaint


@dataclass(frozen=True)
class Trace:
    """Where a complaint leads: the exported photos that it can mean, newest first; empty when there are
    none.
    """

    complaint: Complaint
    photos: tuple[PhotoRecord, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The escaped defect for learning: the newest photo of each view that it can mean."""
        newest: dict[str, PhotoRecord] = {}
        for photo in self.photos:
            newest.setdefault(photo.view, photo)
        return [
            Outcome(
                photo_id=p.photo_id,
                lot=p.lot,
                segment=p.segment,
                profile_version=p.profile_version,
                why="complaint",
                rejected=True,
                error_score=p.error_score,
                way=p.way,
            )
            for p in newest.values()
        ]


def trace(complaint: Complaint, photos: Iterable[PhotoRecord]) -> Trace:
    """The exported photos of the SKU (and of the view, where the complaint names one), newest first."""
    meant = [
        p
        for p in photos
        if p.sku == complaint.sku and p.status == Status.EXPORTED and (not complaint.view or p.view == complaint.view)
    ]
    return Trace(complaint, tuple(sorted(meant, key=lambda p: p.ended_at, reverse=True)))


def complaint_rate(complaints: int, exported: int) -> float:
    """Complaints by exported photos; 0 when nothing was exported."""
    return complaints / exported if exported else 0.0


def tightened(switch: Switch, complaints: int, exported: int) -> Switch:
    """A segment's switch after complaints: tightened at two of them that are half a percent of its exports.

    Where no export is on record (older than what is remembered), the two are enough.
    """
    rate = complaint_rate(complaints, exported)
    if complaints >= LEAST_TO_TIGHTEN and (rate >= RATE_TO_TIGHTEN or not exported):
        return switch.tighten(f"{complaints} complaints about {exported} exported photos ({rate:.1%})")
    return switch
