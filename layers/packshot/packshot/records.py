"""The records that the stages hand to each other: what DynamoDB and the JSON files in S3 hold.

Every record is a pydantic model with ``extra="forbid"``: a field that nobody declared is an error at the
boundary where it appears; what is read back is read by ``stored``. Times are UTC, ISO 8601, to the second.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

M = TypeVar("M", bound=BaseModel)


def now() -> str:
    """The present moment, UTC, ISO 8601 to the second, e.g. ``2026-11-23T10:15:00Z``."""
    return told(dt.datetime.now(dt.UTC))


def told(moment: dt.datetime) -> str:
    """A moment of UTC as records hold it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Record(BaseModel):
    """Base of all records: strict about unknown fields, so that a typo cannot become data."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, hide_input_in_errors=True)

    def shared_with(self, model: type[BaseModel]) -> dict[str, Any]:
        """The values of the fields that another model has by the same name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in model.model_fields}


def stored(kind: type[M], data: Any) -> M:
    """What lies in a table or a bucket. Fields that only a newer version of packshot writes are left out, at any depth:
    two versions work on the same drops while one takes over.
    """
    return kind.model_validate(data, extra="ignore")


class Status(StrEnum):
    """Where a photo is. The last four are ends; their sum is what was dropped."""

    WAITING = "waiting"  # sound, but its metadata may still come with catalog.csv
    ACCEPTED = "accepted"  # through the door, on its way
    REJECTED = "rejected"
    EXPORTED = "exported"
    HELD = "held"  # a person must act
    FAILED = "failed"  # in the dead-letter queue with its error


ENDS = frozenset({Status.REJECTED, Status.EXPORTED, Status.HELD, Status.FAILED})


class Verdict(StrEnum):
    """What the checks say of a processed photo."""

    PASS = "pass"
    FLAG = "flag"  # always reviewed
    FAIL = "fail"  # a stronger way is tried once, then held


class DropStatus(StrEnum):
    """Where a drop is."""

    OPEN = "open"
    CLOSED = "closed"  # no further photo joins; its execution is started
    DONE = "done"  # every photo has reached an end (held ones may still move on)


class LotStatus(StrEnum):
    """Where a lot is."""

    PLANNED = "planned"
    REVIEW = "review"  # its sample waits for people
    ACCEPTED = "accepted"
    HELD = "held"
    EXPORTED = "exported"
    RECALLED = "recalled"  # exported in advisory mode, then refused by its sample
    FAILED = "failed"


class TaskState(StrEnum):
    """Where a review task is."""

    OPEN = "open"
    CLAIMED = "claimed"
    DECIDED = "decided"
    SUPERSEDED = "superseded"  # its lot was refused before anybody decided it


class Reason(Record):
    """Why a photo was rejected, held or failed: what was measured, what is required, what to do."""

    code: str = Field(description="stable upper-case code, a key of reasons.yaml")
    message: str = Field(description="one sentence for a person")
    measured: str = ""
    required: str = ""
    cure: str = Field(description="what to do about it")


class CatalogEntry(Record):
    """What the catalogue knows of a product (one SKU). Complete means SKU, title and category."""

    sku: str
    title: str = ""
    description: str = ""
    brand: str = ""
    category: str = ""
    material: str = ""
    colour: str = ""
    gtin: str = ""
    price: str = ""
    currency: str = ""
    link: str = ""
    keywords: list[str] = Field(default_factory=list)
    creator: str = ""
    copyright: str = ""
    credit: str = ""
    alt_text: str = ""
    height_cm: float | None = None
    extra: dict[str, str] = Field(default_factory=dict, description="columns that packshot does not know")


class Preflight(Record):
    """Cheap measurements at the door that decide the way (all at <= 512 px)."""

    background_evenness: float = Field(ge=0, le=1, description="1 = perfectly even border")
    background_colour: tuple[int, int, int]
    contrast: float = Field(ge=0, description="CIE76 distance of product and background, 0..~100")
    specular: float = Field(ge=0, le=1, description="share of blown, neutral highlights in the product")
    transparency: float = Field(ge=0, le=1, description="likelihood of glass")
    texture: float = Field(ge=0, description="share of the product's pixels with fine detail")
    sharpness: float = Field(ge=0, description="variance of the Laplacian at 1024 px")
    clipped: float = Field(ge=0, le=1, description="share of pixels at 0 or 255 in all channels")
    colour_family: str
    touches_frame: bool
    suggested_segment: str


