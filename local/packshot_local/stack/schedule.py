"""Schedules: moto keeps them and never fires one; here rate() runs on a timer and a test fires any at
will."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .events import envelope
from .records import StackError

log = logging.getLogger(__name__)

_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


def rate_seconds(expression: str) -> float | None:
    """Seconds between two runs of a `rate()` expression, None for a `cron()` or `at()`.

    Raises StackError for anything else.
    """
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if match:
        return int(match[1]) * _UNITS[match[2]]
    if re.match(r"(cron|at)\(", expression):
        return None
    raise StackError(f"{expression} is no schedule: write rate(5 minutes) or cron(...)")


@dataclass(frozen=True)
class Schedule:
    """One schedule with its targets, from an Events rule or from EventBridge Scheduler."""

    logical_id: str
    expression: str
    enabled: bool
    targets: tuple[dict[str, Any], ...]
    is_rule: bool

    @classmethod
    def of_rule(cls, logical_id: str, properties: dict[str, Any]) -> Schedule:
        """A schedule from an Events rule's resolved properties."""
        state = properties.get("State", "ENABLED")
        targets = tuple(properties.get("Targets", []))
        return cls(logical_id, properties["ScheduleExpression"], state == "ENABLED", targets, True)

    @classmethod
    def of_scheduler(cls, logical_id: str, properties: dict[str, Any]) -> Schedule:
        """A schedule from EventBridge Scheduler's resolved properties."""
        state = properties.get("State", "ENABLED")
        target = {"Input": "{}", **properties["Target"]}
        return cls(logical_id, properties["ScheduleExpression"], state == "ENABLED", (target,), False)


class Timer:
    """Fires schedules, and calls `tick` about every second for the stack's own housekeeping."""

    def __init__(
        self,
        schedules: list[Schedule],
        deliver: Callable[[dict[str, Any], dict[str, Any]], None],
        tick: Callable[[], None],
        region: str,
        closing: threading.Event,
    ) -> None:
        self._schedules = {schedule.logical_id: schedule for schedule in schedules}
        self._deliver = deliver
        self._tick = tick
        self._region = region
        self._closing = closing
        now = time.monotonic()
        self._due: dict[str, float] = {}
        for schedule in schedules:
            seconds = rate_seconds(schedule.expression)
            if seconds is None:
                log.info("%s (%s) does not run by itself here; fire it", schedule.logical_id, schedule.expression)
            elif schedule.enabled:
                self._due[schedule.logical_id] = now + seconds
        self._thread = threading.Thread(target=self._loop, name="stack-timer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end, after `closing` was set."""
        self._thread.join()

    def fire(self, logical_id: str) -> None:
        """Run a schedule's targets now, whatever its expression and state."""
        if logical_id not in self._schedules:
            raise StackError(f"no schedule {logical_id}; there are {', '.join(sorted(self._schedules)) or 'none'}")
        schedule = self._schedules[logical_id]
        event = envelope("aws.events", "Scheduled Event", {}, [], self._region)
        for target in schedule.targets:
            self._deliver(target, event if schedule.is_rule else json.loads(target["Input"]))

    def _loop(self) -> None:
        while not self._closing.wait(0.5):
            now = time.monotonic()
            for logical_id, due in list(self._due.items()):
                if now >= due:
                    self._due[logical_id] = due + (rate_seconds(self._schedules[logical_id].expression) or 0)
                    self._guarded(lambda logical_id=logical_id: self.fire(logical_id))  # type: ignore[misc]
            self._guarded(self._tick)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            if not self._closing.is_set():
                log.exception("the stack's timer could not do its work")
