"""The queue: which tasks wait, the most urgent first, in pages; and a task as lists show it."""

from __future__ import annotations

import base64
import binascii
import heapq
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from packshot.records import TaskRecord, TaskState, now
from packshot.review.owners import owners
from packshot.review.refusal import Refusal
from packshot.review.views import TaskPage, TaskView
from packshot.store import Store
from packshot.store.paging import tasks_from

MOST_READ = 2000  # records that one page of the queue may read through
WAITING = (TaskState.OPEN, TaskState.CLAIMED)


@dataclass(frozen=True)
class Filters:
    """Which tasks the queue shows; an empty field shows all."""

    segment: str = ""
    drop: str = ""
    lot: str = ""
    why: str = ""
    check: str = ""
    owner: str = ""
    state: str = ""

    def match(self, task: TaskRecord) -> bool:
        """Whether a task is to be shown. ``check`` names a failing check, ``owner`` a person or a desk."""
        return (
            self.segment in ("", task.segment)
            and self.drop in ("", task.drop)
            and self.lot in ("", task.lot)
            and self.why in ("", task.why)
            and self.owner in ("", task.owner, owners().of(task.segment).owner)
            and (not self.check or any(c.name == self.check and not c.passed for c in task.checks))
        )

    @property
    def states(self) -> tuple[TaskState, ...]:
        """The states to look through. Raises Refusal for one that does not exist."""
        if not self.state:
            return WAITING
        try:
            return (TaskState(self.state),)
        except ValueError as error:
            raise Refusal("invalid", "Unknown state", f"Use one of {', '.join(TaskState)}.") from error


def view(task: TaskRecord, who: str) -> TaskView:
    """A task as a list shows it: without the brush strokes, which may be long."""
    live = task.state == TaskState.CLAIMED and task.lease_until >= time.time()
    mine = live and task.owner == who
    return TaskView(
        task=task.model_copy(update={"override": {}}),
        segment_owner=owners().of(task.segment).owner,
        overdue=task.state in WAITING and bool(task.due_at) and task.due_at <= now(),
        mine=mine,
        free=task.state in WAITING and (mine or not live),
        overridden=bool(task.override),
        failing=[check for check in task.checks if not check.passed],
    )


def page(store: Store, who: str, filters: Filters, cursor: str = "", limit: int = 50) -> TaskPage:
    """The tasks that match, the most urgent first, ``limit`` at a time.

    A page that has to read through very many tasks that do not match ends early, with a cursor.
    Raises Refusal for a cursor or state that is none.
    """
    found: list[TaskView] = []
    place = _place(cursor)
    for read, task in enumerate(by_urgency(store, filters.states, place), 1):
        place = (task.due_at, task.task_id)
        if filters.match(task):
            found.append(view(task, who))
        if len(found) == limit or read == MOST_READ:
            return TaskPage(tasks=found, cursor=_cursor(place))
    return TaskPage(tasks=found)


def by_urgency(
    store: Store, states: tuple[TaskState, ...] = WAITING, place: tuple[str, str] = ("", "")
) -> Iterator[TaskRecord]:
    """Tasks in these states after the place (due_at, task_id), the most urgent first."""
    streams = [tasks_from(store.tasks, state, place) for state in states]
    return heapq.merge(*streams, key=lambda task: (task.due_at, task.task_id))


def _cursor(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> tuple[str, str]:
    if not cursor:
        return ("", "")
    try:
        place: Any = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise Refusal("invalid", "Bad cursor", "Use the cursor of the page before, unchanged.") from error
    if not (isinstance(place, list) and len(place) == 2 and all(isinstance(part, str) for part in place)):
        raise Refusal("invalid", "Bad cursor", "Use the cursor of the page before, unchanged.")
    return (place[0], place[1])
