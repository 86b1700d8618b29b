"""Faults at the wire, by stated rules: calls of the functions to AWS that fail, hang, break off or get lost.

Off unless rules are in force, and then only for calls of functions (each worker names itself in its user agent),
never for those of the stack's owner.
"""

from __future__ import annotations

import io
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([\w-]+)/aws4_request")
_WORKER = re.compile(r"\bapp/(\w+)-(\w+)")


class Kind(StrEnum):
    """What happens to a call."""

    ERROR = "error"  # 500, not done
    UNAVAILABLE = "unavailable"  # 503, not done
    THROTTLED = "throttled"  # the service's own word for: too many calls; not done
    SLOW = "slow"  # done, `seconds` late
    BROKEN = "broken"  # the connection ends without an answer, not done
    TRUNCATED = "truncated"  # done, and the connection ends in the middle of the answer
    LOST = "lost"  # done, and the connection ends without an answer
    DENIED = "denied"  # done, and answered with 500
    KILLED = "killed"  # not done, and the worker that called is killed
    BEREFT = "bereft"  # done, and the worker that called is killed before it sees the answer


NOT_DONE = {Kind.ERROR, Kind.UNAVAILABLE, Kind.THROTTLED, Kind.BROKEN, Kind.KILLED}

_CODES = {
    Kind.UNAVAILABLE: {"s3": "ServiceUnavailable", "*": "ServiceUnavailable"},
    Kind.THROTTLED: {
        "s3": "SlowDown",
        "dynamodb": "ProvisionedThroughputExceededException",
        "*": "ThrottlingException",
    },
}
_STATUS = {Kind.UNAVAILABLE: "503 Service Unavailable", Kind.THROTTLED: "400 Bad Request"}


@dataclass(frozen=True)
class Rule:
    """Which calls a fault befalls. Names are patterns (`*`), as AWS writes them: s3, dynamodb, sqs, states; PutItem."""

    kind: Kind
    function: str = "*"
    """Logical id in the template."""
    service: str = "*"
    operation: str = "*"
    about: str = ""
    """Only calls with this text in their path or body."""
    share: float = 1.0
    """Of the calls that match, drawn with `seed`."""
    seed: int = 0
    after: int = 0
    """Matching calls that pass before the first fault."""
    most: int | None = None
    """Faults at most."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Call:
    """One call of a function."""

    function: str
    worker: str
    service: str
    operation: str
    text: str

    @classmethod
    def of(cls, environ: dict[str, Any], body: bytes) -> Call | None:
        """The call that a request is; None when no function made it."""
        who = _WORKER.search(environ.get("HTTP_USER_AGENT", ""))
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if who is None or scope is None:
            return None
        path = unquote(environ.get("PATH_INFO", ""))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target:
            operation = target.split(".")[-1]
        elif scope[1] == "s3":
            operation = _s3_operation(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""))
            body = b""
        else:
            operation = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        return cls(who[1], who[2], scope[1], operation, f"{path}\n{body.decode('utf-8', 'replace')}")


def _s3_operation(method: str, path: str, query: str) -> str:
    asked = parse_qs(query, keep_blank_values=True)
    if method == "GET" and "/" not in path.strip("/"):
        return "ListObjectVersions" if "versions" in asked else "ListObjectsV2"
    return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, method)


class _Armed:
    """A rule in force, with what it has done so far."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._random = random.Random(rule.seed)  # noqa: S311 - faults are drawn, not secrets
        self._met = self._done = 0

    def strikes(self, call: Call) -> bool:
        rule = self.rule
        names = ((call.function, rule.function), (call.service, rule.service), (call.operation, rule.operation))
        if not all(fnmatchcase(name, pattern) for name, pattern in names) or rule.about not in call.text:
            return False
        self._met += 1
        if self._met <= rule.after or (rule.most is not None and self._done >= rule.most):
            return False
        hit = rule.share >= 1 or self._random.random() < rule.share
        self._done += hit
        return hit


def _nobody(function: str, worker: str) -> None:
    raise LookupError(f"there is no worker {worker} of {function} yet")


class Faults:
    """The rules in force; `kill` ends a worker by the name that it calls itself at the wire."""

    def __init__(self) -> None:
        self.kill: Callable[[str, str], None] = _nobody
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()
        self._struck: list[tuple[Kind, Call]] = []

    @property
    def off(self) -> bool:
        """Whether nothing is in force."""
        return not self._armed

    @contextmanager
    def injected(self, *rules: Rule) -> Iterator[list[tuple[Kind, Call]]]:
        """Put rules in force for a with-block; yields the list of what they do, as it grows."""
        armed, self._struck = [_Armed(rule) for rule in rules], []
        self._armed = armed
        try:
            yield self._struck
        finally:
            self._armed = []

    def serve(self, application: Wsgi, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, or do to it what the first rule that strikes says."""
        body = _read_all(environ)
        call = Call.of(environ, body)
        rule = self._rule_for(call) if call is not None else None
        if call is None or rule is None:
            return application(environ, start_response)
        kind = rule.kind
        if kind is Kind.SLOW:
            time.sleep(rule.seconds)
            return application(environ, start_response)
        answer = _Answer(b"", "", []) if kind in NOT_DONE else _Answer.of(application, environ)
        if kind in (Kind.KILLED, Kind.BEREFT):
            self.kill(call.function, call.worker)
        if kind in (Kind.BROKEN, Kind.LOST, Kind.KILLED, Kind.BEREFT):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError(f"{kind}: {call.operation}")
        if kind is Kind.TRUNCATED:
            start_response(answer.status, answer.headers)
            return [answer.body[: len(answer.body) // 2]]
        return _refuse(call, kind, environ["REQUEST_METHOD"], start_response)

    def _rule_for(self, call: Call) -> Rule | None:
        with self._lock:
            for armed in self._armed:
                if armed.strikes(call):
                    self._struck.append((armed.rule.kind, call))
                    return armed.rule
        return None


@dataclass(frozen=True)
class _Answer:
    """A whole answer, not sent yet."""

    body: bytes
    status: str
    headers: list[tuple[str, str]]

    @classmethod
    def of(cls, application: Wsgi, environ: dict[str, Any]) -> _Answer:
        said: list[Any] = []
        parts = application(environ, lambda status, headers, *_: said.extend((status, headers)))
        body = b"".join(parts)
        headers = [(name, value) for name, value in said[1] if name.lower() != "content-length"]
        return cls(body, said[0], [*headers, ("Content-Length", str(len(body)))])


def _read_all(environ: dict[str, Any]) -> bytes:
    """The request's body, which stays readable; an answer to a request that was not read breaks its connection."""
    source = environ["wsgi.input"]
    whole = environ.get("wsgi.input_terminated")
    body: bytes = source.read() if whole else source.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _refuse(call: Call, kind: Kind, method: str, start_response: Any) -> list[bytes]:
    codes = _CODES.get(kind, {})
    code = codes.get(call.service, codes.get("*", "InternalError" if call.service == "s3" else "InternalServerError"))
    status = _STATUS.get(kind, "500 Internal Server Error")
    if code == "SlowDown":
        status = "503 Slow Down"
    words = f"injected: {kind}"
    if call.service == "s3":
        form, body = "application/xml", f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    elif call.service == "sns":
        form = "text/xml"
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>"
    else:
        form, body = "application/x-amz-json-1.0", json.dumps({"__type": code, "message": words})
    data = b"" if method == "HEAD" else body.encode()
    start_response(status, [("Content-Type", form), ("Content-Length", str(len(data)))])
    return [data]
