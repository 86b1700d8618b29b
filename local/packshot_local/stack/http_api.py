"""API Gateway's HTTP API on loopback: requests become version 2.0 events for the template's functions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
Also serves the files of the page that uses the API.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import mimetypes
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from .records import Invocation
from .translate import Route

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024
"""Payload quota of an HTTP API."""

_TEXT = re.compile(r"text/|application/(json|javascript|xml|x-www-form-urlencoded)|[^;]*\+(json|xml)")


@dataclass(frozen=True)
class Match:
    """A route that fits a request, with its path parameters, decoded."""

    route: Route
    parameters: dict[str, str]


def match_route(routes: list[Route], method: str, path: str) -> Match | None:
    """The most specific route for a request: literal segments before variables, these before `{x+}`."""
    found: list[tuple[tuple[Any, ...], Match]] = []
    for route in routes:
        if route.method not in ("*", method):
            continue
        pattern = "".join(_segment_pattern(piece) for piece in re.split(r"(\{[^}]+\})", route.path))
        fit = re.fullmatch(pattern, path)
        if fit:
            names = re.findall(r"\{([^}+]+)\+?\}", route.path)
            parameters = {name: unquote(value) for name, value in zip(names, fit.groups(), strict=True)}
            rank = ("+}" in route.path, len(names), -len(route.path), route.method == "*")
            found.append((rank, Match(route, parameters)))
    return min(found, key=lambda entry: entry[0])[1] if found else None


def _segment_pattern(piece: str) -> str:
    if piece.startswith("{"):
        return "(.+)" if piece.endswith("+}") else "([^/]+)"
    return re.escape(piece)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: list[tuple[str, str]]

    @classmethod
    def message(cls, status: int, text: str) -> _Answer:
        return cls(status, json.dumps({"message": text}).encode(), [("content-type", "application/json")])


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
        self.token = self.add_user("local", groups=["reviewers", "leads"])
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

    def add_user(self, name: str, groups: list[str] | None = None) -> str:
        """A token for one more user, with claims as Cognito's access tokens have them."""
        token = secrets.token_urlsafe(32)
        self._users[token] = {
            "sub": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.local")),
            "username": name,
            "cognito:username": name,
            "email": f"{name}@localhost",
            "cognito:groups": "[" + " ".join(groups or []) + "]",
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
        if isinstance(body, _Answer):
            self.close_connection = True
            self._send(body, api.policy)
            return
        self._send(self._answer(api, body), api.policy)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def _body(self) -> bytes | _Answer:
        if "Transfer-Encoding" in self.headers:
            return _Answer.message(411, "send a Content-Length")
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0:
            return _Answer.message(400, "Content-Length is no length")
        if length > MAX_BODY_BYTES:
            return _Answer.message(413, "Request Entity Too Large")
        return self.rfile.read(length)

    def _answer(self, api: HttpApi, body: bytes) -> _Answer:
        if not api.is_own_host(self.headers.get("Host")):
            return _Answer.message(421, "this server answers on loopback only")
        origin = self.headers.get("Origin")
        if origin is not None and not (origin.startswith("http://") and api.is_own_host(origin[len("http://") :])):
            return _Answer.message(403, "requests from other origins are refused")
        path = urlsplit(self.path).path
        method = "GET" if self.command == "HEAD" else self.command
        match = match_route(api.routes, method, path)
        if match is None:
            return self._file(api, path) if method == "GET" else _Answer.message(404, "Not Found")
        claims = api.claims(self.headers.get("Authorization"))
        if match.route.needs_token and claims is None:
            return _Answer.message(401, "Unauthorized")
        event = self._event(match, claims, body, method)
        try:
            return _answer_of(api.invoke(match.route.function, event))
        except Exception:
            log.exception("%s %s could not be answered", method, match.route.path)
            return _Answer.message(500, "Internal Server Error")

    def _event(self, match: Match, claims: dict[str, str] | None, body: bytes, method: str) -> dict[str, Any]:
        parts = urlsplit(self.path)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
        cookies = [item.strip() for item in headers.pop("cookie", "").split(";") if item.strip()]
        key = f"{'ANY' if match.route.method == '*' else match.route.method} {match.route.path}"
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": key,
            "rawPath": unquote(parts.path),
            "rawQueryString": parts.query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local",
                "domainName": "127.0.0.1",
                "domainPrefix": "local",
                "http": {
                    "method": method,
                    "path": unquote(parts.path),
                    "protocol": self.request_version,
                    "sourceIp": "127.0.0.1",
                    "userAgent": headers.get("user-agent", ""),
                },
                "requestId": str(uuid.uuid4()),
                "routeKey": key,
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
                "timeEpoch": int(time.time() * 1000),
            },
            "isBase64Encoded": False,
        }
        if claims is not None:
            event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
        if cookies:
            event["cookies"] = cookies
        if query := _joined_query(parts.query):
            event["queryStringParameters"] = query
        if match.parameters:
            event["pathParameters"] = match.parameters
        if body:
            event.update(_event_body(body, headers.get("content-type", "")))
        return event

    def _file(self, api: HttpApi, path: str) -> _Answer:
        if api.web is None:
            return _Answer.message(404, "Not Found")
        wanted = unquote(path).lstrip("/") or "index.html"
        if "\0" in wanted:
            return _Answer.message(404, "Not Found")
        file = (api.web / wanted).resolve()
        if not file.is_relative_to(api.web) or not file.is_file():
            return _Answer.message(404, "Not Found")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        kind = f"{kind}; charset=utf-8" if _TEXT.match(kind) else kind
        return _Answer(200, file.read_bytes(), [("content-type", kind), ("cache-control", "no-cache")])

    def _send(self, answer: _Answer, policy: str) -> None:
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


def _joined_query(query: str) -> dict[str, str]:
    """Query parameters as payload version 2.0 has them: several values of one name with commas between."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _event_body(body: bytes, content_type: str) -> dict[str, Any]:
    if not content_type or _TEXT.match(content_type):
        try:
            return {"body": body.decode("utf-8"), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # it calls itself text and is none: it goes as bytes
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _answer_of(result: Invocation) -> _Answer:
    """What API Gateway makes of a function's result."""
    if result.error:
        return _Answer.message(500, "Internal Server Error")
    value = json.loads(result.payload or b"null")
    if not (isinstance(value, dict) and "statusCode" in value):
        return _Answer(200, json.dumps(value).encode(), [("content-type", "application/json")])
    text = value.get("body") or ""
    body = base64.b64decode(text) if value.get("isBase64Encoded") else str(text).encode()
    given: Mapping[str, Any] = {**(value.get("headers") or {})}
    headers = [(name.lower(), str(content)) for name, content in given.items() if name.lower() != "content-length"]
    for name, contents in (value.get("multiValueHeaders") or {}).items():
        headers = [header for header in headers if header[0] != name.lower()]
        headers.append((name.lower(), ",".join(map(str, contents))))
    headers.extend(("set-cookie", cookie) for cookie in value.get("cookies") or [])
    if body and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return _Answer(int(value["statusCode"]), body, headers)
