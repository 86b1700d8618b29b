"""A store on moto: buckets and tables as the template makes them, queues to read, executions counted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from packshot.intake import receive as receiving
from packshot.intake.events import ObjectEvent
from packshot.intake.receive import receive
from packshot.records import PhotoRecord
from packshot.settings import IntakeSettings, StoreSettings
from packshot.store import Store, open_store

REGION = "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:packshot-drop"


def product(size: tuple[int, int] = (640, 480), seed: int = 0, backdrop: int = 235) -> Image.Image:
    """A small picture with a coloured product on a light backdrop; every seed is another one."""
    rng = np.random.default_rng(seed)
    width, height = size
    pixels = np.full((height, width, 3), backdrop, np.float32)
    left, top = int(width * (0.2 + 0.1 * rng.random())), int(height * 0.2)
    pixels[top : height - top, left : int(width * 0.75)] = rng.integers(20, 160, 3)
    pixels[height // 2 : height // 2 + 20, left + 10 : left + 60] = rng.integers(0, 255, 3)
    pixels += rng.normal(0, 2, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


CATALOG = b"sku,title,category,material\nMUG-01,Stoneware mug,Kitchen,ceramic\nMUG-02,Blue mug,Kitchen,ceramic\n"


@dataclass
class World:
    """What a test needs of AWS, in its own words."""

    store: Store
    settings: IntakeSettings
    clients: dict[str, Any]
    started: list[str] = field(default_factory=list)

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> ObjectEvent:
        """Upload, and give back the news that S3 would send."""
        answer = self.clients["s3"].put_object(Bucket="incoming", Key=key, Body=body, Metadata=metadata or {})
        self.sequence = getattr(self, "sequence", 0) + 1
        return ObjectEvent(
            key=key,
            version=answer["VersionId"],
            sequencer=f"{self.sequence:016X}",
            etag=answer["ETag"].strip('"'),
            size=len(body),
        )

    def take(self, event: ObjectEvent) -> PhotoRecord | None:
        """Receive the news, by a process that remembers nothing."""
        receiving._catalogs._held = None
        return receive(self.store, self.settings, event)

    def drop(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> PhotoRecord | None:
        """Upload and receive."""
        return self.take(self.put(key, body, metadata))

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Take all messages from a queue."""
        found: list[dict[str, Any]] = []
        sqs = self.clients["sqs"]
        url = getattr(self.store.settings, f"{queue}_queue_url")
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def rejection(self, record: PhotoRecord) -> dict[str, Any] | None:
        """The JSON that tells the user, or None."""
        key = f"rejected/{record.drop}/{record.photo_id}.json"
        if not any(True for _ in self.store.output.list(key)):
            return None
        found: dict[str, Any] = self.store.output.get_json(key)
        return found

    def photos(self, drop: str) -> dict[str, PhotoRecord]:
        """The drop's records by file."""
        return {record.file: record for record in self.store.photos.of_drop(drop)}


def _table(client: Any, name: str, *, sort: bool = False, index: bool = False) -> None:
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
    extra: dict[str, Any] = {}
    if sort:
        attributes.append({"AttributeName": "sk", "AttributeType": "S"})
        schema.append({"AttributeName": "sk", "KeyType": "RANGE"})
    if index:
        attributes += [{"AttributeName": n, "AttributeType": "S"} for n in ("status", "last_event_at")]
        keys = [
            {"AttributeName": "status", "KeyType": "HASH"},
            {"AttributeName": "last_event_at", "KeyType": "RANGE"},
        ]
        extra["GlobalSecondaryIndexes"] = [
            {"IndexName": "by_status", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
        ]
    client.create_table(
        TableName=name,
        AttributeDefinitions=attributes,
        KeySchema=schema,
        BillingMode="PAY_PER_REQUEST",
        **extra,
    )


def make_world() -> World:
    """Buckets, tables and queues on the moto that is active."""
    clients = {name: boto3.client(name, region_name=REGION) for name in ("s3", "dynamodb", "sqs")}
    for bucket in ("incoming", "output", "work"):
        clients["s3"].create_bucket(Bucket=bucket)
    clients["s3"].put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    _table(clients["dynamodb"], "drops", index=True)
    _table(clients["dynamodb"], "photos", sort=True)
    clients["dynamodb"].create_table(
        TableName="idempotency",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    urls = {name: clients["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in ("intake", "close")}
    settings = StoreSettings(
        incoming_bucket="incoming",
        output_bucket="output",
        drops_table="drops",
        photos_table="photos",
        intake_queue_url=urls["intake"],
        close_queue_url=urls["close"],
        state_machine_arn=MACHINE,
    )
    world = World(open_store(settings, clients.__getitem__), IntakeSettings(min_pixels=400), clients)
    clients["stepfunctions"] = _Executions(world.started)
    return world


class _Executions:
    """Step Functions as far as closing uses it: a name starts once."""

    def __init__(self, started: list[str]) -> None:
        self.started = started

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        assert json.loads(input) == {"drop": name}
        if name in self.started:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": ""}}, "StartExecution")
        self.started.append(name)
        return {"executionArn": MACHINE.replace(":stateMachine:", ":execution:") + f":{name}"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh AWS for one test."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield make_world()


@pytest.fixture
def photo() -> Callable[..., bytes]:
    """Makes product photos as JPEG files: ``photo(seed)``."""
    return lambda seed=0, **options: encoded(product(seed=seed, **options))
