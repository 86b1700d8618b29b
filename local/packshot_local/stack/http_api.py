"""API Gateway's HTTP API on loopback, for those who have its token, and the files of the page that uses it."""

from __future__ import annotations

import hmac
import logging
import mimetypes
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from .http_events import TEXT_TYPES, Answer, Request, answer_of, event_of, match_route
from .records import Invocation
from .translate import Route

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024
"""Payload quota of an HTTP API."""


class HttpApi(ThreadingHTTPServer):
    """A loopback server for the API's routes and the page's files.

    `invoke(function, event)` runs a function; `web` is the folder of the page, if there is one; `s3_endpoint`
    is where presigned addresses lead, so that the page may load and send objects there. `token` opens the API
    for the user `local`; `add_user` makes more.
    """

    daemon_threads = True

    def __init__(
        self,
        routes: list[Route],
        invoke: Callable[[str, Any], Invocation],
        *,
        s3_endpoint: str,
        web: Path | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.routes = routes
        self.invoke = invoke
        self.web = web.resolve() if web is not None else None
        self.policy = _content_policy(s3_endpoint)
        self._users: dict[str, dict[str, str]] = {}
        self.token = self.add_user("local", groups=("reviewers", "leads"))
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="stack-http", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def page_url(self) -> str:
        """The page's address with the token in the fragment, which a browser sends to nobody."""
        return f"{self.url}/#token={self.token}"

    def add_user(self, name: str, groups: Sequence[str] = ("reviewers",), token: str = "") -> str:
        """A token (the given one, or a new one) for one more user, with claims as Cognito's identity tokens have
        them."""
        token = token or secrets.token_urlsafe(32)
        self._users[token] = {
            "sub": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.local")),
            "username": name,
            "cognito:username": name,
            "email": f"{name}@localhost",
            "cognito:groups": "[" + " ".join(groups) + "]",
            "iss": self.url,
            "token_use": "id",
        }
        return token

    def claims(self, authorization: str | None) -> dict[str, str] | None:
        """The claims behind an `Authorization` header, None when it opens nothing."""
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        for token, claims in self._users.items():
            if hmac.compare_digest(token.encode(), given.strip().encode()):
                return claims
        return None

    def is_own_host(self, host: str | None) -> bool:
        """Whether a Host header names this server on loopback."""
        return host in {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def close(self) -> None:
        """End everything and wait for it."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Name the connection's thread, so that it can be told from others."""
        threading.current_thread().name = "stack-http-connection"
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is nothing to report."""


def _content_policy(s3_endpoint: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            f"img-src 'self' data: blob: {s3_endpoint}",
            f"connect-src 'self' {s3_endpoint}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "packshot"
    sys_version = ""
    timeout = 60

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: request lines may hold tokens."""

    def handle_any(self) -> None:
        api = cast(HttpApi, self.server)
        body = self._body()
        if isinstance(body, Answer):
            self.close_connection = True
            self._send(body, api.policy)
            return
        self._send(self._answer(api, body), api.policy)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def _body(self) -> bytes | Answer:
        if "Transfer-Encoding" in self.headers:
            return Answer.message(411, "send a Content-Length")
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0:
            return Answer.message(400, "Content-Length is no length")
        if length > MAX_BODY_BYTES:
            return Answer.message(413, "Request Entity Too Large")
        return self.rfile.read(length)

    def _answer(self, api: HttpApi, body: bytes) -> Answer:
        if not api.is_own_host(self.headers.get("Host")):
            return Answer.message(421, "this server answers on loopback only")
        origin = self.headers.get("Origin")
        if origin is not None and not (origin.startswith("http://") and api.is_own_host(origin[len("http://") :])):
            return Answer.message(403, "requests from other origins are refused")
        path = urlsplit(self.path).path
        method = "GET" if self.command == "HEAD" else self.command
        match = match_route(api.routes, method, path)
        if match is None:
            return self._file(api, path) if method == "GET" else Answer.message(404, "Not Found")
        claims = api.claims(self.headers.get("Authorization"))
        if match.route.needs_token and claims is None:
            return Answer.message(401, "Unauthorized")
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        event = event_of(Request(method, self.path, self.request_version, headers, body), match, claims)
        try:
            return answer_of(api.invoke(match.route.function, event))
        except Exception:
            log.exception("%s %s could not be answered", method, match.route.path)
            return Answer.message(500, "Internal Server Error")

    def _file(self, api: HttpApi, path: str) -> Answer:
        if api.web is None:
            return Answer.message(404, "Not Found")
        wanted = unquote(path).lstrip("/") or "index.html"
        if "\0" in wanted:
            return Answer.message(404, "Not Found")
        file = (api.web / wanted).resolve()
        if not file.is_relative_to(api.web) or not file.is_file():
            return Answer.message(404, "Not Found")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        kind = f"{kind}; charset=utf-8" if TEXT_TYPES.match(kind) else kind
        return Answer(200, file.read_bytes(), [("content-type", kind), ("cache-control", "no-cache")])

    def _send(self, answer: Answer, policy: str) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(answer.body)
