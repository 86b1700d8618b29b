"""Fixtures: a studio on moto, and callers of the review API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend
from studio import Studio, event, load

CONTEXT = SimpleNamespace(
    function_name="review",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu:1:function:review",
    aws_request_id="1",
    function_version="1",
    get_remaining_time_in_millis=lambda: 29_000,
)


@dataclass
class Answer:
    """What came back: the status and the body as JSON (or text)."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


Call = Callable[..., Answer]


@pytest.fixture(scope="session")
def review() -> ModuleType:
    return load("review")


@pytest.fixture(scope="session")
def cloud() -> Iterator[dict[str, Any]]:
    """Moto for the whole run, with clients that are made once: making them takes longer than the tests."""
    with mock_aws():
        yield {}


@pytest.fixture
def studio(cloud: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    yield Studio(_made=cloud).build()
    moto_api_backend.reset()


@pytest.fixture
def call(studio: Studio, review: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Call:
    """call("GET", "/v1/me", who=...) -> Answer, through the real handler."""
    store = studio.store
    monkeypatch.setattr(review, "store", lambda: store)

    def send(method: str, path: str, **parts: Any) -> Answer:
        answer = review.handler(event(method, path, **parts), CONTEXT)
        return Answer(answer["statusCode"], answer.get("headers", {}), answer.get("body", ""))

    return send
