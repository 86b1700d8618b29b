"""The two functions as Lambda calls them: partial failures, each version once, and nothing heavy imported."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from packshot.records import Status

from .conftest import World

ROOT = Path(__file__).parents[2]
HEAVY = ("cv2", "onnxruntime", "scipy", "skimage")


@dataclass
class Context:
    function_name: str = "packshot"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:packshot"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def load(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function's module as deployed, in the environment that the template gives it."""
    names = world.store.settings.model_dump()
    for field, value in {**names, "idempotency_table": "idempotency", "min_pixels": "400"}.items():
        if value:
            monkeypatch.setenv(f"PACKSHOT_{field.upper()}", value)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "packshot")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "packshot")
    spec = importlib.util.spec_from_file_location(f"{name}_app", ROOT / "functions" / name / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def batch(sample: str, *bodies: dict[str, Any] | str) -> dict[str, Any]:
    """The sample event with these messages in it."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{sample}.json").read_text("utf-8"))
    (message,) = event["Records"]
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    event["Records"] = [{**message, "messageId": f"m{i}", "body": text} for i, text in enumerate(texts)]
    return event


def news(world: World, key: str, body: bytes, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    """What EventBridge puts into the queue for an upload."""
    told = world.put(key, body, metadata)
    what = {
        "key": told.key,
        "size": told.size,
        "etag": told.etag,
        "version-id": told.version,
        "sequencer": told.sequencer,
    }
    detail = {"bucket": {"name": "incoming"}, "object": what, "reason": "PutObject"}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def test_intake_reports_the_failed_message_alone(
    world: World, photo: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = load("intake", world, monkeypatch)
    sound = news(world, "incoming/autumn/MUG-01_front.jpg", photo(), {"title": "Mug", "category": "Kitchen"})
    told = app.handler(batch("intake", "no JSON", sound, sound), Context())
    assert told == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert world.photos("autumn")["MUG-01_front.jpg"].status is Status.ACCEPTED


def test_a_photo_whose_first_worker_died_is_taken_by_the_next(
    world: World, photo: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = load("intake", world, monkeypatch)
    event = batch("intake", news(world, "incoming/autumn/MUG-01_front.jpg", photo()))

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(app, "receive", killed)
        app.handler(event, Context())
    assert app.handler(event, Context()) == {"batchItemFailures": []}
    assert list(world.photos("autumn")) == ["MUG-01_front.jpg"]


def test_intake_without_memory_ends_its_worker_and_writes_nothing_down(
    world: World, photo: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = load("intake", world, monkeypatch)
    event = batch("intake", news(world, "incoming/autumn/MUG-01_front.jpg", photo()))

    def starved(*_: object) -> None:
        raise MemoryError

    def ended(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("packshot.intake.receive.decode_preview", starved)
        patch.setattr(app, "end_worker", ended)
        app.handler(event, Context())
    assert world.photos("autumn") == {}
    assert app.handler(event, Context()) == {"batchItemFailures": []}
    assert list(world.photos("autumn")) == ["MUG-01_front.jpg"]


def test_intake_counts_rejections_by_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = load("intake", world, monkeypatch)
    app.handler(batch("intake", news(world, "incoming/autumn/MUG-01_front.jpg", b"text")), Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    rejected = [line for line in lines if "Rejected" in line]
    assert [(line["stage"], line["reason"]) for line in rejected] == [("intake", "NOT_AN_IMAGE")]


def test_close_asks_again_later_and_later_while_photos_are_on_their_way(
    world: World, photo: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = load("close", world, monkeypatch)
    world.put("incoming/autumn/MUG-01_front.jpg", photo())
    world.drop("incoming/autumn/_READY", b"")
    delays: list[int] = []
    store = app.desk()[0]
    monkeypatch.setattr(store.close_queue, "send", lambda message, delay_s=0: delays.append(delay_s))
    for tries in (0, 1, 2, 9):
        event = batch("close", {"drop": "autumn", "tries": tries})
        assert app.handler(event, Context()) == {"batchItemFailures": []}
    assert delays == [2, 4, 8, 30]


def test_the_schedule_finds_drops_that_are_due(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = load("close", world, monkeypatch)
    world.drop("incoming/autumn/_READY", b"")
    event = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}
    assert app.handler(event, Context()) == {"asked": ["autumn"]}


@pytest.mark.parametrize("function", ["intake", "close"])
def test_importing_the_function_loads_nothing_heavy(function: str) -> None:
    code = f"import sys; sys.path.insert(0, 'functions/{function}'); import app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "packshot.intake.receive" in loaded
    assert not loaded & set(HEAVY)
