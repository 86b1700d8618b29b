"""What the desk's two HTTP functions share: who asks, problem details, discreet errors."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.review.refusal import Refusal

STATUS = {"not-found": 404, "conflict": 409, "gone": 410, "too-large": 413, "invalid": 422}
GROUP = "reviewers"
"""Cognito group of those who may work at the desk: an account alone opens nothing."""
SAFE_HEADERS: dict[str, str | list[str]] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def claims(event: dict[str, Any]) -> dict[str, str]:
    """The signed-in person's claims, as the JWT authorizer checked them; empty when there is nobody."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    found = (authorizer.get("jwt") or {}).get("claims") or {}
    return found if isinstance(found, dict) and found.get("sub") else {}


def is_reviewer(found: dict[str, str]) -> bool:
    """Whether claims name the reviewers' group; API Gateway writes a list as ``[reviewers leads]``."""
    return GROUP in str(found.get("cognito:groups", "")).strip("[]").replace(",", " ").split()


def who(app: APIGatewayHttpResolver) -> str:
    """The person of the request: e-mail if known, else the subject. It owns claims and signs decisions."""
    found = claims(app.current_event.raw_event)
    return str(found.get("email") or found["sub"])


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Response[str]:
    """An RFC 9457 problem document."""
    body = {"type": kind, "title": title, "status": status, "detail": detail, **more}
    return Response(status, "application/problem+json", json.dumps(body), headers=dict(SAFE_HEADERS))


def refused(error: Refusal) -> Response[str]:
    """The desk said no: its reason as a problem."""
    return problem(STATUS[error.kind], error.title, error.detail, f"urn:packshot:{error.kind}")


def malformed(error: RequestValidationError) -> Response[str]:
    """The request does not fit the schema: where and why, without its values."""
    errors = [{"at": ".".join(map(str, e["loc"])), "says": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{e['at']}: {e['says']}" for e in errors[:5])
    return problem(422, "Request does not fit", detail, "urn:packshot:invalid", errors=errors)


def unknown(_error: NotFoundError) -> Response[str]:
    """There is no such route."""
    return problem(404, "No such address", "See /v1/openapi.json for what there is.")


def resolver() -> APIGatewayHttpResolver:
    """A resolver that validates, answers problems, and opens nothing to other origins."""
    app = APIGatewayHttpResolver(enable_validation=True)
    app.exception_handler(Refusal)(refused)
    app.exception_handler(RequestValidationError)(malformed)
    app.not_found(unknown)
    return app


def answer(
    app: APIGatewayHttpResolver, logger: Logger, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Answer one event (payload format 2.0): 401 without a signed-in person, 403 for one who is no reviewer,
    500 for an error inside."""
    http = event.get("requestContext", {}).get("http", {})
    found = claims(event)
    if not found:
        answered = _plain(problem(401, "Sign in", "The request carries no valid token."))
    elif not is_reviewer(found):
        said = f"Your account is not in the group {GROUP}: ask whoever looks after the desk to add it."
        answered = _plain(problem(403, "Not a reviewer", said))
    else:
        try:
            answered = app.resolve(event, context)
        except Exception:
            logger.exception("request failed", path=event.get("rawPath", ""))
            said = "The desk failed; the error is in its log. Try again."
            answered = _plain(problem(500, HTTPStatus(500).phrase, said))
    logger.info(
        "answered",
        method=http.get("method", ""),
        path=event.get("rawPath", ""),
        status=answered["statusCode"],
    )
    return answered


def _plain(said: Response[str]) -> dict[str, Any]:
    headers = {"Content-Type": said.content_type, "Cache-Control": "no-store"}
    return {"statusCode": said.status_code, "headers": headers, "body": said.body}
