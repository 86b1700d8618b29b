"""API Gateway's side of the HTTP API: which route a request takes, the event it becomes, what is answered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from moto.core.models import DEFAULT_ACCOUNT_ID

from .records import Invocation
from .translate import Route

TEXT_TYPES = re.compile(r"text/|application/(json|javascript|xml|x-www-form-urlencoded)|[^;]*\+(json|xml)")


@dataclass(frozen=True)
class Request:
    """A request as it came: `target` is path and query as sent, header names are in small letters."""

    method: str
    target: str
    protocol: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


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
class Answer:
    """A response: status, body, and headers with names in small letters."""

    status: int
    body: bytes
    headers: list[tuple[str, str]]

    @classmethod
    def message(cls, status: int, text: str) -> Answer:
        """API Gateway's own kind of answer."""
        return cls(status, json.dumps({"message": text}).encode(), [("content-type", "application/json")])


def event_of(request: Request, match: Match, claims: dict[str, str] | None) -> dict[str, Any]:
    """The version 2.0 event of a request; `claims` become those of the JWT authorizer."""
    parts = urlsplit(request.target)
    headers = _joined(request.headers)
    cookies = [item.strip() for item in headers.pop("cookie", "").split(";") if item.strip()]
    key = f"{'ANY' if match.route.method == '*' else match.route.method} {match.route.path}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": unquote(parts.path),
        "rawQueryString": parts.query,
        "headers": headers,
        "requestContext": _context(request, key, headers.get("user-agent", "")),
        "isBase64Encoded": False,
    }
    if claims is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    if cookies:
        event["cookies"] = cookies
    if query := _joined(parse_qsl(parts.query, keep_blank_values=True)):
        event["queryStringParameters"] = query
    if match.parameters:
        event["pathParameters"] = match.parameters
    if request.body:
        event.update(_event_body(request.body, headers.get("content-type", "")))
    return event


def _context(request: Request, route_key: str, agent: str) -> dict[str, Any]:
    return {
        "accountId": DEFAULT_ACCOUNT_ID,
        "apiId": "local",
        "domainName": "127.0.0.1",
        "domainPrefix": "local",
        "http": {
            "method": request.method,
            "path": unquote(urlsplit(request.target).path),
            "protocol": request.protocol,
            "sourceIp": "127.0.0.1",
            "userAgent": agent,
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": route_key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
        "timeEpoch": int(time.time() * 1000),
    }


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers or query parameters as version 2.0 has them: several values of one name with commas between."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _event_body(body: bytes, content_type: str) -> dict[str, Any]:
    if not content_type or TEXT_TYPES.match(content_type):
        try:
            return {"body": body.decode("utf-8"), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # it calls itself text and is none: it goes as bytes
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def answer_of(result: Invocation) -> Answer:
    """What API Gateway makes of a function's result."""
    if result.error:
        return Answer.message(500, "Internal Server Error")
    value = json.loads(result.payload or b"null")
    if not (isinstance(value, dict) and "statusCode" in value):
        return Answer(200, json.dumps(value).encode(), [("content-type", "application/json")])
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
    return Answer(int(value["statusCode"]), body, headers)
