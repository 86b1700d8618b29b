"""moto's services without Flask around them: a request goes straight to the function that answers it.

Flask's contexts, hooks and response objects are half of what a call costs here. What needs them still has them:
pages of a browser (CORS), moto's own pages, and everything that no function of a service is found for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError
from flask import Flask
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

TEXT = "text/html; charset=utf-8"


class Services:
    """A WSGI application: all of moto's services, told apart by what a request is signed for."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        # Which service a host name means is found by looking through moto's folder on disk, at every request.
        self._moto.get_backend_for_host = functools.cache(self._moto.get_backend_for_host)  # type: ignore[method-assign]
        self._found: dict[tuple[int, str], Callable[..., Any]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        app = self._moto.get_application(environ)
        answers = None if "HTTP_ORIGIN" in environ else self._callback(app, environ)
        if answers is None:
            return app(environ, start_response)
        request = BackendRequest(environ)
        try:
            result = answers(request, request.raw_url, dict(request.headers))
        except ClientError as error:
            result = 400, {}, error.response["Error"]["Message"]
        except HTTPException as error:
            return error.get_response(environ)(environ, start_response)
        status, headers, content = result if len(result) == 3 else (200, {}, result)
        return _answer(environ, start_response, int(status), headers, content)

    def _callback(self, app: Flask, environ: dict[str, Any]) -> Callable[..., Any] | None:
        """moto's function for a request; None where Flask has more to do than to call it."""
        place = id(app), environ["PATH_INFO"]
        if place in self._found:
            return self._found[place]
        try:
            endpoint, _ = app.url_map.bind("127.0.0.1").match(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        except HTTPException:
            return None
        view = app.view_functions[endpoint]
        if not isinstance(view, convert_to_flask_response):
            return None
        if place[1] == "/":  # of nearly all services the only one; keys of S3 are without number
            self._found[place] = view.callback
        return view.callback


def _answer(
    environ: dict[str, Any], start_response: Any, status: int, headers: dict[str, Any], content: Any
) -> Iterable[bytes]:
    data = content.encode() if isinstance(content, str) else content
    if not isinstance(data, bytes) or not all(isinstance(value, str | int) for value in headers.values()):
        return Response(content, status, headers)(environ, start_response)
    told = [(name, str(value)) for name, value in headers.items()]
    names = {name.lower() for name in headers}
    if "content-type" not in names:
        told.append(("Content-Type", TEXT))
    if "content-length" not in names:
        told.append(("Content-Length", str(len(data))))
    start_response(f"{status} {HTTPStatus(status).phrase.upper()}", told)
    return [data]
