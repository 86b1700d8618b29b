"""One input through the real code: queue message, intake, full decoding, metadata of an export; or complaints.

S3 and DynamoDB are dictionaries at the wire (boto3's calls), which refuse what AWS refuses: items over 400 KB,
keys over 2,048 bytes, text that is not Unicode.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

from botocore.exceptions import ClientError

from bench.hostile.inputs import BUCKET, Input
from packshot import keys
from packshot.export.metadata import Blocks, source_kind
from packshot.export.words import Words
from packshot.imaging.decode import ImageRefused, decode
from packshot.intake import events
from packshot.intake import receive as receiving
from packshot.intake.receive import receive
from packshot.learning.stage import take_complaints
from packshot.records import CatalogEntry, PhotoRecord
from packshot.settings import IntakeSettings, StoreSettings
from packshot.store import Store

MOST_ITEM, MOST_KEY = 400 * 1024, 2048
SETTINGS = IntakeSettings(min_pixels=16)
WORDS = Words(title="Mug", description="A mug.", alt_text="A mug.", keywords=["mug"], language="en")


def judge(given: Input) -> str:
    """What became of it, in a word: a status with its reason, ``no photo``, ``refused`` or ``read``.

    Whatever is raised from here is a fault of packshot.
    """
    wire = _Wire(given)
    store = Store(
        StoreSettings(incoming_bucket=BUCKET, output_bucket="output", drops_table="drops", photos_table="photos",
                      profiles_table="profiles", close_queue_url="close"),
        lambda _: wire,
    )  # fmt: skip
    if given.complaints is not None:
        take_complaints(store, given.complaints, "2026-01-01T00:00:00Z")
        return "read"
    try:
        news = events.parse(given.message, BUCKET)
    except ValueError:  # documented: the message goes to the dead-letter queue
        return "refused"
    receiving._catalogs._held = None  # a process that remembers nothing
    told = [_taken(receive(store, SETTINGS, one), given) for one in news]
    return told[-1] if told else "no news"


def _taken(record: PhotoRecord | None, given: Input) -> str:
    if record is None:
        return "no photo"
    if record.reason is not None:
        return record.reason.code
    try:
        decode(given.body)
    except ImageRefused as refused:
        raise AssertionError(f"intake let in what process refuses: {refused.reason.code}") from refused
    entry = record.catalog or CatalogEntry(sku=record.sku)
    Blocks(entry, WORDS, record.source_metadata, source_kind(record.source_metadata, False, False, False))
    return str(record.status)


def _refusal(code: str, text: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "Call")


def _weight(value: Any) -> int:
    """Bytes of a DynamoDB value, by AWS's rules in short. Raises UnicodeEncodeError for lone surrogates."""
    if isinstance(value, dict):
        return 3 + sum(len(name.encode()) + _weight(inner) + 1 for name, inner in value.items())
    if isinstance(value, list):
        return 3 + sum(_weight(inner) + 1 for inner in value)
    return len(value.encode()) if isinstance(value, str) else 8


class _Wire:
    """The calls of S3, DynamoDB and SQS that intake and learn make."""

    def __init__(self, given: Input) -> None:
        self.given = given
        self.items: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.written: dict[str, bytes] = {}

    # S3
    def get_object(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        if len(Key.encode()) > 1024:
            raise _refusal("KeyTooLongError", "the key is too long")
        body = self.given.catalog if Key.endswith(f"/{keys.CATALOG}") else self.given.body
        return {
            "Body": io.BytesIO(body),
            "ETag": '"e"',
            "VersionId": "v",
            "Metadata": self.given.headers,
            "LastModified": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        }

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:
        json.loads(Body)
        self.written[Key] = Body
        return {}

    def get_paginator(self, call: str) -> _Wire:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        if "Prefix" not in asked:
            for value in asked["ExpressionAttributeValues"].values():
                self._no_longer_than(value["S"], MOST_KEY)
            return [{"Items": []}]
        if not str(asked["Prefix"]).endswith(keys.CATALOG):
            return [{}]
        self._no_longer_than(asked["Prefix"], 1024)
        now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        found = {"Key": asked["Prefix"], "Size": len(self.given.catalog), "ETag": '"e"', "LastModified": now}
        return [{"Contents": [found]}]

    # DynamoDB
    def put_item(self, TableName: str, Item: dict[str, Any], **_: Any) -> dict[str, Any]:
        weight = _weight(Item)
        if weight > MOST_ITEM:
            raise _refusal("ValidationException", f"an item of {weight:,} bytes")
        self.items[self._place(TableName, Item)] = Item
        return {}

    def get_item(self, TableName: str, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        item = self.items.get(self._place(TableName, Key))
        return {"Item": item} if item else {}

    def update_item(self, TableName: str, Key: dict[str, Any], **asked: Any) -> dict[str, Any]:
        item = self.items.get(self._place(TableName, Key))
        if item is None:
            raise _refusal("ConditionalCheckFailedException", "not there")
        if _weight(asked.get("ExpressionAttributeValues", {})) > MOST_ITEM:
            raise _refusal("ValidationException", "an item that is too large")
        return {"Attributes": item}

    def _place(self, table: str, item: dict[str, Any]) -> tuple[str, str, str]:
        own = (item["pk"]["S"], item.get("sk", {"S": ""})["S"])
        self._no_longer_than(own[0], MOST_KEY)
        self._no_longer_than(own[1], 1024)
        self._no_longer_than(item.get("sku", {"S": ""})["S"], MOST_KEY)
        return (table, *own)

    @staticmethod
    def _no_longer_than(text: str, most: int) -> None:
        if len(text.encode()) > most:
            raise _refusal("ValidationException", f"a key of {len(text.encode()):,} bytes")

    # SQS
    def send_message(self, **_: Any) -> dict[str, Any]:
        return {}
