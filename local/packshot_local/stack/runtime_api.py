"""Lambda's Runtime API for one worker: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


@dataclass
class Request:
    """One event on its way through a worker; `finished` is set once `payload` and `error` are final."""

    request_id: str
    event: bytes
    deadline_ms: int  # by the monotonic clock
    function_arn: str
    payload: bytes = b""
    error: str | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    def finish(self, payload: bytes, error: str | None) -> None:
        """Record the outcome; the first one counts."""
        if not self.finished.is_set():
            self.payload, self.error = payload, error
            self.finished.set()


class RuntimeApi(ThreadingHTTPServer):
    """Serves `next`, `response`, `error` and `init/error` to one worker process.

    `ready` is set when the worker asks for its first event, when it reports that it could not start, and by
    the owner when the process has ended.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ready = threading.Event()
        self.init_error: bytes | None = None
        self.inbox: queue.Queue[Request | None] = queue.Queue()
        self.current: Request | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="stack-runtime-api", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port, as `AWS_LAMBDA_RUNTIME_API` wants them."""
        return f"127.0.0.1:{self.server_port}"

    def close(self) -> None:
        """Stop serving; a worker that waits for an event gets a closed connection."""
        self.inbox.put(None)
        self._closing.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.server_port)):
            self._thread.join()  # the connection has woken it
        self.server_close()

    def _accept(self) -> None:
        """Wait for connections, of which there is one. The usual loop looks twenty times a second whether it shall
        end; with fifteen workers that is three hundred times."""
        while True:
            connection, address = self.get_request()
            if self._closing.is_set():
                connection.close()
                return
            self.process_request(connection, address)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Name the connection's thread, so that it can be told from others."""
        threading.current_thread().name = "stack-runtime-api-connection"
        super().process_request_thread(request, client_address)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed worker's broken connection is not news: its owner sees the end of the process."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request log of one's own loopback tells nobody anything."""

    def _api(self) -> RuntimeApi:
        return cast(RuntimeApi, self.server)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_GET(self) -> None:
        api = self._api()
        api.ready.set()
        request = api.inbox.get()
        if request is None:
            self.close_connection = True
            return
        trace = f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]};Sampled=0"
        self._answer(
            200,
            request.event,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": request.request_id,
                "Lambda-Runtime-Deadline-Ms": str(request.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": request.function_arn,
                "Lambda-Runtime-Trace-Id": trace,
            },
        )

    def do_POST(self) -> None:
        api = self._api()
        body = self._body()
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})
        if self.path.endswith("/init/error"):
            api.init_error = body
            api.ready.set()
        elif api.current is not None and f"/{api.current.request_id}/" in self.path:
            api.current.finish(body, "Unhandled" if self.path.endswith("/error") else None)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)
