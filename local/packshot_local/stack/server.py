"""moto's server on a loopback port of its own, in threads of this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import BaseWSGIServer, make_server

from .application import Services
from .connections import KeptConnections
from .faults import Faults

END_SECONDS = 5.0
"""Longest wait for a call that is being answered when the stack ends."""

FORM = "application/x-www-form-urlencoded"


def _is_loopback(address: str | None) -> bool:
    """Whether a Host or Origin header, if there is one, names this machine: other web pages stay out."""
    if address is None:
        return True
    host = urlsplit(address if "//" in address else f"//{address}").hostname
    return host in ("127.0.0.1", "localhost", "::1")


class MotoServer:
    """Serves all of moto's services; calls `before` and `after` around every request, in its thread."""

    def __init__(self, before: Callable[[], None], after: Callable[[], None], faults: Faults) -> None:
        services = Services()

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not (_is_loopback(environ.get("HTTP_HOST")) and _is_loopback(environ.get("HTTP_ORIGIN"))):
                start_response("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"this server answers programs and pages of this machine only\n"]
            if environ["REQUEST_METHOD"] == "PUT" and str(environ.get("CONTENT_TYPE")).startswith(FORM):
                environ["CONTENT_TYPE"] = "binary/octet-stream"  # or Flask takes the object for a form's fields
            before()
            try:
                if faults.off:
                    answer: Iterable[bytes] = services(environ, start_response)
                else:
                    answer = faults.serve(services, environ, start_response)
            finally:
                after()
            return answer

        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=KeptConnections
        )
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._server.connections = self._connections  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, name="stack-moto", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The loopback port."""
        return int(self._server.server_port)

    def close(self) -> None:
        """End everything and wait for it."""
        ending = threading.Thread(target=self._server.shutdown, name="stack-moto-end")
        ending.start()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()  # or it looks up in half a second
        ending.join()
        self._thread.join()
        self._server.server_close()
        for connection, thread in list(self._connections.items()):
            with contextlib.suppress(OSError):  # its client was quicker
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(END_SECONDS)
