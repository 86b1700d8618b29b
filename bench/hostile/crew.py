"""Worker processes that may die: inputs are judged one by one, each with its CPU seconds and peak memory.

Inputs are made outside of the workers, so that a worker's memory is packshot's and the input's. If a worker dies, its
input is the culprit, and another worker goes on behind it. Linux only: peaks are read from ``/proc``.
"""

from __future__ import annotations

import contextlib
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


def judged(number: int, given: Input, judge: Judge) -> Verdict:
    """Judge one input, measure both what it took and what it came to."""
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


def _work(line: Connection, judge: Judge) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    asked: tuple[int, Input] | None
    while asked := line.recv():
        line.send(judged(asked[0], asked[1], judge))
        del asked  # before the next one comes


class _Worker:
    """One process and the inputs that are still to go through it."""

    def __init__(self, numbers: range, make: Make, judge: Judge) -> None:
        self.numbers, self.make, self.judge = numbers, make, judge
        self._begin()
        self._ask()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, self.judge), daemon=True)
        self.process.start()
        theirs.close()

    def _ask(self) -> None:
        """Send the next input; without one the worker ends."""
        self.given = self.make(self.numbers[0]) if self.numbers else None
        self.heard = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died: heard of at the next reading
            self.line.send((self.numbers[0], self.given) if self.numbers else None)

    def hear(self) -> Verdict:
        """What it has to say of its input, or of its death; then it gets the next."""
        try:
            verdict: Verdict = self.line.recv()
        except (EOFError, ConnectionResetError):
            verdict = self._dead()
        self.numbers = self.numbers[1:]
        self._ask()
        return verdict

    def _dead(self) -> Verdict:
        self.close()
        code, given = self.process.exitcode or 0, self.given or Input("", "")
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        self._begin()
        return Verdict(self.numbers[0], given.kind, given.how, "", 0.0, 0.0, f"the worker died ({how})")

    def stop_if_silent(self) -> None:
        if time.monotonic() - self.heard > SILENT_S:
            self.process.kill()

    def close(self) -> None:
        self.line.close()
        self.process.join()


def verdicts(count: int, workers: int, make: Make, judge: Judge, first: int = 0) -> Iterator[Verdict]:
    """All inputs' verdicts as they come, each worker every ``workers``-th input.

    ``judge`` is sent to the workers (picklable); a worker starts fresh, it inherits no memory.
    """
    crew = [_Worker(range(first + n, first + count, workers), make, judge) for n in range(min(workers, count))]
    try:
        while crew:
            ready = wait([worker.line for worker in crew], timeout=5)
            for worker in list(crew):
                if worker.line not in ready:
                    worker.stop_if_silent()
                    continue
                yield worker.hear()
                if not worker.numbers:
                    worker.close()
                    crew.remove(worker)
    finally:
        for worker in crew:
            worker.process.kill()
            worker.close()
