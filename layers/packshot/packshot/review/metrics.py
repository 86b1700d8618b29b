"""Numbers for the desk's charts, from the latest drops and decisions."""

from __future__ import annotations

import calendar
import time
from collections import Counter, defaultdict
from itertools import islice

from packshot.records import DropStatus, TaskState, now
from packshot.review.views import LotPoint, Metrics
from packshot.store import Store
from packshot.store.paging import newest_drops, newest_tasks, tasks_from

MOST_DROPS = 20
MOST_LOTS = 200
MOST_DECISIONS = 1000
MOST_WAITING = 5000


def metrics(store: Store) -> Metrics:
    """The latest lots and decisions and the queue as it is; bounded reads, however much there is."""
    out = Metrics(
        lots=_lots(store),
        defects={},
        by_segment={},
        by_reviewer={},
        minutes_to_decide=[],
        queue=_queue(store),
    )
    reasons, reviewers = Counter[str](), Counter[str]()
    segments: dict[str, Counter[str]] = defaultdict(Counter)
    for task in islice(newest_tasks(store.tasks, TaskState.DECIDED), MOST_DECISIONS):
        reasons.update(task.reasons)
        reviewers[task.decided_by] += 1
        segments[task.segment]["rejected" if task.decision == "reject" else "approved"] += 1
        segments[task.segment]["overridden"] += bool(task.override)
        out.minutes_to_decide.append(round((_epoch(task.decided_at) - _epoch(task.created_at)) / 60, 1))
    out.defects, out.by_reviewer = dict(reasons.most_common()), dict(reviewers.most_common())
    out.by_segment = {name: dict(counts) for name, counts in segments.items()}
    return out


def _lots(store: Store) -> list[LotPoint]:
    drops = [d for status in DropStatus for d in islice(newest_drops(store.drops, status), MOST_DROPS)]
    latest = sorted(drops, key=lambda drop: drop.last_event_at, reverse=True)[:MOST_DROPS]
    points = [
        LotPoint(
            at=lot.updated_at,
            **lot.model_dump(
                include={
                    "drop",
                    "lot",
                    "segment",
                    "status",
                    "sample_size",
                    "acceptance_number",
                    "defects",
                    "decided",
                }
            ),
        )
        for drop in latest
        for lot in islice(store.lots.of_drop(drop.drop), MOST_LOTS)
    ]
    return sorted(points, key=lambda point: point.at)[-MOST_LOTS:]


def _queue(store: Store) -> dict[str, dict[str, int]]:
    moment = now()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    waiting = {  # claimed ones twice: a task that is claimed or let go meanwhile is in one of the three reads
        task.task_id: (state, task)
        for state in (TaskState.CLAIMED, TaskState.OPEN, TaskState.CLAIMED)
        for task in islice(tasks_from(store.tasks, state), MOST_WAITING)
    }
    for state, task in waiting.values():
        counts[task.segment][state.value] += 1
        counts[task.segment]["overdue"] += bool(task.due_at) and task.due_at <= moment
    return {segment: dict(count) for segment, count in counts.items()}


def _epoch(moment: str) -> int:
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))
