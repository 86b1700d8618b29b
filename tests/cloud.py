"""A cloud on moto for tests of single stages: tables and buckets as the template has them, a workflow that notes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend
from samtranslator.yaml_helper import yaml_parse

from packshot import keys
from packshot.records import CatalogEntry, PhotoRecord, Status
from packshot.settings import StoreSettings
from packshot.store import Store

REGION = "eu-central-1"
ROOT = Path(__file__).parents[1]
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:packshot-drop"
TABLES = {
    "drops": "DropsTable",
    "photos": "PhotosTable",
    "lots": "LotsTable",
    "tasks": "TasksTable",
    "profiles": "ProfilesTable",
}
CREATED_WITH = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification")


@cache
def template() -> dict[str, Any]:
    """The SAM template as written."""
    found: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return found


class Executions:
    """Step Functions as far as the stages use it: names start once, tokens are answered once."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.waiting: set[str] = set()
        self.answers: list[tuple[str, str]] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        if name in self.started:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": ""}}, "StartExecution")
        self.started[name] = json.loads(input)
        return {"executionArn": MACHINE.replace(":stateMachine:", ":execution:") + f":{name}"}

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken not in self.waiting:
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": ""}}, "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.answers.append((taskToken, json.loads(output)["decision"]))


@dataclass
class Cloud:
    """A store, and what the tests ask of it."""

    store: Store
    clients: dict[str, Any]
    flow: Executions

    def letters(self) -> list[dict[str, Any]]:
        """Take all messages out of the dead-letter queue of photos."""
        sqs, url, found = self.clients["sqs"], self.store.failed_queue.url, []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def accept(self, drop: str, sku: str, body: bytes = b"", **fields: Any) -> PhotoRecord:
        """A photo in S3 with an accepted record."""
        key = f"{keys.INCOMING}{drop}/{sku}_{fields.get('view', 'front')}.jpg"
        body = body or sku.encode()
        self.store.drops.open(drop, f"{keys.INCOMING}{drop}/")
        self.store.incoming.put(key, body, "image/jpeg")
        entry = CatalogEntry(sku=sku, title=f"Box {sku}", category="Home", brand="Acme", material="cardboard")
        base: dict[str, Any] = {
            "drop": drop, "photo_id": keys.photo_id(key), "key": key, "file": key.rsplit("/", 1)[-1], "sku": sku,
            "view": "front", "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body), "catalog": entry,
            "status": Status.ACCEPTED,
        }  # fmt: skip
        record = PhotoRecord(**{**base, **fields})
        assert self.store.photos.receive(record)
        return record

    def photo(self, record: PhotoRecord) -> PhotoRecord:
        """The record as it is now."""
        found = self.store.photos.get(record.drop, record.photo_id)
        assert found is not None
        return found


def build(clients: dict[str, Any]) -> Cloud:
    for name in ("s3", "dynamodb", "sqs", "sns", "events"):
        if name not in clients:
            clients[name] = boto3.client(
                name, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
            )
    for bucket in ("incoming", "work", "output"):
        clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients["s3"].put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    for name, logical in TABLES.items():
        properties = template()["Resources"][logical]["Properties"]
        wanted = {key: properties[key] for key in CREATED_WITH if key in properties}
        if "StreamSpecification" in wanted:
            wanted["StreamSpecification"] = {"StreamEnabled": True, **wanted["StreamSpecification"]}
        clients["dynamodb"].create_table(TableName=name, **wanted)
    flow = Executions()
    settings = StoreSettings(
        incoming_bucket="incoming", work_bucket="work", output_bucket="output", drops_table="drops",
        photos_table="photos", lots_table="lots", tasks_table="tasks", profiles_table="profiles",
        state_machine_arn=MACHINE,
        failed_queue_url=clients["sqs"].create_queue(QueueName="failed")["QueueUrl"],
        topic_arn=clients["sns"].create_topic(Name="operators")["TopicArn"], event_bus="default",
    )  # fmt: skip
    made = {**clients, "stepfunctions": flow}
    return Cloud(Store(settings, made.__getitem__), made, flow)


@pytest.fixture(scope="module")
def sky() -> Iterator[dict[str, Any]]:
    """Moto for a module's tests, with clients that are made once: making them takes longer than the tests."""
    with mock_aws():
        yield {}


@pytest.fixture
def cloud(sky: dict[str, Any]) -> Iterator[Cloud]:
    """A fresh cloud for one test."""
    moto_api_backend.reset()
    yield build(sky)
    moto_api_backend.reset()
