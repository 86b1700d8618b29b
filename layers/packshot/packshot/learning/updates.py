"""From decided tasks to the next version of a profile: medians of votes, sign tests, bounded steps.

A decision votes on a setting in one of two ways: an override names the value that it should have had; an
approval without one says that the present value is right. So a few reviewers' tastes cannot move a setting
that most approve of. Only decisions made on the present version count: older ones speak of other settings.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from packshot.learning.profiles import Evidence, Moved, Profile
from packshot.learning.rollback import Watch, proven, roll_back
from packshot.learning.thresholds import moved_thresholds
from packshot.records import TaskRecord

LEAST_VOTES = 8
SIGN_TEST = 0.05


class Outcome(BaseModel):
    """One decided photo, as far as learning needs it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    photo_id: str
    lot: str
    segment: str
    profile_version: int
    why: str = Field(description="sample, flag, altered, exception, canary or complaint")
    rejected: bool
    override: dict[str, Any] = Field(default_factory=dict)
    error_score: float | None = None
    flags: list[str] = Field(default_factory=list)
    way: str = ""

    @classmethod
    def of_task(cls, task: TaskRecord, profile_version: int, way: str = "", flags: Sequence[str] = ()) -> Outcome:
        """The outcome of a decided task; raises ValueError when it is not decided."""
        if task.decision not in ("approve", "reject"):
            raise ValueError(f"task {task.task_id} is {task.state}, not decided")
        return cls(
            photo_id=task.photo_id,
            lot=task.lot,
            segment=task.segment,
            profile_version=profile_version,
            why=task.why,
            rejected=task.decision == "reject",
            override=task.override,
            error_score=task.error_score,
            flags=list(flags) or [check.name for check in task.checks if not check.passed],
            way=way,
        )

    @property
    def defect(self) -> bool:
        """Refused, or so wrong that it was mended by hand."""
        return self.rejected or bool(self.override)


@dataclass(frozen=True)
class Dial:
    """A number that may be moved: where it is, its bounds, its largest step, and what counts as a
    difference.
    """

    field: str
    low: float
    high: float
    step: float
    notice: float
    circle: float = 0.0


DIALS = (
    Dial("edge_shift_px", -4, 4, 1.0, 0.25),
    Dial("feather_px", 0, 6, 1.0, 0.25),
    Dial("fringe", 0, 1, 0.2, 0.05),
    Dial("shadow.direction_deg", 0, 360, 20, 5, circle=360),
    Dial("shadow.length", 0, 1, 0.03, 0.01),
    Dial("shadow.softness", 0, 0.5, 0.02, 0.005),
    Dial("shadow.density", 0, 1, 0.1, 0.03),
)


def update(profile: Profile, outcomes: Sequence[Outcome]) -> Profile:
    """The next version if the decisions on this one ask for it with enough evidence, else the same profile.

    Outcomes of other segments and versions are left out; one photo counts once (its last outcome).
    """
    own = {o.photo_id: o for o in outcomes if o.segment == profile.segment and o.profile_version == profile.version}
    decided = list(own.values())
    reviewed = [o for o in decided if o.why != "complaint"]
    least = LEAST_VOTES * 2**profile.caution
    moved = [m for dial in DIALS if (m := _moved(profile, dial, reviewed, least))]
    moved += _moved_kind(profile, reviewed, least)
    moved += moved_thresholds(profile, decided, least)
    if not moved:
        return profile
    evidence = Evidence(decisions=len(decided), lots=sorted({o.lot for o in decided}), moved=moved)
    cause = "; ".join(f"{m.field} {_text(m.before)} -> {_text(m.after)}" for m in moved)
    return profile.next(cause, evidence, **_changes(profile, moved))


def following(versions: Sequence[Profile], watch: Watch | None, outcomes: Sequence[Outcome]) -> Profile:
    """The version after the newest one: its parent's settings if the watch calls it worse, else what decisions ask for.

    The same version where they ask for nothing. One that has proved sound needs no more evidence than the first.
    """
    if watch and watch.state == "worse":
        return roll_back(versions, watch)
    newest = versions[-1]
    return update(proven(newest, watch) if watch else newest, outcomes)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _read(data: dict[str, Any], field: str) -> Any:
    """A value by its dotted name; None when it is not there."""
    value: Any = data
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _changes(profile: Profile, moved: Sequence[Moved]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    shadow = profile.shadow.model_dump()
    for m in moved:
        head, _, tail = m.field.partition(".")
        if tail:
            shadow[tail] = m.after
            changes["shadow"] = shadow
        else:
            changes[head] = m.after
    return changes


def _votes(outcomes: Sequence[Outcome], field: str, present: Any) -> Iterator[Any]:
    """What each decision says the setting should be; a plain refusal says nothing of it."""
    for o in outcomes:
        wanted = _read(o.override, field)
        if wanted is not None:
            yield wanted
        elif not o.rejected:
            yield present


def _moved(profile: Profile, dial: Dial, outcomes: Sequence[Outcome], least: int) -> Moved | None:
    """A bounded step to the median of the votes, if they lean to one side beyond chance."""
    present = float(_read(profile.model_dump(), dial.field))
    votes = [float(v) for v in _votes(outcomes, dial.field, present)]
    if len(votes) < least:
        return None
    gaps = [_gap(v, present, dial.circle) for v in votes]
    middle = median(gaps)
    side = sum(g * middle > 0 and abs(g) >= dial.notice for g in gaps)
    if abs(middle) < dial.notice or sign_test(side, len(gaps)) >= SIGN_TEST:
        return None
    after = present + math.copysign(min(abs(middle), dial.step), middle)
    after = after % dial.circle if dial.circle else min(dial.high, max(dial.low, after))
    if abs(after - present) < 1e-9:
        return None
    wanted = (present + middle) % dial.circle if dial.circle else present + middle
    note = f"{side} of {len(gaps)} on this side"
    return Moved(
        field=dial.field,
        before=present,
        after=round(after, 4),
        votes=len(votes),
        wanted=round(wanted, 4),
        note=note,
    )


def _gap(value: float, present: float, circle: float) -> float:
    """How far the value lies from the present one, the short way round a circle."""
    gap = value - present
    return (gap + circle / 2) % circle - circle / 2 if circle else gap


def _moved_kind(profile: Profile, outcomes: Sequence[Outcome], least: int) -> list[Moved]:
    """Another kind of shadow, when two thirds of enough votes want it."""
    votes = Counter(_votes(outcomes, "shadow.kind", profile.shadow.kind))
    total = sum(votes.values())
    if total < least:
        return []
    kind, count = votes.most_common(1)[0]
    if kind == profile.shadow.kind or 3 * count < 2 * total:
        return []
    note = f"{count} of {total} want it"
    before = profile.shadow.kind
    return [Moved(field="shadow.kind", before=before, after=kind, votes=total, wanted=kind, note=note)]


def sign_test(side: int, votes: int) -> float:
    """Chance that at least ``side`` of ``votes`` fair coins fall one way."""
    return float(sum(math.comb(votes, k) for k in range(side, votes + 1)) / 2**votes)
