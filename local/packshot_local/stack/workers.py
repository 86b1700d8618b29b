"""Pools of workers, one for each function, as large as its concurrency."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .launch import Launcher
from .records import FunctionSpec, Invocation, StackError, WorkerInfo
from .worker import LogSink, Worker, memory_bytes


def _nothing() -> None:
    """Called when nobody wants to know."""


class Pool:
    """The workers of one function, at most `spec.concurrency` of them, started when first needed."""

    def __init__(
        self,
        spec: FunctionSpec,
        launcher: Launcher,
        on_log: LogSink,
        on_change: Callable[[], None],
    ) -> None:
        self.spec = spec
        self.peak_rss_bytes = 0
        self._on_change = on_change
        self._launcher = launcher
        self._on_log = on_log
        self._slots = threading.Condition()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._starting = 0
        self._waiting = 0
        self._closed = False

    @property
    def active(self) -> int:
        """Events in a worker or waiting for one."""
        with self._slots:
            return len(self._busy) + self._starting + self._waiting

    def has_free_slot(self) -> bool:
        """Whether a call would start at once."""
        with self._slots:
            return len(self._busy) + self._starting < self.spec.concurrency

    def invoke(self, event: bytes, on_start: Callable[[], None] = _nothing) -> Invocation:
        """Run one event when a worker is free for it; `on_start` is called when the worker begins."""
        queued_since = time.monotonic()
        worker = self._take()
        try:
            return worker.run(event, queued_since, on_start)
        finally:
            self._give_back(worker)

    def _take(self) -> Worker:
        with self._slots:
            self._waiting += 1
            self._slots.wait_for(lambda: self._closed or len(self._busy) + self._starting < self.spec.concurrency)
            self._waiting -= 1
            if self._closed:
                raise StackError(f"{self.spec.logical_id} was called while the stack was closing")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    self._busy.add(worker)
                    return worker
                worker.close()
            self._starting += 1
        try:
            worker = Worker(self.spec, self._launcher, self._on_log)
        except BaseException:
            with self._slots:
                self._starting -= 1
                self._slots.notify()
            raise
        with self._slots:
            self._starting -= 1
            self._busy.add(worker)
        return worker

    def warm(self) -> None:
        """Start all workers at once, to wait for their first events: AWS's provisioned concurrency."""
        for _ in range(self.spec.concurrency):
            worker = Worker(self.spec, self._launcher, self._on_log, warm=True)
            with self._slots:
                self._idle.append(worker)

    def _give_back(self, worker: Worker) -> None:
        self._note_memory(worker)
        self._on_change()
        with self._slots:
            self._busy.discard(worker)
            keep = worker.alive and not self._closed and worker.spec is self.spec
            if keep:
                self._idle.append(worker)
            self._slots.notify()
        if not keep:
            worker.close()

    def _note_memory(self, worker: Worker) -> int:
        now, peak = memory_bytes(worker.process.pid)
        self.peak_rss_bytes = max(self.peak_rss_bytes, peak)
        return now

    def workers(self) -> list[WorkerInfo]:
        """The live processes, with their memory now; notes the peak on the way."""
        with self._slots:
            live = [worker for worker in (*self._busy, *self._idle) if worker.alive]
        return [WorkerInfo(self.spec.logical_id, worker.process.pid, self._note_memory(worker)) for worker in live]

    def reconfigure(self, change: Callable[[FunctionSpec], FunctionSpec]) -> FunctionSpec:
        """Change the function as a deployment does: a call at work ends as it began. Returns what was."""
        with self._slots:
            before, self.spec = self.spec, change(self.spec)
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        return before

    def kill(self, name: str) -> None:
        """SIGKILL the worker of this name, if it lives."""
        with self._slots:
            for worker in self._busy:
                if worker.name == name:
                    worker.strike()

    def kill_one(self) -> int:
        """SIGKILL one worker, a busy one first; returns its pid. Raises StackError when there is none."""
        with self._slots:
            for worker in (*self._busy, *self._idle):
                if worker.alive and worker.strike():
                    return worker.process.pid
        raise StackError(f"{self.spec.logical_id} has no worker to kill")

    def close(self) -> None:
        """End all workers; calls in progress come back as errors."""
        with self._slots:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            self._slots.notify_all()
        for worker in idle:
            worker.close()
        for worker in busy:
            worker.kill()  # the thread that waits for it closes it
        with self._slots:
            self._slots.wait_for(lambda: not self._busy and not self._starting, timeout=10)


class Pools:
    """All functions of the stack, by physical name, ARN or logical id."""

    def __init__(
        self,
        specs: list[FunctionSpec],
        launcher: Launcher,
        on_log: LogSink,
        on_change: Callable[[], None],
    ) -> None:
        self._by_id = {spec.logical_id: Pool(spec, launcher, on_log, on_change) for spec in specs}
        self._by_name = {pool.spec.name: pool for pool in self._by_id.values()}

    def find(self, name: str) -> Pool:
        """The pool of a function given by logical id, name, or ARN with or without qualifier."""
        if name in self._by_id:
            return self._by_id[name]
        plain = name.split(":function:")[-1].split(":")[0]
        if plain not in self._by_name:
            raise StackError(f"no function {name} in the template; there are {', '.join(sorted(self._by_id))}")
        return self._by_name[plain]

    def invoke(self, name: str, event: bytes) -> Invocation:
        """Run one event in a function given by any of its names."""
        return self.find(name).invoke(event)

    def kill(self, function: str, worker: str) -> None:
        """SIGKILL one worker of a function by its name, if it lives."""
        self._by_id[function].kill(worker)

    @property
    def active(self) -> int:
        """Events in workers or waiting for one, over all functions."""
        return sum(pool.active for pool in self._by_id.values())

    def workers(self) -> list[WorkerInfo]:
        """All live processes."""
        return [info for pool in self._by_id.values() for info in pool.workers()]

    def peak_rss_bytes(self) -> dict[str, int]:
        """Highest resident memory of any one worker of each function so far, in bytes."""
        return {logical_id: pool.peak_rss_bytes for logical_id, pool in self._by_id.items()}

    def close(self) -> None:
        """End everything and wait for it."""
        closers = [threading.Thread(target=pool.close, name="stack-close") for pool in self._by_id.values()]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()
