"""moto's server on a loopback port of its own, in threads of this process."""

from __future__ import annotations

import functools
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from .faults import Faults

log = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"
NO_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def _is_loopback(address: str | None) -> bool:
    """Whether a Host or Origin header, if there is one, names this machine: other web pages stay out."""
    if address is None:
        return True
    host = urlsplit(address if "//" in address else f"//{address}").hostname
    return host in ("127.0.0.1", "localhost", "::1")


class Body(io.RawIOBase):
    """A request's body: as many bytes of the connection as its header says, and not one of the next request."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._left = stream, length

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; 0 at the end."""
        data = self._stream.read(min(len(buffer), self._left)) if self._left else b""
        buffer[: len(data)] = data
        self._left = self._left - len(data) if data else 0
        return len(data)


class KeptConnections(MotoRequestHandler):
    """Answers any number of requests on one connection.

    Werkzeug's own handler closes each: a connection, a thread and up to 10 ms of waiting for every call of a
    function, which is more than the call itself costs here.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self) -> None:
        """Note the connection, so that closing the server ends it."""
        super().setup()
        self.server.connections.add(self.connection)  # type: ignore[attr-defined]

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)  # type: ignore[attr-defined]
        super().finish()

    def handle_expect_100(self) -> bool:
        """Say at once that the body is welcome: the client waits for it."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def run_wsgi(self) -> None:
        """Run the application for one request and leave the connection where the next one begins."""
        self.environ = environ = self.make_environ()
        body: Any = environ["wsgi.input"]
        if not environ.get("wsgi.input_terminated"):  # not in chunks, which say themselves where they end
            length = int(self.headers.get("Content-Length", 0))
            body = environ["wsgi.input"] = io.BufferedReader(Body(self.rfile, length))
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            told[:] = [status, headers]
            return self.wfile.write

        try:
            data = b"".join(self.server.app(environ, start_response))
        except ConnectionError:  # a fault that was asked for: the connection is gone
            self.close_connection = True
            return
        except Exception:
            log.exception("%s %s failed in the stand-in for AWS", self.command, self.path)
            told, data = ["500 INTERNAL SERVER ERROR", []], b""
        while body.read(1 << 20):  # what the application did not want
            pass
        self._answer(told[0], told[1], data)

    def _answer(self, status: str, headers: list[tuple[str, str]], data: bytes) -> None:
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        bare = self.command == "HEAD" or int(code) in NO_BODY
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        if length is None and not bare:
            self.send_header("Content-Length", str(len(data)))
        elif not bare and length != str(len(data)):
            self.close_connection = True  # a body cut short on purpose: its end is the connection's
        self.end_headers()
        if not bare:
            self.wfile.write(data)
        self.wfile.flush()


class MotoServer:
    """Serves all of moto's services; calls `before` and `after` around every request, in its thread."""

    def __init__(self, before: Callable[[], None], after: Callable[[], None], faults: Faults) -> None:
        moto = DomainDispatcherApplication(create_backend_app)
        # Which service a host name means is found by looking through moto's folder on disk, at every request.
        moto.get_backend_for_host = functools.cache(moto.get_backend_for_host)  # type: ignore[method-assign]

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not (_is_loopback(environ.get("HTTP_HOST")) and _is_loopback(environ.get("HTTP_ORIGIN"))):
                start_response("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"this server answers programs and pages of this machine only\n"]
            if environ["REQUEST_METHOD"] == "PUT" and str(environ.get("CONTENT_TYPE")).startswith(FORM):
                environ["CONTENT_TYPE"] = "binary/octet-stream"  # or Flask takes the object for a form's fields
            before()
            try:
                if faults.off:
                    answer: Iterable[bytes] = moto(environ, start_response)
                else:
                    answer = faults.serve(moto, environ, start_response)
            finally:
                after()
            return answer

        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=KeptConnections
        )
        self._connections: set[socket.socket] = set()
        self._server.connections = self._connections  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, name="stack-moto", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The loopback port."""
        return int(self._server.server_port)

    def close(self) -> None:
        """End everything and wait for it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was quicker
