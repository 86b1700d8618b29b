"""What the local stack hands to its callers: log lines, results of invocations, and its own error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class StackError(RuntimeError):
    """The template or the machine does not allow the stack to work; the message says what to change."""


@dataclass(frozen=True)
class LogLine:
    """One line that a function wrote.

    `function` is the logical id in the template, `fields` the parsed object when the line is a JSON object
    (Powertools' log records and metrics), `time` seconds since the epoch.
    """

    function: str
    text: str
    time: float
    request_id: str | None = None
    fields: dict[str, Any] | None = None

    def as_json(self) -> str:
        """The line as one JSON object, as it is written to the log file."""
        body: dict[str, Any] = {"time": round(self.time, 3), "function": self.function}
        if self.request_id:
            body["request_id"] = self.request_id
        if self.fields is None:
            body["text"] = self.text
        else:
            body["fields"] = self.fields
        return json.dumps(body, ensure_ascii=False)


@dataclass(frozen=True)
class Invocation:
    """The result of one call of a function.

    `error` is None or Lambda's `Unhandled`; then `payload` is the error document. `seconds` is the time in
    the handler, `queued_seconds` the wait for a free worker before it (start of the worker included).
    """

    payload: bytes
    error: str | None
    request_id: str
    seconds: float
    queued_seconds: float
    log_tail: str = ""

    def value(self) -> Any:
        """The function's answer, parsed; raises StackError with the function's own words when it failed."""
        answer = json.loads(self.payload or b"null")
        if self.error:
            raise StackError(f"{answer.get('errorType')}: {answer.get('errorMessage')}")
        return answer


@dataclass(frozen=True)
class FunctionSpec:
    """All that is needed to run one function of the template as processes."""

    logical_id: str
    name: str
    arn: str
    handler: str
    task_root: Path
    timeout: float
    memory_mb: int
    concurrency: int
    env: dict[str, str] = field(default_factory=dict)
    python_paths: tuple[Path, ...] = ()
    gives_way: bool = False  # to functions that a person waits for, where cores are short


@dataclass(frozen=True)
class WorkerInfo:
    """One live worker process; `rss_bytes` is 0 where the platform does not tell."""

    function: str
    pid: int
    rss_bytes: int
