"""The cloud of ``tests/cloud.py`` with moto's own Step Functions, the queues of intake and close, and a clock."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cloud import REGION, Cloud, build, sky
from moto.moto_api._internal.models import moto_api_backend

from packshot.reconcile import Reconciled, reconcile_drop
from packshot.records import LotRecord, LotStatus, TaskRecord, TaskState
from packshot.settings import CloseSettings
from packshot.store import Store

__all__ = ["sky"]
QUIET = CloseSettings(quiet_minutes=10)


def ago(**delta: float) -> str:
    """A moment in the past, as records have it."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Steps:
    """Moto's Step Functions, with task tokens that wait or are dead (moto takes any)."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.waiting: set[str] = set()
        self.answers: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken not in self.waiting:
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": ""}}, "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.answers.append((taskToken, json.loads(output)["decision"]))


@dataclass
class Ward:
    """Drops that are stuck in ways of one's choice."""

    cloud: Cloud
    store: Store
    steps: Steps
    told: list[tuple[str, str]] = field(default_factory=list)

    def look(self, drop: str = "d") -> Reconciled:
        return reconcile_drop(self.store, drop, QUIET)

    def open(self, **fields: Any) -> None:
        """A drop with one photo that was last heard of at ``last_event_at``."""
        self.cloud.accept("d", "A")
        if fields:
            self.store.drops._update({"pk": "d"}, fields)

    def close(self, *, start: bool = True, **fields: Any) -> None:
        """Close the drop an hour ago, with its execution."""
        arn = self.store.workflow.start("d", {"drop": "d"}) if start else ""
        fields = {"status": "closed", "closed_at": ago(hours=1), "execution": arn, **fields}
        self.store.drops._update({"pk": "d"}, fields)

    def kill(self) -> None:
        """End whatever runs."""
        for arn in self.running():
            self.steps.stop_execution(executionArn=arn)

    def running(self) -> list[str]:
        return sorted(self.store.workflow.running("d"))

    def input(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.steps.describe_execution(executionArn=arn)["input"])
        return found

    def lot(self, name: str = "L", tasks: int = 0, decided: int = 0, **fields: Any) -> LotRecord:
        """A lot with its plan, a while ago; the first tasks are decided: approved."""
        ids = [f"{name}.0.{i}" for i in range(tasks)]
        base = {"drop": "d", "lot": name, "segment": "general", "size": 1, "chunks": 1, "task_ids": ids}
        record = LotRecord(**{**base, "sample_size": tasks, "updated_at": ago(hours=1), **fields})
        self.store.lots.plan(record)
        self.store.work.put_json(f"plans/d/lots/{name}.json", {})
        self.store.work.put_json("plans/d/d/lots.json", [])
        for i, task in enumerate(ids):
            state, decision = (TaskState.DECIDED, "approve") if i < decided else (TaskState.OPEN, "")
            self.store.tasks.create(
                TaskRecord(
                    task_id=task, drop="d", lot=name, photo_id="0", sku="A", view="front", file="A_front.jpg",
                    segment="general", why="sample", state=state, decision=decision, due_at=ago(hours=-9),
                )
            )  # fmt: skip
        return record

    def status(self, name: str = "L") -> LotStatus:
        lot = self.store.lots.get("d", name)
        assert lot is not None
        return lot.status

    def messages(self, queue: str) -> list[dict[str, Any]]:
        sqs, url, found = self.cloud.clients["sqs"], getattr(self.store, queue).url, []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in got]
        return found

    def later(self) -> None:
        """Let the last resume be long ago."""
        body, rev = self.store.profiles.get("reconcile", "d")
        assert self.store.profiles.replace("reconcile", "d", {**body, "at": ago(hours=1)}, rev)


@pytest.fixture
def ward(sky: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    cloud = build(sky)
    if "sfn" not in sky:
        sky["sfn"] = boto3.client(
            "stepfunctions", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
    steps = Steps(sky["sfn"])
    machine = steps.create_state_machine(
        name="packshot-drop",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    sqs = sky["sqs"]
    settings = cloud.store.settings.model_copy(
        update={
            "state_machine_arn": machine,
            "close_queue_url": sqs.create_queue(QueueName="close")["QueueUrl"],
            "intake_queue_url": sqs.create_queue(QueueName="intake")["QueueUrl"],
        }
    )
    store = Store(settings, {**sky, "stepfunctions": steps}.__getitem__)
    made = Ward(cloud, store, steps)
    monkeypatch.setattr(store.notices, "people", lambda subject, text: made.told.append((subject, text)))
    yield made
    moto_api_backend.reset()
