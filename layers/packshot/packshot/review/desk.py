"""The review desk: claims with leases, decisions, undo and overrides. The store is handed in."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from typing import Any

from pydantic import Field

from packshot import keys
from packshot.records import LotRecord, TaskRecord, TaskState
from packshot.review.override import Override
from packshot.review.queue import Filters, by_urgency, view
from packshot.review.reasons import defects
from packshot.review.refusal import Refusal
from packshot.review.views import Decided, Decision, TaskDetail, TaskView, TrailEntry
from packshot.settings import ReviewSettings
from packshot.store import Conflict, Store
from packshot.store.objects import Missing
from packshot.store.uploads import get_url

FILES = ("preview.webp", "master.png", "matte.png", "shadow.png")
RESULT = "measurements.json"
RENDERED = "override.json"

Settle = Callable[[Store, str, str], str]


class DeskSettings(ReviewSettings):
    """How the desk behaves."""

    undo_seconds: int = Field(default=60, ge=0, le=3600)
    address_seconds: int = Field(default=900, ge=60, le=3600, description="how long addresses of pictures last")


def detail(store: Store, settings: DeskSettings, task_id: str, who: str) -> TaskDetail:
    """One task with its photo, its pictures' addresses and its history. Raises Refusal when there is none."""
    task = find(store, task_id)
    photo = store.photos.get(task.drop, task.photo_id)
    if photo is None:
        raise Refusal("not-found", "No such photo", "The task's photo is not recorded any more.")
    folder = keys.photo_key(task.drop, task.photo_id, "")
    there = {entry.key.removeprefix(folder) for entry in store.work.list(folder)}
    seconds = settings.address_seconds
    files = {name: get_url(store.work, folder + name, "", seconds) for name in FILES if name in there}
    files["source"] = get_url(store.incoming, photo.key, photo.version, seconds)
    result = store.work.get_json(folder + RESULT) if RESULT in there else {}
    lot = store.lots.get(task.drop, task.lot)
    shown = view(task, who)
    shown.task.override = task.override
    return TaskDetail(
        view=shown,
        photo=photo,
        checks=sorted(task.checks, key=lambda check: check.passed),
        files=files,
        settings=result.get("settings", {}),
        trail=[TrailEntry(**entry) for entry in store.tasks.trail(task_id)],
        undo_until=_undo_until(task, lot, who, settings),
    )


def claim(store: Store, settings: DeskSettings, task_id: str, who: str) -> TaskView:
    """Take a task for the lease's time, or prolong one's own lease. Raises Refusal when somebody holds it."""
    task = find(store, task_id)
    _require_waiting(task)
    try:
        return view(store.tasks.claim(task_id, who, settings.lease_minutes * 60), who)
    except Conflict as error:
        holder = find(store, task_id).owner or "Somebody"
        raise Refusal("conflict", "Taken", f"{holder} is looking at this photo.") from error


def claim_next(store: Store, settings: DeskSettings, who: str, filters: Filters) -> TaskView:
    """Take the most urgent task that matches and is free. Raises Refusal when there is none."""
    for task in by_urgency(store):
        if filters.match(task) and view(task, who).free:
            try:
                return view(store.tasks.claim(task.task_id, who, settings.lease_minutes * 60), who)
            except Conflict:
                continue  # another reviewer was first: the next one then
    raise Refusal("not-found", "Nothing waits", "No photo that matches waits for a decision.")


def release(store: Store, task_id: str, who: str) -> TaskView:
    """Give one's task back to the queue. Raises Refusal when it is not one's own."""
    find(store, task_id)
    try:
        return view(store.tasks.release(task_id, who), who)
    except Conflict as error:
        raise Refusal("conflict", "Not yours", "You do not hold this photo.") from error


def decide(store: Store, settings: DeskSettings, settle: Settle, task_id: str, who: str, decision: Decision) -> Decided:
    """Decide a task that one holds; then the gate looks at the lot.

    The same decision delivered again changes nothing and is answered alike; so a retry after a lost answer is
    safe, and settles the lot if the first try died before that. Raises Refusal.
    """
    reasons = _checked_reasons(decision)
    task = find(store, task_id)
    if task.state == TaskState.DECIDED:
        if (task.decided_by, task.decision, task.reasons) != (who, decision.decision, reasons):
            _require_waiting(task)
    else:
        task = _write_decision(store, task, who, decision, reasons)
    outcome = settle(store, task.drop, task.lot)
    lot = store.lots.get(task.drop, task.lot)
    return Decided(view=view(task, who), lot=outcome, undo_until=_undo_until(task, lot, who, settings))


