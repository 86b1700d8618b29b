"""Stage inspect: judge a lot's canary, check every photo, draw the sample, and decide or ask people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from packshot import keys
from packshot.ends import end_photo
from packshot.learning.stage import inspection
from packshot.plan.lots import Lot, PhotoRef
from packshot.plan.stage import read_lot
from packshot.quality.checks import LotStats, check, lot_stats
from packshot.quality.limits import load_limits
from packshot.quality.lots import decide_canary, fuse
from packshot.quality.sampling import Plan, draw, plan_for
from packshot.quality.score import error_score
from packshot.quality.switching import State
from packshot.quality.verdict import verdict
from packshot.reasons import reason
from packshot.records import (
    ENDS,
    Check,
    LotRecord,
    LotStatus,
    PhotoRecord,
    Reason,
    Record,
    Status,
    TaskRecord,
    Verdict,
    now,
)
from packshot.review.owners import due_at
from packshot.settings import InspectSettings
from packshot.store import Conflict, Store
from packshot.store.objects import Missing

Step = Literal["canary", "lot", "gate"]


class Inspection(Record):
    """What the state machine asks for."""

    step: Step
    drop: str
    lot: str
    attempt: int = 0
    token: str = ""


class Inspected(Record):
    """What the state machine goes by: proceed or stop (canary); accept, review, rework or hold (lot)."""

    decision: str


@dataclass(frozen=True)
class Finding:
    """One photo's verdict with what it rests on."""

    ref: PhotoRef
    checks: list[Check]
    score: float
    verdict: Verdict
    flags: list[str]
    altered: bool
    way: str
    notes: list[str]


def inspect_canary(store: Store, drop: str, lot_id: str) -> Inspected:
    """Whether the rest of the lot is worth its cost. A lot that is all canary goes on: nothing is saved."""
    lot = read_lot(store, drop, lot_id)
    results = _measurements(store, lot, lot.chunks[0])
    verdicts = [
        _judge(lot, ref, results[ref.photo_id], None).verdict if ref.photo_id in results else Verdict.FAIL
        for ref in lot.chunks[0]
        if not ref.helper
    ]
    alone = len(lot.chunks) == 1 or not verdicts
    return Inspected(decision="proceed" if alone or decide_canary(verdicts) == "go" else "stop")


def inspect_lot(store: Store, settings: InspectSettings, drop: str, lot_id: str, attempt: int) -> Inspected:
    """Check every photo, draw the sample, write the review tasks; run again it finds the same.

    A lot that was decided already (a retry, or a resume after its gate died) keeps its decision.
    """
    record = store.lots.get(drop, lot_id)
    lot = read_lot(store, drop, lot_id)
    if record is not None and record.attempt == attempt and record.decision:
        if record.decision == "accept":
            _judge_late(store, lot, attempt)
        return Inspected(decision=record.decision)
    results = _measurements(store, lot, lot.photos)
    alive = _lose_the_lost(store, lot, results)
    stats = lot_stats([results[ref.photo_id]["measurements"] for ref in alive])
    findings = [_judge(lot, ref, results[ref.photo_id], stats) for ref in alive]
    if fuse(sum(not ref.helper for ref in lot.photos) - len(alive), len(lot.photos)):
        _write_lot(store, drop, lot_id, attempt, status=LotStatus.HELD, decision="hold")
        return Inspected(decision="hold")
    severity = inspection(store, lot.segment).state
    passed = [f for f in findings if f.verdict == Verdict.PASS and not f.altered]
    plan = _plan(settings, len(passed), severity)
    strata = [(f.ref.photo_id, f.way) for f in passed]
    sampled = set(draw(f"{lot_id}.{attempt}", strata, plan.n)) if plan else set()
    refused = _refused_before(store, lot_id) if attempt else set()
    tasks = [task for f in findings if (task := _task(f, lot, attempt, sampled, refused)) is not None]
    gated = settings.gate_mode == "gate" and bool(tasks)
    names = [t.task_id for t in tasks]
    if record is None or (record.attempt, record.task_ids) != (attempt, names) or not names:
        # Before the tasks: a verdict on a lot that does not know its tasks yet would decide nothing or too much.
        _write_lot(
            store, drop, lot_id, attempt, sample_size=len(sampled), acceptance_number=plan.ac if plan else 0,
            task_ids=names, defects=0, decided=0, decision="" if tasks else "accept", token="",
            status=LotStatus.REVIEW if gated else LotStatus.ACCEPTED,
        )  # fmt: skip
    for task in tasks:
        store.tasks.create(task)
    for finding in findings:
        _record(
            store, drop, lot, finding, finding.ref.photo_id in sampled, reason("AWAITING_REVIEW") if gated else None
        )
    return Inspected(decision="review" if gated else "accept")


def _judge_late(store: Store, lot: Lot, attempt: int) -> None:
    """Judge photos that a person sent through again after their lot was accepted.

    No sample stands for them: one that is not beyond doubt is held until a person has approved it.
    """
    results = _measurements(store, lot, lot.photos)
    for ref in _lose_the_lost(store, lot, results):
        photo = store.photos.get(lot.drop, ref.photo_id)
        if photo is None or photo.status != Status.ACCEPTED:
            continue
        finding = _judge(lot, ref, results[ref.photo_id], None)
        task = _task(finding, lot, attempt, set(), set())
        if task is not None and not store.tasks.create(task):
            task = store.tasks.get(task.task_id)
        approved = task is None or task.decision == "approve"
        _record(store, lot.drop, lot, finding, photo.sampled, None if approved else _checks_failed(finding))