class PhotoRecord(Record):
    """One photo of one drop: DynamoDB table Photos."""

    drop: str
    photo_id: str
    key: str = Field(description="S3 key in the incoming bucket, unquoted")
    version: str = Field(default="", description="S3 version id that this record speaks of")
    sequencer: str = ""
    file: str = Field(description="the key below the drop, as the user named it")
    bytes: int = 0
    sha256: str = ""
    width: int = 0
    height: int = 0
    sku: str = ""
    view: str = ""
    n: int = 1
    catalog: CatalogEntry | None = None
    catalog_etag: str = Field(default="", description="ETag of the catalog.csv that was merged, if any")
    source_metadata: dict[str, Any] = Field(default_factory=dict, description="EXIF/XMP/IPTC worth keeping")
    preflight: Preflight | None = None
    segment: str = ""
    notes: list[str] = Field(default_factory=list)
    status: Status = Status.WAITING
    reason: Reason | None = None
    lot: str = ""
    verdict: Verdict | None = None
    flags: list[str] = Field(default_factory=list)
    error_score: float | None = Field(default=None, ge=0, le=1)
    altered: bool = False
    sampled: bool = False
    way: str = ""
    profile_version: int = 0
    exports: dict[str, str] = Field(default_factory=dict, description="channel -> key in the output bucket")
    received_at: str = Field(default_factory=now)
    ended_at: str = ""
    letter: bool = Field(default=False, description="failed, and its dead letter has been sent")


class DropRecord(Record):
    """One drop: DynamoDB table Drops."""

    drop: str
    prefix: str = Field(description="S3 prefix, e.g. incoming/<name as dropped>/")
    status: DropStatus = DropStatus.OPEN
    opened_at: str = Field(default_factory=now)
    last_event_at: str = Field(default_factory=now)
    ready: bool = Field(default=False, description="_READY was seen")
    closed_at: str = ""
    done_at: str = ""
    execution: str = ""
    catalog_errors: list[str] = Field(default_factory=list)
    note: str = ""


class LotRecord(Record):
    """One lot: DynamoDB table Lots; the photo ids are in S3 (``plans/<drop>/<lot>.json``)."""

    drop: str
    lot: str
    segment: str
    size: int
    chunks: int
    status: LotStatus = LotStatus.PLANNED
    attempt: int = Field(default=0, description="0 = first pass, 1 = rework")
    profile_version: int = 0
    sample_size: int = 0
    acceptance_number: int = 0
    defects: int = 0
    decided: int = 0
    task_ids: list[str] = Field(default_factory=list, description="the review tasks of this attempt")
    decision: str = Field(default="", description="accept, rework or hold, once known")
    token: str = Field(default="", description="Step Functions task token of the review gate")
    reason: Reason | None = None
    updated_at: str = Field(default_factory=now)


class Check(Record):
    """One automatic check of one photo, with its limit."""

    name: str
    value: float
    limit: float
    passed: bool
    says: str = Field(description="the finding in words")


class TaskRecord(Record):
    """One review task: one photo that a person looks at. DynamoDB table Tasks."""

    task_id: str
    drop: str
    lot: str
    photo_id: str
    sku: str
    view: str
    file: str
    segment: str
    why: str = Field(description="sample, flag, altered, exception, canary or rework")
    state: TaskState = TaskState.OPEN
    owner: str = ""
    lease_until: int = Field(default=0, description="epoch seconds; a claim past it is free again")
    due_at: str = ""
    escalated: bool = False
    decision: str = Field(default="", description="approve or reject")
    reasons: list[str] = Field(default_factory=list)
    comment: str = ""
    decided_by: str = ""
    decided_at: str = ""
    checks: list[Check] = Field(default_factory=list)
    error_score: float | None = None
    override: dict[str, Any] = Field(default_factory=dict)
    version: int = Field(default=0, description="optimistic lock; grows with every write")
    created_at: str = Field(default_factory=now)
