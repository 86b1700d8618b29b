"""Runs inside every worker process: AWS's runtime client, which dies with the stack that started it.

Started by path (`python -P worker_main.py <handler>`), so it imports nothing of this package. Its standard
input is a pipe held open by the stack: the end of the file means that the stack is gone, however it went.
"""

import http.client
import os
import runpy
import select
import signal
import sys
import threading
import time
from http.client import HTTPMessage
from typing import IO, Any

LAST_LOOK_S = 0.2
"""How much later than its sockets the pipe of a stack that dies may close."""


def _die_with_the_stack() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _deadlines_by_own_clock() -> None:
    """The stack gives a call's deadline by the monotonic clock, which is the machine's; the function reads it by the
    time of day, which is this process's and may be wrong. Lambda's sandboxes do the same.
    """
    from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient as Client

    received = Client.wait_next_invocation

    def wait_next_invocation(self: Any) -> Any:
        request = received(self)
        left_ms = int(request.deadline_time_in_ms) - time.monotonic() * 1000
        request.deadline_time_in_ms = int(time.time() * 1000 + left_ms)
        return request

    Client.wait_next_invocation = wait_next_invocation


def _read_headers(lines: IO[bytes], kind: type[HTTPMessage] = HTTPMessage) -> HTTPMessage:
    """An answer's headers, line by line. Python reads them with its parser for e-mails, a tenth of what a function
    does here beside imaging; those of the stand-in are one line each."""
    headers = kind()
    while (line := lines.readline(1 << 16)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name] = value.strip()
    return headers


if __name__ == "__main__":
    threading.Thread(target=_die_with_the_stack, name="lifeline", daemon=True).start()
    _deadlines_by_own_clock()
    http.client.parse_headers = _read_headers  # type: ignore[assignment]
    sys.argv = ["awslambdaric", sys.argv[1]]
    try:
        runpy.run_module("awslambdaric", run_name="__main__")
    finally:
        # The runtime client may see that the stack is gone before the thread does, and the interpreter then ends it.
        if select.select([0], [], [], LAST_LOOK_S)[0]:
            _die_with_the_stack()
