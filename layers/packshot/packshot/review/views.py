"""What the review API answers: the models of its responses and requests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from packshot.learning.complaints import Complaint
from packshot.records import Check, LotRecord, PhotoRecord, Reason, TaskRecord
from packshot.review.reasons import Defect

Row = dict[str, str]


class View(BaseModel):
    """Base of all answers and requests: no undeclared fields."""

    model_config = ConfigDict(extra="forbid")


class TaskView(View):
    """One line of the queue."""

    task: TaskRecord
    segment_owner: str
    overdue: bool
    mine: bool
    free: bool = Field(description="can be claimed now: open, mine, or its lease ran out")
    overridden: bool = Field(description="a reviewer changed edges or shadow; the changes are in the detail")
    failing: list[Check] = Field(description="the checks beyond their limit")


class TaskPage(View):
    """A piece of the queue; ask again with ``cursor`` for what follows, until it is empty."""

    tasks: list[TaskView]
    cursor: str = ""


class TrailEntry(View):
    """Who did what, and when."""

    at: str
    who: str
    what: str


class TaskDetail(View):
    """Everything the desk shows of one task. Addresses expire; never store or log them."""

    view: TaskView
    photo: PhotoRecord
    checks: list[Check] = Field(description="failing first")
    files: dict[str, str] = Field(description="name -> address, of those that exist")
    settings: dict[str, object] = Field(description="the imaging settings the batch used")
    trail: list[TrailEntry]
    undo_until: int = Field(default=0, description="epoch seconds until which I may undo my decision; 0 = not")


class Decision(View):
    """A reviewer's decision. The version is the task's as the reviewer saw it."""

    decision: Literal["approve", "reject"]
    reasons: list[str] = Field(default_factory=list, max_length=8)
    comment: str = Field(default="", max_length=1000)
    version: int = Field(ge=0)


class Decided(View):
    """What came of a decision."""

    view: TaskView
    lot: str = Field(description="what the gate says of the lot now: wait, accept, rework, hold, ...")
    undo_until: int = 0


class LotPanel(View):
    """A lot's sample: how much is looked at, what that proves, what comes next."""

    lot: LotRecord
    sample_tasks: int
    sample_decided: int
    defects: int
    other_tasks: int = Field(description="flagged, altered and exceptional photos, outside of the sample")
    other_decided: int
    plan: str
    curve: list[tuple[float, float]] = Field(description="share defective, chance that the lot is accepted")
    on_approve: str
    on_reject: str
    tasks: list[TaskView]


class DropLine(View):
    """One drop in the overview."""

    drop: str
    prefix: str
    status: str
    opened_at: str
    last_event_at: str
    done_at: str
    note: str


class DropPage(View):
    """Drops, the last active first."""

    drops: list[DropLine]
    cursor: str = ""


class Stopped(View):
    """A reason for which photos of a drop stopped."""

    code: str
    says: str
    photos: int


class DropDetail(View):
    """One drop in numbers."""

    line: DropLine
    catalog_errors: list[str]
    photos: int
    by_status: dict[str, int]
    by_segment: dict[str, int]
    by_verdict: dict[str, int]
    stages: dict[str, int] = Field(description="how many photos have passed each stage")
    reasons: list[Stopped] = Field(description="why photos stopped, the most frequent reason first")
    lots: list[LotRecord]


class PhotoLine(View):
    """One photo of a drop, with what to do about it."""

    photo_id: str
    file: str
    sku: str
    view: str
    segment: str
    status: str
    reason: Reason | None
    lot: str
    retry: bool


class PhotoPage(View):
    """A piece of a drop's photos."""

    photos: list[PhotoLine]
    cursor: str = ""


class UploadFile(View):
    """One file that the browser wants to put."""

    name: str = Field(min_length=1, max_length=900)
    bytes: int = Field(ge=0)


class UploadRequest(View):
    """A new drop's files."""

    drop: str = Field(min_length=1, max_length=200)
    files: list[UploadFile] = Field(min_length=1, max_length=200)


class UploadTarget(View):
    """Where one file goes: PUT to ``url``, or its parts to ``part_urls`` and then complete it."""

    name: str
    url: str = ""
    upload_id: str = ""
    part_bytes: int = 0
    part_urls: list[str] = Field(default_factory=list)


class UploadPlan(View):
    """Where the files go; last of all, PUT nothing to ``ready_url``: that closes the drop."""

    drop: str = Field(description="the drop's id, as in the overview")
    targets: list[UploadTarget]
    ready_url: str


class UploadComplete(View):
    """A multipart upload whose parts have all been put."""

    drop: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=900)
    upload_id: str = Field(min_length=1, max_length=1024)


class Complaints(View):
    """What customers complained of."""

    complaints: list[Complaint] = Field(min_length=1, max_length=500)


class Me(View):
    """Who I am, and how the desk works."""

    who: str
    name: str
    lease_seconds: int
    undo_seconds: int
    owners: dict[str, dict[str, str | float]]


class Reasons(View):
    """The defects a reviewer may give."""

    reasons: list[Defect]


class LotPoint(View):
    """One lot on the metrics chart."""

    drop: str
    lot: str
    segment: str
    status: str
    at: str
    sample_size: int
    acceptance_number: int
    defects: int
    decided: int


class Metrics(View):
    """What the charts draw: the latest lots and decisions, and the queue as it is."""

    lots: list[LotPoint]
    defects: dict[str, int] = Field(description="reason -> rejected photos among the latest decisions")
    by_segment: dict[str, dict[str, int]] = Field(description="segment -> approved, rejected, overridden")
    by_reviewer: dict[str, int]
    minutes_to_decide: list[float] = Field(description="from the task's creation, of the latest decisions")
    queue: dict[str, dict[str, int]] = Field(description="segment -> open, claimed, overdue")
