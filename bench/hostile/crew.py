"""Worker processes that may die: inputs are judged one by one, each with its CPU seconds and peak memory.

A worker tells of every input when it is done with it; if it dies, the next one is the culprit, and another
worker goes on behind it. Linux only: peaks are read from ``/proc``.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from bench.hostile.inputs import Input

MOST_CPU_S = 2.0
MOST_MB = 500.0
KILLED_AFTER_CPU_S = 20.0  # a hang ends here; everything over MOST_CPU_S is reported anyway
SILENT_S = 300.0  # without a word for so long a worker is taken for blocked
ADDRESS_SPACE = 4 << 30  # protects the machine

Make = Callable[[int], Input]
Judge = Callable[[Input], str]


@dataclass(frozen=True)
class Verdict:
    """What became of one input. ``error`` is empty when packshot kept its word."""

    number: int
    kind: str
    how: str
    told: str
    cpu_s: float
    peak_mb: float
    error: str = ""

    @property
    def fault(self) -> str:
        """Why this verdict is a fault of packshot, or empty."""
        if self.error:
            return self.error
        if self.cpu_s > MOST_CPU_S:
            return f"{self.cpu_s:.2f} s of CPU; at most {MOST_CPU_S:g}"
        if self.peak_mb > MOST_MB:
            return f"{self.peak_mb:.0f} MB; at most {MOST_MB:g}"
        return ""


def _peak(reset: bool = False) -> float:
    """The process's peak of resident memory, MB, since it was last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def judged(number: int, make: Make, judge: Judge) -> Verdict:
    """Make one input, judge it, measure both what it took and what it came to."""
    given = make(number)
    _peak(reset=True)
    signal.setitimer(signal.ITIMER_PROF, KILLED_AFTER_CPU_S)
    start, error, told = time.process_time(), "", ""
    try:
        told = judge(given)
    except Exception as caught:  # noqa: BLE001 - whatever comes out is the finding
        where = traceback.extract_tb(caught.__traceback__)[-1]
        error = f"{type(caught).__name__}: {str(caught)[:200]} ({Path(where.filename).name}:{where.lineno})"
    spent = time.process_time() - start
    signal.setitimer(signal.ITIMER_PROF, 0)
    return Verdict(number, given.kind, given.how, told, spent, _peak(), error)


def _work(numbers: range, make: Make, judge: Judge, out: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in numbers:
        out.send(judged(number, make, judge))


class _Worker:
    """One process and what it still has to do."""

    def __init__(self, numbers: range, make: Make, judge: Judge) -> None:
        self.numbers, self.make, self.judge = numbers, make, judge
        self.heard = time.monotonic()
        self.inbox: Connection
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.inbox, out = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(self.numbers, self.make, self.judge, out), daemon=True)
        self.process.start()
        out.close()
        self.heard = time.monotonic()

    def hear(self) -> Verdict | None:
        """What it has to say; None when it was done. A death is told of its input, and a new process goes on."""
        try:
            verdict: Verdict = self.inbox.recv()
        except EOFError:
            return self._dead() if self.numbers else None
        self.numbers, self.heard = self.numbers[1:], time.monotonic()
        return verdict

    def _dead(self) -> Verdict:
        self.process.join()
        number, code = self.numbers[0], self.process.exitcode or 0
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        self.numbers = self.numbers[1:]
        self.close()
        if self.numbers:
            self._begin()
        given = self.make(number)
        return Verdict(number, given.kind, given.how, "", 0.0, 0.0, f"the worker died ({how})")

    def stop_if_silent(self) -> None:
        if time.monotonic() - self.heard > SILENT_S:
            self.process.kill()

    def close(self) -> None:
        self.inbox.close()
        self.process.join()


def verdicts(count: int, workers: int, make: Make, judge: Judge, first: int = 0) -> Iterator[Verdict]:
    """All inputs' verdicts as they come, each worker every ``workers``-th input.

    ``make`` and ``judge`` are sent to the workers (picklable); a worker starts fresh, it inherits no memory.
    """
    crew = [_Worker(range(first + n, first + count, workers), make, judge) for n in range(min(workers, count))]
    try:
        while crew:
            ready = wait([worker.inbox for worker in crew], timeout=5)
            for worker in list(crew):
                if worker.inbox not in ready:
                    worker.stop_if_silent()
                    continue
                verdict = worker.hear()
                if verdict is not None:
                    yield verdict
                if verdict is None or not worker.numbers:
                    worker.close()
                    crew.remove(worker)
    finally:
        for worker in crew:
            worker.process.kill()
            worker.close()
