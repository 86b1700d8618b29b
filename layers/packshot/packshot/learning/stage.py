"""Stage learn: decided tasks, decided lots and complaints move a segment's profile and its inspection.

Everything is kept by name, so that what is delivered twice counts once: one outcome a photo and version, one
count a lot, one entry a complaint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from packshot.learning.complaints import Complaint, read_complaints, tightened, trace
from packshot.learning.profiles import Profile, default_profile
from packshot.learning.rollback import Watch, recent_sample
from packshot.learning.updates import Outcome, following
from packshot.quality.switching import Switch
from packshot.records import LotRecord, Record, TaskRecord, stored
from packshot.store import Store

SWITCH = "switch"
COUNTED = 200
COMPLAINT = -1
TRIES = 10


class Learnt(Record):
    """What became of a batch."""

    outcomes: int = 0
    lots: int = 0
    complaints: int = 0
    untraced: int = 0
    versions: list[str] = []  # noqa: RUF012 - pydantic copies defaults


def history(store: Store, segment: str) -> list[Profile]:
    """All versions of a segment's profile, oldest first; at least the default."""
    kept = [stored(Profile, body) for body in store.profiles.list(segment, "profile#")]
    return kept or [default_profile(segment)]


def current(store: Store, segment: str) -> Profile:
    """The version in force."""
    return history(store, segment)[-1]


def inspection(store: Store, segment: str) -> Switch:
    """The segment's inspection: normal, tightened or stopped."""
    body, _ = store.profiles.get(segment, SWITCH)
    return stored(Switch, body["switch"]) if body else Switch()


def note_task(store: Store, task: TaskRecord, at: str) -> Outcome:
    """Keep a decided task's outcome under its photo and profile version; decided anew it replaces the old."""
    photo = store.photos.get(task.drop, task.photo_id)
    version = photo.profile_version if photo else 0
    outcome = Outcome.of_task(task, version, photo.way if photo else "", photo.flags if photo else ())
    _note(store, outcome, at)
    return outcome


def note_lot(store: Store, lot: LotRecord) -> bool:
    """Count a lot's first inspection on the segment's switch, once; whether it was counted now."""
    accepted = lot.decision == "accept"
    left = lot.size if accepted else 0
    return _turn(store, lot.segment, lot.lot, left, lambda switch, _: switch.after(accepted))


def learn(store: Store, segment: str) -> Profile | None:
    """Make the next version of a profile if its outcomes ask for one: rollback first, else an update."""
    versions = history(store, segment)
    profile = versions[-1]
    outcomes = _outcomes(store, segment, profile.version)
    watch = _watch(store, profile, outcomes)
    new = following(versions, watch, outcomes)
    if new.version == profile.version:
        return None
    if len(versions) == 1:
        store.profiles.add(segment, _profile_name(profile.version), profile.model_dump(mode="json"))
    added = store.profiles.add(segment, _profile_name(new.version), new.model_dump(mode="json"))
    return new if added else None


def take_complaints(store: Store, data: bytes, at: str) -> tuple[Learnt, list[str]]:
    """Trace a CSV's complaints to photos, keep them as escaped defects, tighten the segments; problems in words."""
    complaints, errors = read_complaints(data)
    answer = Learnt()
    for complaint in complaints:
        segments = _take(store, complaint, at)
        answer.complaints += 1
        if not segments:
            answer.untraced += 1
            errors.append(f"SKU {complaint.sku}: no exported photo of it is known")
        answer.versions += _learn_all(store, segments)
    return answer, errors


def take_batch(store: Store, tasks: Iterable[TaskRecord], lots: Iterable[LotRecord], at: str) -> Learnt:
    """Learn from decided tasks and lots of the tables' streams."""
    answer, segments = Learnt(), set()
    for task in tasks:
        segments.add(note_task(store, task, at).segment)
        answer.outcomes += 1
    for lot in lots:
        answer.lots += note_lot(store, lot)
    answer.versions += _learn_all(store, segments)
    return answer


def _learn_all(store: Store, segments: Iterable[str]) -> list[str]:
    made = (learn(store, segment) for segment in sorted(segments))
    return [f"{p.segment} v{p.version}" for p in made if p is not None]


def _take(store: Store, complaint: Complaint, at: str) -> set[str]:
    """Keep one complaint and its outcomes; the segments that it speaks of."""
    traced = trace(complaint, store.photos.of_sku(complaint.sku))
    photos = [p.photo_id for p in traced.photos]
    body = {"at": at, "complaint": complaint.model_dump(), "photos": photos}
    store.profiles.put("complaints", f"complaint#{complaint.complaint_id}", body)
    for outcome in traced.outcomes:
        _note(store, outcome, at)
    segments = {outcome.segment for outcome in traced.outcomes}
    for segment in segments:
        _turn(store, segment, f"complaint#{complaint.complaint_id}", COMPLAINT, _after_complaint)
    return segments


def _after_complaint(switch: Switch, counted: Mapping[str, int]) -> Switch:
    """The switch after the latest complaint, by all complaints and lots that are remembered."""
    left = sum(photos for photos in counted.values() if photos != COMPLAINT)
    return tightened(switch, sum(n == COMPLAINT for n in counted.values()), left)


def _note(store: Store, outcome: Outcome, at: str) -> None:
    kind = "complaint" if outcome.why == "complaint" else "review"
    name = f"outcome#{outcome.profile_version:06d}#{outcome.photo_id}#{kind}"
    store.profiles.put(outcome.segment, name, {"at": at, "outcome": outcome.model_dump(mode="json")})


def _outcomes(store: Store, segment: str, version: int) -> list[Outcome]:
    """The outcomes of one version in the order of their decisions."""
    bodies = sorted(store.profiles.list(segment, f"outcome#{version:06d}#"), key=lambda body: str(body["at"]))
    return [stored(Outcome, body["outcome"]) for body in bodies]


def _watch(store: Store, profile: Profile, outcomes: list[Outcome]) -> Watch | None:
    """The sequential test of a version against its parent's sample; None for a first version."""
    if not profile.parent:
        return None
    before = _outcomes(store, profile.segment, profile.parent)
    watch = Watch.begin(profile, *recent_sample(before, profile.parent))
    for outcome in outcomes:
        if outcome.why == "sample":
            watch = watch.after(outcome.photo_id, outcome.defect)
    return watch


def _turn(
    store: Store, segment: str, mark: str, count: int, change: Callable[[Switch, Mapping[str, int]], Switch]
) -> bool:
    """Change the switch for one event, once, whoever else changes it meanwhile.

    The latest events are remembered: lots with the photos that left with them, complaints with COMPLAINT.
    """
    for _ in range(TRIES):
        body, rev = store.profiles.get(segment, SWITCH)
        events: list[list[Any]] = body["events"] if body else []
        if any(mark == name for name, _ in events):
            return False
        events = [*events, [mark, count]][-COUNTED:]
        before = stored(Switch, body["switch"]) if body else Switch()
        switch = change(before, {str(name): int(number) for name, number in events})
        after = {"switch": switch.model_dump(mode="json"), "events": events}
        if store.profiles.replace(segment, SWITCH, after, rev):
            return True
    raise RuntimeError(f"the switch of {segment} is written by too many at once")


def _profile_name(version: int) -> str:
    return f"profile#{version:06d}"
