"""The sample events: one for each function, accepted by its own parsing, of the form that its caller sends."""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from cloud import Cloud, cloud, sky
from template import functions, tasks

__all__ = ["cloud", "sky"]
ROOT = Path(__file__).parents[1]
STAGES = sorted(name.removesuffix("Function").lower() for name in functions())
CONTEXT = SimpleNamespace(
    function_name="packshot",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:packshot",
    aws_request_id="00000000-0000-0000-0000-000000000000",
    get_remaining_time_in_millis=lambda: 29_000,
)


@cache
def app(stage: str) -> ModuleType:
    """The function's module under a name of its own; it reads nothing of its environment yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "packshot")
        patch.setenv("POWERTOOLS_SERVICE_NAME", "packshot")
        patch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
        place = ROOT / "functions" / stage / "app.py"
        spec = importlib.util.spec_from_file_location(f"sample_{stage}", place)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module


def sample(stage: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{stage}.json").read_text("utf-8"))
    return found


def test_every_function_has_a_sample_and_every_sample_its_function() -> None:
    assert sorted(path.stem for path in (ROOT / "events").glob("*.json")) == STAGES


@pytest.mark.parametrize(
    ("stage", "model"),
    [
        ("plan", "Order"),
        ("process", "Chunk"),
        ("inspect", "Inspection"),
        ("export", "ExportChunk"),
        ("settle", "Settlement"),
        ("report", "Order"),
        ("reconcile", "Order"),
    ],
)
def test_the_sample_fits_the_handlers_own_model(stage: str, model: str) -> None:
    order = getattr(app(stage), model).model_validate(sample(stage))
    assert order.drop == "autumn"


@pytest.mark.parametrize("stage", ["plan", "process", "inspect", "export", "settle", "report"])
def test_the_sample_has_the_form_that_the_state_machine_sends(stage: str) -> None:
    sent = []
    for task in tasks().values():
        if task["Parameters"]["FunctionName"] == f"${{{stage.capitalize()}Function}}":
            payload = task["Parameters"].get("Payload")
            sent.append({name.removesuffix(".$") for name in payload} if payload else None)
    if sent == [None]:  # one item of a Map, as its selector makes it
        machine = json.loads((ROOT / "statemachine" / "drop.asl.json").read_text("utf-8"))
        state = machine["States"]["Lots"]["ItemProcessor"]["States"][stage.capitalize()]
        sent = [{name.removesuffix(".$") for name in state["ItemSelector"]}]
    assert set(sample(stage)) in sent


def test_intakes_sample_is_one_object_of_the_incoming_bucket() -> None:
    from packshot.intake.events import parse

    (message,) = sample("intake")["Records"]
    (event,) = parse(message["body"], "packshot-incoming-123456789012-us-east-1")
    assert event.key == "incoming/autumn/MUG-01_front.jpg" and event.version


def test_closes_sample_names_a_drop() -> None:
    (message,) = sample("close")["Records"]
    assert json.loads(message["body"]) == {"drop": "autumn"}


def test_learns_sample_is_a_refused_photo_of_a_sample_decided_in_90_seconds() -> None:
    from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent

    from packshot.learning.figures import figures
    from packshot.store.streams import decided_tasks

    records = list(DynamoDBStreamEvent(sample("learn")).records)
    images = [(r.dynamodb.old_image or {}, r.dynamodb.new_image or {}) for r in records if r.dynamodb]
    (task,) = decided_tasks(images)
    assert (task.decision, task.reasons, task.why) == ("reject", ["fringe"], "sample")
    seen = figures(images)
    assert (seen.sample_decided, seen.sample_defects, seen.flag_decided, seen.minutes) == (1, 1, 0, [1.5])


def test_reviews_sample_is_answered(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app("review"), "store", lambda: cloud.store)
    answered = app("review").handler(sample("review"), CONTEXT)
    assert answered["statusCode"] == 200 and json.loads(answered["body"])["tasks"] == []


def test_without_its_person_reviews_sample_is_refused() -> None:
    event = sample("review")
    del event["requestContext"]["authorizer"]
    assert app("review").handler(event, CONTEXT)["statusCode"] == 401


def test_previews_sample_reaches_its_previewer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def preview(task: str, override: Any, side: int) -> bytes:
        asked.append((task, override.edge_shift_px, len(override.strokes), override.shadow.kind, side))
        return b"RIFF"

    monkeypatch.setattr(app("preview"), "previewer", lambda: SimpleNamespace(preview=preview))
    assert app("preview").handler(sample("preview"), CONTEXT)["statusCode"] == 200
    assert asked == [("autumn-general-1f2e3d4c.0.0123456789abcdef", -0.5, 1, "contact", 800)]


def test_reconciles_sample_is_one_drop_and_the_schedules_event_is_all() -> None:
    order = app("reconcile").Order
    assert order.model_validate(sample("reconcile")).drop == "autumn"
    assert order.model_validate({}).drop == "" == order.model_validate({"source": "aws.scheduler"}).drop


def test_escalate_takes_the_schedules_event() -> None:
    assert sample("escalate") == {}
    schedule = functions()["EscalateFunction"]["Events"]["Overdue"]
    assert schedule["Type"] == "ScheduleV2" and "Input" not in schedule["Properties"]
