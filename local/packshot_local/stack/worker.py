"""One function in one process: started, given events, timed, killed, and read for its log."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from .launch import Launcher
from .records import FunctionSpec, Invocation, LogLine
from .runtime_api import Request, RuntimeApi

INIT_SECONDS = 120.0
"""Longest start of a worker. Lambda gives ten seconds, but not to several starts at once on two cores."""

NICENESS = 5
"""A third of the share of a process that does not give way (sched(7))."""

LogSink = Callable[[LogLine], None]


def memory_bytes(pid: int) -> tuple[int, int]:
    """Resident memory of a process now and at its peak, in bytes; zeros when it is gone or unknown."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return _memory_by_ps(pid) if sys.platform == "darwin" else (0, 0)
    found = {"VmRSS:": 0, "VmHWM:": 0}
    for line in status.splitlines():
        words = line.split()
        if words and words[0] in found:
            found[words[0]] = int(words[1]) * 1024
    return found["VmRSS:"], found["VmHWM:"]


def _memory_by_ps(pid: int) -> tuple[int, int]:
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    resident = int(answer.stdout.strip() or 0) * 1024
    return resident, resident


def _give_way(pid: int) -> None:
    """Let other processes have the cores first: the desk's previews before the batch."""
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with contextlib.suppress(OSError):  # where Linux weighs sessions against each other, a process's own value is idle
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))


class Worker:
    """One process that runs one function, one event at a time."""

    def __init__(self, spec: FunctionSpec, launcher: Launcher, on_log: LogSink, *, warm: bool = False) -> None:
        self.spec = spec
        self.name = uuid.uuid4().hex[:8]
        self._on_log = on_log
        self._tail: collections.deque[str] = collections.deque(maxlen=60)
        self._request_id: str | None = None  # of the event at work, or of the last one: its lines may come late
        self.api = RuntimeApi()
        self.process = launcher.start(spec, self.name, self.api.address, warm=warm)
        if spec.gives_way:
            _give_way(self.process.pid)
        self._reader = threading.Thread(target=self._read_output, name=f"stack-log-{spec.logical_id}", daemon=True)
        self._reader.start()

    def _read_output(self) -> None:
        for raw in cast(IO[bytes], self.process.stdout):
            text = raw.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                self._tail.append(text)
                self._on_log(self._log_line(text))
        self.process.wait()
        self.api.ready.set()
        current = self.api.current
        if current is not None:
            current.finish(self._exit_document(current.request_id), "Unhandled")

    def _log_line(self, text: str) -> LogLine:
        fields: dict[str, Any] | None = None
        if text.startswith("{"):
            try:
                fields = json.loads(text)
            except ValueError:
                fields = None  # a line that only looks like JSON stays text
        return LogLine(self.spec.logical_id, text, time.time(), self._request_id, fields)

    def _exit_document(self, request_id: str) -> bytes:
        code = self.process.wait()
        what = f"signal: {(signal.strsignal(-code) or str(-code)).lower()}" if code < 0 else f"exit status {code}"
        return _error_document("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {what}")

    @property
    def alive(self) -> bool:
        """Whether the process runs and has started well."""
        return self.process.poll() is None and self.api.init_error is None

    def run(self, event: bytes, queued_since: float, on_start: Callable[[], None]) -> Invocation:
        """Give one event to the worker and wait for its answer, its end, or the function's time-out."""
        self.api.ready.wait(INIT_SECONDS)
        on_start()
        started = time.monotonic()
        request_id = str(uuid.uuid4())
        deadline = int((time.monotonic() + self.spec.timeout) * 1000)
        request = Request(request_id, event, deadline, self.spec.arn)
        self._tail.clear()
        self._request_id = request_id
        self.api.current = request
        if self.api.init_error is not None:
            request.finish(self.api.init_error, "Unhandled")
        elif self.process.poll() is not None:
            self._reader.join(5)
            request.finish(self._exit_document(request_id), "Unhandled")
        else:
            self.api.inbox.put(request)
        if not request.finished.wait(self.spec.timeout):
            request.finish(  # first, as the end of the process has a document of its own
                _error_document(
                    "Sandbox.Timedout",
                    f"RequestId: {request_id} Error: Task timed out after {self.spec.timeout:.2f} seconds",
                ),
                "Unhandled",
            )
            self.kill()
        self.api.current = None
        return Invocation(
            payload=request.payload,
            error=request.error,
            request_id=request_id,
            seconds=time.monotonic() - started,
            queued_seconds=started - queued_since,
            log_tail="\n".join(self._tail),
        )

    def strike(self) -> bool:
        """SIGKILL the process alone, as a crash would; whether it was still there."""
        try:
            os.kill(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False  # another thread has just seen it end
        return True

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        with contextlib.suppress(ProcessLookupError):  # when it has ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End the process, its log reader and its Runtime API."""
        with self.process:
            self.kill()
            self._reader.join(5)
        self.api.close()


def _error_document(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
