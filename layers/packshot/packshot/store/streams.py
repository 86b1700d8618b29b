"""DynamoDB streams: what the tables' changes mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packshot.records import LotRecord, TaskRecord, TaskState, stored
from packshot.store.records_table import plain

Images = Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]


def decided_tasks(images: Images) -> Iterator[TaskRecord]:
    """Tasks that a change of (old, new) images decided, or decided anew."""
    for old, new in images:
        if "task_id" in new and new.get("state") == TaskState.DECIDED and _changed(old, new, "decided_at", "decision"):
            yield _record(TaskRecord, new)


def decided_lots(images: Images) -> Iterator[LotRecord]:
    """Lots whose first inspection a change decided by people's verdicts."""
    for old, new in images:
        first = new.get("decision") and not int(new.get("attempt", 0)) and _changed(old, new, "decision")
        if "chunks" in new and first and new.get("task_ids"):
            yield _record(LotRecord, new)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], *names: str) -> bool:
    return any(old.get(name) != new.get(name) for name in names)


def _record(kind: Any, image: Mapping[str, Any]) -> Any:
    return stored(kind, {name: plain(value) for name, value in image.items()})
