"""Fixtures: a studio on moto, and callers of the review API."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend
from studio import CONTEXT, Answer, Call, Studio, event, load


@pytest.fixture(scope="module")
def review() -> ModuleType:
    return load("review")


@pytest.fixture(scope="module")
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
