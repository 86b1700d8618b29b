"""Who answers for a segment's review tasks and by when (``owners.yaml``), and the escalation of late ones."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import cache
from importlib.resources import files
from itertools import takewhile

from pydantic import BaseModel, ConfigDict, Field

from packshot.documents import from_yaml
from packshot.records import TaskRecord, TaskState
from packshot.store import Conflict, Store
from packshot.store.paging import tasks_from


class Owner(BaseModel):
    """Who answers for a segment, and how soon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = Field(min_length=1)
    due_hours: float = Field(gt=0, le=24 * 365)


class Owners(BaseModel):
    """The whole of ``owners.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Owner
    segments: dict[str, Owner] = {}

    def of(self, segment: str) -> Owner:
        """The segment's owner, or the default one."""
        return self.segments.get(segment, self.default)


@cache
def owners() -> Owners:
    """The owners in force."""
    text = files("packshot.review").joinpath("owners.yaml").read_text("utf-8")
    return Owners.model_validate(from_yaml(text))


def due_at(segment: str, start: str) -> str:
    """When a task of this segment that began at ``start`` is due; both UTC, ISO 8601 to the second."""
    begun = dt.datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ")
    return (begun + dt.timedelta(hours=owners().of(segment).due_hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def escalate(store: Store, moment: str) -> int:
    """Tell the operators of every task that is overdue at ``moment`` and was not told of yet; how many.

    A task is marked before the message goes out, so that two runs at once tell of it once; if the message
    cannot be sent, the marks are taken back and the error is raised.
    """
    late: dict[str, list[TaskRecord]] = defaultdict(list)
    for state in (TaskState.OPEN, TaskState.CLAIMED):
        for task in takewhile(lambda task: task.due_at <= moment, tasks_from(store.tasks, state)):
            if task.escalated or not task.due_at:
                continue
            try:
                marked = store.tasks.escalate(task)
            except Conflict:
                continue  # somebody acted on it just now; the next run sees what came of it
            late[owners().of(task.segment).owner].append(marked)
    for owner, tasks in sorted(late.items()):
        try:
            store.notices.people(f"packshot: {_count(tasks)} overdue ({owner})", _letter(owner, tasks))
        except Exception:
            for task in tasks:
                store.tasks.escalate(task, told=False)
            raise
    return sum(map(len, late.values()))


def _count(tasks: list[TaskRecord]) -> str:
    return "1 review task" if len(tasks) == 1 else f"{len(tasks)} review tasks"


def _letter(owner: str, tasks: list[TaskRecord]) -> str:
    lots = sorted({f"{task.drop} / {task.lot}" for task in tasks})
    shown = "\n".join(f"- {task.due_at}  {task.sku} {task.view}  ({task.segment}, {task.why})" for task in tasks[:50])
    more = f"\n... and {len(tasks) - 50} more" if len(tasks) > 50 else ""
    return (
        f"{owner}: {_count(tasks)} past the due time, so {'its lot waits' if len(tasks) == 1 else 'their lots wait'}.\n"
        f"Lots: {', '.join(lots[:20])}\n\nDue (UTC), photo:\n{shown}{more}\n"
    )
