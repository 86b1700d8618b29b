"""Loaded by the interpreter of a worker whose machine is to be in trouble; the variables say which trouble.

Nothing here knows the project: it is the machine that is out of memory, out of disk or out of time.
"""

import datetime
import os
import resource
import signal
import threading
import time
from pathlib import Path

MIB = 1 << 20
LOOK_S = 0.002


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _size() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _first(marker: str) -> bool:
    """Whether nobody else was here; without a marker everybody is the first."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL)) if marker else None
    except FileExistsError:
        return False
    return True


def _watch_memory(limit: int, killed: bool, marker: str) -> None:
    while _resident() < limit:
        time.sleep(LOOK_S)
    if not _first(marker):
        return
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (_size(), resource.RLIM_INFINITY))


def _skew(seconds: float) -> None:
    clock, real = time.time, datetime.datetime

    class Skewed(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return real.now(tz) + datetime.timedelta(seconds=seconds)

        @classmethod
        def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
            return real.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)

    time.time = lambda: clock() + seconds
    datetime.datetime = Skewed  # type: ignore[misc]


if _limit := os.environ.get("FAULT_MEMORY_BYTES"):
    _how, _marker = os.environ.get("FAULT_MEMORY", "killed"), os.environ.get("FAULT_MARKER", "")
    threading.Thread(target=_watch_memory, args=(int(_limit), _how == "killed", _marker), daemon=True).start()
if _bytes := os.environ.get("FAULT_FILE_BYTES"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(_bytes), int(_bytes)))
if _seconds := os.environ.get("FAULT_CLOCK_S"):
    _skew(float(_seconds))
