"""How busy the state machine interpreter is, and how long a task has really been running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SLICE_SECONDS = 0.5
"""How long a stopped execution may go unnoticed by the threads that wait inside it."""


class Activity:
    """Counts tasks at work, tasks that wait for a token, and retries that wait for their turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks = 0
        self._waiting = 0
        self._sleeping = 0
        self._changed = time.monotonic()
        self.closing = threading.Event()

    def touch(self) -> None:
        """Note that something has moved."""
        self._changed = time.monotonic()

    def _count(self, tasks: int = 0, waiting: int = 0, sleeping: int = 0) -> None:
        with self._lock:
            self._tasks += tasks
            self._waiting += waiting
            self._sleeping += sleeping
        self.touch()

    @contextmanager
    def task(self) -> Iterator[None]:
        """Count one task as at work while it runs."""
        self._count(tasks=1)
        try:
            yield
        finally:
            self._count(tasks=-1)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A task that waits for its token: it is one of the tasks, but not at work."""
        self._count(waiting=1)
        try:
            yield
        finally:
            self._count(waiting=-1)

    @contextmanager
    def sleeping(self) -> Iterator[None]:
        """Count something that waits for its time."""
        self._count(sleeping=1)
        try:
            yield
        finally:
            self._count(sleeping=-1)

    def sleep(self, seconds: float) -> None:
        """Sleep as a retry does, but no longer than the stack lives."""
        with self.sleeping():
            self.closing.wait(seconds)

    def quiet(self, seconds: float) -> bool:
        """Whether nothing but waiting for tokens has gone on for so long."""
        with self._lock:
            at_work = self._tasks - self._waiting + self._sleeping
        return at_work == 0 and time.monotonic() - self._changed >= seconds


class TaskClock:
    """Measures a task against its time-out, leaving out the time it waited for a free worker."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self._started = time.monotonic()
        self._paused_at: float | None = None
        self._paused_total = 0.0

    def pause(self) -> None:
        """Stop counting: the task waits for a worker."""
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        """Count again."""
        if self._paused_at is not None:
            self._paused_total += time.monotonic() - self._paused_at
            self._paused_at = None

    def elapsed(self) -> float:
        """Seconds since the start without the pauses."""
        now = self._paused_at or time.monotonic()
        return now - self._started - self._paused_total

    def wait(self, timeout: float, still_wanted: Callable[[], bool]) -> bool:
        """Whether the task was done in time; returns early when its execution has been stopped."""
        while not self.done.is_set():
            left = timeout - self.elapsed()
            if left <= 0 or not still_wanted():
                return self.done.is_set()
            self.done.wait(min(left, SLICE_SECONDS))
        return True
