"""Long lists in pieces: the tables' own records, from a place on, or the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from packshot.records import DropRecord, DropStatus, TaskRecord, TaskState
from packshot.store.tables import Drops
from packshot.store.tasks_table import Tasks

Place = tuple[str, str]


def tasks_from(tasks: Tasks, state: TaskState, after: Place = ("", "")) -> Iterator[TaskRecord]:
    """Tasks in a state after the place (due_at, task_id), by due time and then by id.

    The index leaves the order among equal due times open, so each such group is sorted here.
    """
    condition, values = "#s = :s", {":s": state.value}
    if after[0]:
        condition, values = "#s = :s AND due_at >= :due", {":s": state.value, ":due": after[0]}
    found = tasks._query(condition, values, IndexName="by_state", ExpressionAttributeNames={"#s": "state"})
    for _due, group in groupby(found, key=lambda task: task.due_at):
        for task in sorted(group, key=lambda task: task.task_id):
            if (task.due_at, task.task_id) > after:
                yield task


def newest_tasks(tasks: Tasks, state: TaskState) -> Iterator[TaskRecord]:
    """Tasks in a state, the latest due first."""
    return tasks._query(
        "#s = :s",
        {":s": state.value},
        IndexName="by_state",
        ExpressionAttributeNames={"#s": "state"},
        ScanIndexForward=False,
    )


def newest_drops(drops: Drops, status: DropStatus, before: str = "") -> Iterator[DropRecord]:
    """Drops with a status, the last active first, from a moment (ISO time, exclusive) backwards."""
    extra: dict[str, Any] = {"IndexName": "by_status", "ScanIndexForward": False}
    extra["ExpressionAttributeNames"] = {"#s": "status"}
    if before:
        return drops._query("#s = :s AND last_event_at < :before", {":s": status.value, ":before": before}, **extra)
    return drops._query("#s = :s", {":s": status.value}, **extra)
