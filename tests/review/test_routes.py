"""Every route: nothing without claims, no other origins, problem details, and nothing secret in the logs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from studio import CONTEXT, ROOT, Call, Studio, event


def routes(review: ModuleType) -> list[tuple[str, str]]:
    paths = json.loads(review.describe())["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_route_without_claims_is_401_and_touches_nothing(
    review: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched() -> Any:
        raise AssertionError("the store was opened for nobody")

    monkeypatch.setattr(review, "store", touched)
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    found = routes(review)
    assert len(found) >= 20
    for method, path in [*found, ("GET", "/"), ("POST", "/v1/none")]:
        filled = path.replace("{", "").replace("}", "")
        answer = review.handler(event(method, filled, who=None, body={}), CONTEXT)
        assert answer["statusCode"] == 401, (method, path)
        assert set(json.loads(answer["body"])) == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("authorizer", [{}, {"jwt": {}}, {"jwt": {"claims": {}}}, {"jwt": {"claims": {"email": "x"}}}])
def test_claims_without_a_subject_are_nobody(
    review: ModuleType, authorizer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    request = event("GET", "/v1/me", who=None)
    request["requestContext"]["authorizer"] = authorizer
    assert review.handler(request, CONTEXT)["statusCode"] == 401


@pytest.mark.parametrize("groups", ["", "[]", "[leads]", "[reviewers-of-old]", "[not reviewer]"])
def test_every_route_refuses_an_account_that_is_no_reviewer(
    review: ModuleType, monkeypatch: pytest.MonkeyPatch, groups: str
) -> None:
    def touched() -> Any:
        raise AssertionError("the store was opened for a stranger")

    monkeypatch.setattr(review, "store", touched)
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    for method, path in routes(review):
        answer = review.handler(event(method, path, groups=groups, body={}), CONTEXT)
        assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (403, "Not a reviewer"), (method, path)


def test_no_answer_opens_the_api_to_other_origins(studio: Studio, call: Call) -> None:
    for answer in (call("GET", "/v1/me"), call("GET", "/v1/none"), call("GET", "/v1/tasks/none")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_unknown_things_are_404_with_a_problem(studio: Studio, call: Call) -> None:
    studio.drop()
    paths = [
        "/v1/none",
        "/v1/tasks/none",
        "/v1/drops/none",
        "/v1/lots/spring/none",
        "/v1/drops/none/rejected.csv",
        "/v1/drops/none/audit",
        "/v1/drops/none/photos",
    ]
    for path in paths:
        answer = call("GET", path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
        assert answer.json["status"] == 404
    for path in ("/v1/tasks/none/claim", "/v1/tasks/none/release", "/v1/tasks/none/undo"):
        assert call("POST", path).status == 404


def test_an_error_inside_is_a_500_that_says_nothing_of_itself(
    review: ModuleType, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError("table secret-name is on fire")

    monkeypatch.setattr(review, "store", broken)
    answer = call("GET", "/v1/tasks")
    assert answer.status == 500
    assert "secret-name" not in answer.text


def test_addresses_and_claims_do_not_reach_the_logs(
    studio: Studio, call: Call, review: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(review.logger.registered_handler, "stream", written)
    task = studio.drop()[0]
    files = call("GET", f"/v1/tasks/{task}").json["files"]
    plan = call("POST", "/v1/uploads", body={"drop": "new", "files": [{"name": "A_front.jpg", "bytes": 10}]}).json
    logged = written.getvalue()
    assert "answered" in logged
    assert "Signature" in files["source"] and "Signature" in plan["ready_url"]
    for secret in ("Signature", "X-Amz", "ann@studio.test"):
        assert secret not in logged


def test_hostile_titles_and_names_come_out_as_the_data_that_they_are(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    hostile = "<img src=x onerror=alert(1)>'\"\u202e{{7*7}}"
    photo = task.rsplit(".", 1)[1]
    studio.store.photos.update("spring", photo, file=hostile, catalog={"sku": hostile, "title": hostile})
    answer = call("GET", f"/v1/tasks/{task}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["photo"]["catalog"]["title"] == hostile


def test_the_committed_description_is_the_apis(review: ModuleType) -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text("utf-8")
    assert json.loads(committed) == json.loads(review.describe()), "python functions/review/app.py > docs/openapi.json"


def test_the_review_function_imports_no_imaging() -> None:
    code = (
        "import sys; sys.path.insert(0, 'functions/review'); import app; "
        "print([m for m in ('cv2', 'onnxruntime', 'scipy', 'skimage') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_sample_events_are_answered(studio: Studio, call: Call, review: ModuleType) -> None:
    studio.drop()
    sample = json.loads((ROOT / "events" / "review.json").read_text("utf-8"))
    answer = review.handler(sample, CONTEXT)
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["tasks"]) == 4