def _refused_before(store: Store, lot: str) -> set[str]:
    """Photos that a person refused before the rework: they do not leave before a person has seen them again."""
    return {task.photo_id for task in store.tasks.of_lot(lot) if task.decision == "reject"}


def _plan(settings: InspectSettings, passed: int, severity: State) -> Plan | None:
    """The sampling plan in force; after a stop every photo of the segment is looked at."""
    if not passed:
        return None
    if severity == "stop":
        return Plan(passed, 0, "share", "every photo")
    share, least = settings.sample_share, settings.sample_least
    return plan_for(passed, settings.sample_plan, severity, share, least, settings.sample_aql)


def _measurements(store: Store, lot: Lot, refs: Iterable[PhotoRef]) -> dict[str, dict[str, Any]]:
    """The checkpoints of photos, by photo_id; those without one are absent."""
    found = {}
    for ref in refs:
        if ref.helper:
            continue
        try:
            found[ref.photo_id] = store.work.get_json(keys.photo_key(lot.drop, ref.photo_id, "measurements.json"))
        except Missing:
            continue
    return found


def _lose_the_lost(store: Store, lot: Lot, results: dict[str, dict[str, Any]]) -> list[PhotoRef]:
    """The photos that were processed; one that neither has a result nor came to an end is recorded as failed."""
    alive = []
    judged = [ref for ref in lot.photos if not ref.helper]
    photos = store.photos.get_many(lot.drop, (ref.photo_id for ref in judged))
    for ref in judged:
        photo = photos.get(ref.photo_id)
        if photo is None or photo.status in (Status.FAILED, Status.REJECTED) or _held_for_good(photo):
            continue
        if ref.photo_id not in results:
            why = reason("PROCESSING_ERROR", detail="There is no result after all retries.")
            end_photo(store, lot.drop, ref.photo_id, why, stage="inspect")
            continue
        alive.append(ref)
    return alive


def _held_for_good(photo: PhotoRecord) -> bool:
    return photo.status == Status.HELD and photo.reason is not None and photo.reason.code == "NO_PRODUCT"


def _judge(lot: Lot, ref: PhotoRef, result: dict[str, Any], stats: LotStats | None) -> Finding:
    limits = load_limits()
    numbers = result["measurements"]
    checks = check(numbers, ref.segment, limits, stats)
    score = error_score(numbers, ref.segment, stats)
    outcome, flags = verdict(checks, score, ref.segment, lot, limits)
    return Finding(ref, checks, score, outcome, flags, result["altered"], result["way"], result["notes"])


def _task(finding: Finding, lot: Lot, attempt: int, sampled: set[str], refused: set[str]) -> TaskRecord | None:
    """The photo's review task, if it needs one: flagged, failed, altered, sampled, or refused before."""
    if finding.verdict != Verdict.PASS:
        why = "exception" if finding.ref.segment == "exception" else "flag"
    elif finding.altered:
        why = "altered"
    elif finding.ref.photo_id in sampled:
        why = "sample"
    elif finding.ref.photo_id in refused:
        why = "rework"
    else:
        return None
    ref = finding.ref
    return TaskRecord(
        task_id=f"{lot.lot}.{attempt}.{ref.photo_id}", drop=lot.drop, lot=lot.lot, photo_id=ref.photo_id,
        sku=ref.sku, view=ref.view, file=ref.key.rsplit("/", 1)[-1], segment=ref.segment, why=why,
        due_at=due_at(ref.segment, now()), checks=finding.checks, error_score=finding.score,
    )  # fmt: skip


def _checks_failed(finding: Finding) -> Reason:
    return reason("CHECKS_FAILED", detail="; ".join(c.says for c in finding.checks if not c.passed))


def _record(store: Store, drop: str, lot: Lot, finding: Finding, sampled: bool, held: Reason | None) -> None:
    """Write the verdict on the photo's record; behind a gate it is held until people have decided."""
    fields: dict[str, Any] = {
        "lot": lot.lot, "profile_version": lot.profile_version,
        "segment": finding.ref.segment, "verdict": finding.verdict, "flags": finding.flags,
        "error_score": round(finding.score, 6), "altered": finding.altered, "sampled": sampled, "way": finding.way,
        "notes": finding.notes,
    }  # fmt: skip
    if finding.verdict == Verdict.FAIL:
        held = _checks_failed(finding)
    if held is not None:
        fields |= {"status": Status.HELD, "reason": held}
    else:
        fields |= {"status": Status.ACCEPTED, "reason": None}  # it may have failed before its rework
    try:
        store.photos.update(drop, finding.ref.photo_id, expect={Status.ACCEPTED, Status.HELD}, **fields)
    except Conflict:
        # Exported before this retry: its verdict is on record already.
        photo = store.photos.get(drop, finding.ref.photo_id)
        if photo is None or photo.status not in ENDS:
            raise


def _write_lot(store: Store, drop: str, lot: str, attempt: int, **fields: Any) -> LotRecord:
    return store.lots.update(drop, lot, attempt=attempt, **fields)
