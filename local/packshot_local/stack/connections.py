"""HTTP between the functions and the stand-in for AWS: many requests a connection, and little work for each."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import IO, Any, cast
from urllib.parse import unquote

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from werkzeug.serving import DechunkedInput, WSGIRequestHandler

log = logging.getLogger(__name__)

NO_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
MOST_HEADERS = 100
LONGEST_LINE = 1 << 16


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


class KeptConnections(WSGIRequestHandler):
    """Answers any number of requests on one connection.

    Werkzeug's own handler closes each: a connection, a thread and up to 10 ms of waiting for every call of a
    function, which is more than the call itself costs here. Nor does it read headers as letters are read, with
    the parser for e-mails: what comes here are the SDK's own requests.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self) -> None:
        """Note the connection, so that closing the server ends it."""
        super().setup()
        self.server.connections[self.connection] = threading.current_thread()  # type: ignore[attr-defined]

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.pop(self.connection, None)  # type: ignore[attr-defined]
        with contextlib.suppress(ConnectionError):  # a killed worker left before it had its answer
            super().finish()

    def parse_request(self) -> bool:
        """Read a request's head; False, and answered, when it is none."""
        self.command, self.request_version, self.close_connection = "", "HTTP/1.1", True
        self.requestline = self.raw_requestline.decode("latin-1").rstrip("\r\n")
        words = self.requestline.split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].startswith("/"):
            self.send_error(HTTPStatus.BAD_REQUEST, "this is no HTTP request")
            return False
        self.command, self.path, self.request_version = words
        self._environ = self._environ_of(list(self._headers()))
        usual = "keep-alive" if words[2] == "HTTP/1.1" else "close"
        self.close_connection = self._environ.get("HTTP_CONNECTION", usual).lower() == "close"
        if self._environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()  # the client waits for it
        return True

    def _headers(self) -> Iterator[tuple[str, str]]:
        for _ in range(MOST_HEADERS):
            line = self.rfile.readline(LONGEST_LINE)
            if line in (b"\r\n", b"\n", b""):
                return
            name, _, value = line.decode("latin-1").partition(":")
            yield name, value.strip()
        raise ConnectionError("the headers of a request have no end")

    def _environ_of(self, headers: list[tuple[str, str]]) -> dict[str, Any]:
        """The request as WSGI has it. Names with an underscore are dropped, as they could pass for others; those of
        S3 metadata stay, in a place where moto looks for them."""
        path, _, query = self.path.partition("?")
        kept: dict[str, str] = {}
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": self.rfile,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "werkzeug.socket": self.connection,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path).encode().decode("latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "RAW_URI": self.path,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": self.client_address[1],
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            PRESERVED_HEADER_NAMES_ENVIRON_KEY: kept,
        }
        for name, value in sorted(headers, key=lambda header: "_" in header[0]):
            key = _key_of(name)
            if "_" in name:
                if not should_preserve_original_header_name(name) or (key in environ and key not in kept):
                    continue
                kept.setdefault(key, name)
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def run_wsgi(self) -> None:
        """Run the application for one request and leave the connection where the next one begins."""
        self.environ = environ = self._environ
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":  # which says itself where it ends
            body: Any = DechunkedInput(cast(IO[bytes], self.rfile))
            environ["wsgi.input_terminated"] = True
        else:
            body = io.BufferedReader(Body(self.rfile, int(environ.get("CONTENT_LENGTH") or 0)))
        environ["wsgi.input"] = body
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
        code = int(status.split(" ")[0])
        bare = self.command == "HEAD" or code in NO_BODY
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        lines = [f"HTTP/1.1 {status}", f"Date: {_date(int(time.time()))}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if length is None and not bare:
            lines.append(f"Content-Length: {len(data)}")
        elif not bare and length != str(len(data)):
            self.close_connection = True  # a body cut short on purpose: its end is the connection's
        if self.close_connection:
            lines.append("Connection: close")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        if not bare:
            self.wfile.write(data)
        self.wfile.flush()


@functools.lru_cache(maxsize=1024)
def _key_of(name: str) -> str:
    """A header's name in WSGI. There are some fifty of them."""
    return environ_key_for_header(name)


@functools.lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
