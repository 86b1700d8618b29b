"""What decided tasks say in figures: how often people refuse what, and how long they look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from packshot.records import Record
from packshot.store.streams import Images, decided_tasks

LONGEST_MIN = 60.0  # who holds a photo for longer was away


class Figures(Record):
    """Counts of a batch of changes to tasks."""

    decided: int = 0
    rejected: int = 0
    sample_decided: int = 0
    sample_defects: int = 0
    flag_decided: int = 0
    flag_defects: int = 0
    minutes: list[float] = Field(default_factory=list, description="from the last claim to the verdict, a photo")


def figures(images: Images) -> Figures:
    """Count the tasks that changes of (old, new) images decided; a task decided anew counts anew."""
    answer = Figures()
    for pair in images:
        for task in decided_tasks([pair]):
            refused = task.decision == "reject"
            answer.decided += 1
            answer.rejected += refused
            if task.why == "sample":
                answer.sample_decided += 1
                answer.sample_defects += refused
            elif task.why == "flag":
                answer.flag_decided += 1
                answer.flag_defects += refused
            claimed = _claimed_at(pair[1])
            if claimed:
                took = dt.datetime.fromisoformat(task.decided_at) - dt.datetime.fromisoformat(claimed)
                answer.minutes.append(min(max(took.total_seconds() / 60, 0.0), LONGEST_MIN))
    return answer


def _claimed_at(image: Mapping[str, Any]) -> str:
    """When the task was last claimed, by its trail; empty when it has none."""
    claims = [str(entry["at"]) for entry in image.get("trail", []) if entry.get("what") == "claimed"]
    return claims[-1] if claims else ""