def undo(store: Store, settings: DeskSettings, task_id: str, who: str) -> TaskView:
    """Take one's decision back, within the grace time and while the lot is undecided. Raises Refusal."""
    task = find(store, task_id)
    lot = store.lots.get(task.drop, task.lot)
    if task.state != TaskState.DECIDED or task.decided_by != who:
        raise Refusal("conflict", "Nothing to undo", "You have not decided this photo.")
    if lot is not None and lot.decision:
        raise Refusal("gone", "Too late to undo", f"The lot's decision is taken: {lot.decision}.")
    if _undo_until(task, lot, who, settings) < time.time():
        raise Refusal("gone", "Too late to undo", f"The {settings.undo_seconds} seconds for it are over.")
    try:
        reopened = store.tasks.reopen(task_id, who, settings.lease_minutes * 60)
    except Conflict as error:
        raise Refusal("conflict", "Not undone", "The task changed at the same moment; look again.") from error
    lot = store.lots.get(task.drop, task.lot)
    if lot is not None and lot.decision:  # the gate counted this decision while it was being taken back
        store.tasks.decide(task_id, who, decision=task.decision, reasons=task.reasons, comment=task.comment)
        raise Refusal("gone", "Too late to undo", f"The lot's decision was just taken: {lot.decision}.")
    return view(reopened, who)


def override(store: Store, task_id: str, who: str, change: Override, version: int) -> TaskView:
    """Keep what a reviewer changed on the task that they hold; an empty change clears it. Raises Refusal."""
    task = find(store, task_id)
    require_held(task, who)
    try:
        kept = store.tasks.update(task_id, version, by=(who, _in_words(change)), override=change.stored())
    except Conflict as error:
        raise _stale() from error
    return view(kept, who)


def _write_decision(store: Store, task: TaskRecord, who: str, decision: Decision, reasons: list[str]) -> TaskRecord:
    require_held(task, who)
    if decision.decision == "approve" and task.override != rendered(store, task.drop, task.photo_id):
        detail = "The photo was changed and not rendered since: render it, look at it, then approve."
        raise Refusal("conflict", "Not rendered", detail)
    try:
        return store.tasks.decide(
            task.task_id,
            who,
            version=decision.version,
            decision=decision.decision,
            reasons=reasons,
            comment=decision.comment.strip(),
        )
    except Conflict as error:
        raise _stale() from error


def rendered(store: Store, drop: str, photo_id: str) -> dict[str, Any]:
    """The override that the photo's pictures were rendered with; empty when they are the batch's own."""
    marker = rendering(store, drop, photo_id)
    override: dict[str, Any] = marker["override"] if marker else {}
    return override


def rendering(store: Store, drop: str, photo_id: str) -> dict[str, Any] | None:
    """The marker of the last rendering: override, the batch's settings, recipe. None when there is none any more.

    A rework makes the pictures anew by another recipe: then a marker of the earlier ones says nothing.
    """
    try:
        marker: dict[str, Any] = store.work.get_json(keys.photo_key(drop, photo_id, RENDERED))
        recipe = store.work.get_json(keys.photo_key(drop, photo_id, RESULT))["recipe"]
    except Missing:
        return None
    return marker if marker["recipe"] == recipe else None


def require_held(task: TaskRecord, who: str) -> None:
    """Raises Refusal unless this person holds the task's lease now."""
    _require_waiting(task)
    if task.owner != who:
        raise Refusal("conflict", "Not yours", "Claim the photo before you decide or change it.")
    if task.lease_until < time.time():
        raise Refusal("conflict", "Lease over", "Your claim ran out. Claim the photo again; nothing was changed.")


def _require_waiting(task: TaskRecord) -> None:
    if task.state == TaskState.DECIDED:
        said = {"approve": "approved", "reject": "rejected"}.get(task.decision, "decided")
        raise Refusal("conflict", "Already decided", f"{task.decided_by} {said} this photo.")
    if task.state == TaskState.SUPERSEDED:
        raise Refusal("gone", "No longer needed", "The lot was refused meanwhile: this photo needs no decision.")


def _checked_reasons(decision: Decision) -> list[str]:
    reasons = sorted(set(decision.reasons))
    unknown = [code for code in reasons if code not in defects()]
    if unknown:
        raise Refusal("invalid", "Unknown reason", f"reasons.yaml has no {', '.join(unknown)}.")
    if decision.decision == "reject" and not reasons:
        raise Refusal("invalid", "Reason missing", "Say why: pick at least one reason.")
    if decision.decision == "approve" and reasons:
        raise Refusal("invalid", "Reasons given", "An approved photo has no reasons.")
    if "OTHER" in reasons and not decision.comment.strip():
        raise Refusal("invalid", "Comment missing", "Say what is wrong in the comment.")
    return reasons


def _in_words(change: Override) -> str:
    parts = [name for name in ("edge_shift_px", "feather_px", "fringe") if getattr(change, name) is not None]
    parts += [f"{len(change.strokes)} strokes"] if change.strokes else []
    parts += [f"shadow {change.shadow.kind}"] if change.shadow else []
    return "override " + (", ".join(parts) or "taken away")


def _stale() -> Refusal:
    return Refusal("conflict", "Changed meanwhile", "The task changed since you loaded it; look at it again.")


def _undo_until(task: TaskRecord, lot: LotRecord | None, who: str, settings: DeskSettings) -> int:
    if task.state != TaskState.DECIDED or task.decided_by != who or (lot is not None and lot.decision):
        return 0
    return calendar.timegm(time.strptime(task.decided_at, "%Y-%m-%dT%H:%M:%SZ")) + settings.undo_seconds


def find(store: Store, task_id: str) -> TaskRecord:
    """The task. Raises Refusal when there is none."""
    task = store.tasks.get(task_id)
    if task is None:
        raise Refusal("not-found", "No such task", "It was never there, or its drop was removed.")
    return task
