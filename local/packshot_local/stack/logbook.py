"""Where the functions' log lines go."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from .records import LogLine

log = logging.getLogger(__name__)


class LogBook:
    """Hands every line to `on_log` and appends it as JSON to `path`, when these are given."""

    def __init__(self, on_log: Callable[[LogLine], None] | None, path: Path | None) -> None:
        self._on_log = on_log
        self._lock = threading.Lock()
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def write(self, line: LogLine) -> None:
        """Note one line; called from the threads that read the workers' output, which must not break."""
        with self._lock:
            if self._file is not None:
                self._file.write(line.as_json() + "\n")
                self._file.flush()
        if self._on_log is None:
            return
        try:
            self._on_log(line)
        except Exception:
            log.exception("on_log failed")

    def close(self) -> None:
        """Close the file; lines that come later go to `on_log` only."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
