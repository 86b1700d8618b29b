"""A studio on moto: the template's tables and buckets, and what the stages leave in them."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3

from packshot import keys
from packshot.reasons import reason
from packshot.records import Check, LotRecord, LotStatus, PhotoRecord, Status, TaskRecord, Verdict
from packshot.settings import StoreSettings
from packshot.store import Store

REGION = "eu-central-1"
COLOURS = ((178, 62, 48), (38, 92, 140), (64, 120, 70), (196, 148, 52), (92, 72, 130), (60, 60, 64))
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
ROOT = Path(__file__).parents[2]
NAMES = {
    "PACKSHOT_INCOMING_BUCKET": "incoming",
    "PACKSHOT_WORK_BUCKET": "work",
    "PACKSHOT_OUTPUT_BUCKET": "output",
    "PACKSHOT_DROPS_TABLE": "drops",
    "PACKSHOT_PHOTOS_TABLE": "photos",
    "PACKSHOT_LOTS_TABLE": "lots",
    "PACKSHOT_TASKS_TABLE": "tasks",
    "PACKSHOT_EVENT_BUS": "default",
}


def load(name: str) -> ModuleType:
    """The handler module ``functions/<name>/app.py`` under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"function_{name}", ROOT / "functions" / name / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Studio:
    """Clients by service, and what was made with them."""

    endpoint: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._made[service]

    def build(self) -> Studio:
        s3, dynamodb = self.client("s3"), self.client("dynamodb")
        for bucket in ("incoming", "work", "output"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
        _table(dynamodb, "drops", ["pk"], {"by_status": ("status", "last_event_at")})
        _table(dynamodb, "photos", ["pk", "sk"], {})
        _table(dynamodb, "lots", ["pk", "sk"], {})
        _table(dynamodb, "tasks", ["pk"], {"by_state": ("state", "due_at"), "by_lot": ("lot", "pk")})
        topic = self.client("sns").create_topic(Name="operators")["TopicArn"]
        machine = self.client("stepfunctions").create_state_machine(
            name="drop",
            definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}}),
            roleArn="arn:aws:iam::123456789012:role/states",
        )["stateMachineArn"]
        self.env = {**NAMES, "PACKSHOT_TOPIC_ARN": topic, "PACKSHOT_STATE_MACHINE_ARN": machine}
        return self

    @property
    def store(self) -> Store:
        return Store(StoreSettings.read(self.env), self.client)

    def drop(self, name: str = "spring", *, photos: int = 6, segment: str = "general", tasks: int = 4) -> list[str]:
        """A drop with one lot in review, its first photos as tasks, the last flagged; the task ids."""
        store = self.store
        store.drops.open(name, f"incoming/{name}/")
        lot = f"{name}-{segment}-001"
        made = [self._photo(name, lot, segment, i, tasks) for i in range(photos)]
        task_ids = [f"{lot}.0.{photo.photo_id}" for photo in made[:tasks]]
        sample = max(0, tasks - 1)
        store.lots.plan(
            LotRecord(
                drop=name,
                lot=lot,
                segment=segment,
                size=photos,
                chunks=1,
                status=LotStatus.REVIEW,
                sample_size=sample,
                acceptance_number=0,
                task_ids=task_ids,
            )
        )
        for i, (photo, task_id) in enumerate(zip(made[:tasks], task_ids, strict=True)):
            flagged = i == tasks - 1
            store.tasks.create(_task(task_id, photo, lot, "flag" if flagged else "sample", i))
        return task_ids

    def draw(self, drop: str, *, width: int = 2400, height: int = 2000) -> None:
        """Put real pictures behind all photos of a drop: sources, mattes, and what process makes of them."""
        from pictures import paint_results  # imports OpenCV, which the desk does without

        for i, photo in enumerate(sorted(self.store.photos.of_drop(drop), key=lambda photo: photo.sku)):
            paint_results(self.store, photo, COLOURS[i % len(COLOURS)], width, height)
            self.store.photos.update(drop, photo.photo_id, width=width, height=height)

    def _photo(self, drop: str, lot: str, segment: str, i: int, tasks: int) -> PhotoRecord:
        key = f"incoming/{drop}/SKU{i:03d}_front.jpg"
        held = i < tasks
        record = PhotoRecord(
            drop=drop,
            photo_id=keys.photo_id(key),
            key=key,
            file=f"SKU{i:03d}_front.jpg",
            sku=f"SKU{i:03d}",
            view="front",
            segment=segment,
            lot=lot,
            width=2400,
            height=2400,
            verdict=Verdict.PASS,
            status=Status.HELD if held else Status.ACCEPTED,
            reason=reason("AWAITING_REVIEW") if held else None,
        )
        self.store.photos.receive(record)
        self.store.incoming.put(key, b"photo", "image/jpeg")
        return record


def _task(task_id: str, photo: PhotoRecord, lot: str, why: str, i: int) -> TaskRecord:
    failing = why == "flag"
    checks = [
        Check(name="fringe", value=0.2, limit=1.0, passed=True, says="The fringe is clean."),
        Check(
            name="edge_residue",
            value=3.1 if failing else 0.4,
            limit=2.0,
            passed=not failing,
            says="Backdrop is left along the edge." if failing else "Nothing of the backdrop is left.",
        ),
    ]
    return TaskRecord(
        task_id=task_id,
        drop=photo.drop,
        lot=lot,
        photo_id=photo.photo_id,
        sku=photo.sku,
        view="front",
        file=photo.file,
        segment=photo.segment,
        why=why,
        due_at=f"2099-01-01T00:00:{i:02d}Z",
        checks=checks,
        error_score=0.1,
    )


def _table(client: Any, name: str, key: list[str], indexes: dict[str, tuple[str, str]]) -> None:
    used = {*key, *(attribute for pair in indexes.values() for attribute in pair)}
    schema = lambda pair: [  # noqa: E731
        {"AttributeName": attribute, "KeyType": kind} for attribute, kind in zip(pair, ("HASH", "RANGE"), strict=False)
    ]
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": a, "AttributeType": "S"} for a in sorted(used)],
        "KeySchema": schema(key),
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema(pair), "Projection": {"ProjectionType": "ALL"}}
            for index, pair in indexes.items()
        ]
    client.create_table(**request)


def event(
    method: str,
    path: str,
    *,
    who: str | None = "ann@studio.test",
    groups: str = "[reviewers leads]",
    body: Any = None,
    **query: str,
) -> dict[str, Any]:
    """An API Gateway HTTP API event (payload 2.0); ``who`` None leaves the authorizer out."""
    context: dict[str, Any] = {
        "http": {
            "method": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "test",
        },
        "requestId": "1",
        "stage": "$default",
        "accountId": "1",
        "apiId": "1",
        "domainName": "test",
        "domainPrefix": "test",
        "routeKey": f"{method} /v1/{{proxy+}}",
        "time": "",
        "timeEpoch": 0,
    }
    if who is not None:
        claims = {"sub": f"sub-{who}", "email": who, "cognito:groups": groups}
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return {
        "version": "2.0",
        "routeKey": context["routeKey"],
        "rawPath": path,
        "rawQueryString": "&".join(f"{k}={v}" for k, v in query.items()),
        "headers": {"content-type": "application/json"},
        "queryStringParameters": query or None,
        "requestContext": context,
        "isBase64Encoded": False,
        "body": None if body is None else json.dumps(body),
    }
