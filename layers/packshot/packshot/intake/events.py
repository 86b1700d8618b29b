"""S3's news of an object, in the three shapes in which it reaches the intake queue."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field, field_validator

from packshot.keys import LONGEST
from packshot.store.objects import Listed


class _Lenient(BaseModel):
    """AWS adds fields to its events as it likes."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class ObjectEvent(_Lenient):
    """One object was written. ``key`` is plain, never URL-quoted.

    ``version`` is empty on an unversioned bucket and in events that ``close`` sent to heal a lost one: the
    object as it is now is meant. ``sequencer`` decides which of two events of a key is newer; the event's id
    means nothing (events come twice, and each time with another id).
    """

    key: str
    version: str = Field(default="", alias="version-id")
    sequencer: str = ""
    etag: str = ""
    size: int | None = None

    @field_validator("key")
    @classmethod
    def _text(cls, key: str) -> str:
        # JSON can spell what no key can be: half of a surrogate pair (encoding raises), or too long.
        if len(key.encode("utf-8")) > LONGEST:
            raise ValueError(f"a key of more than {LONGEST:,} bytes")
        return key


class _Named(_Lenient):
    name: str


class _Detail(_Lenient):
    bucket: _Named
    object: ObjectEvent


class _BridgeEvent(_Lenient):
    """EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (keys are plain)."""

    source: str
    detail_type: str = Field(alias="detail-type")
    detail: _Detail


class _DirectObject(_Lenient):
    key: str
    version: str = Field(default="", alias="versionId")
    sequencer: str = ""
    etag: str = Field(default="", alias="eTag")
    size: int | None = None


class _DirectS3(_Lenient):
    bucket: _Named
    object: _DirectObject


class _DirectRecord(_Lenient):
    """S3 notification: .../userguide/notification-content-structure.html (keys are quoted as in a form)."""

    event_name: str = Field(alias="eventName")
    s3: _DirectS3


def parse(body: str, bucket: str) -> list[ObjectEvent]:
    """The objects that a queue message tells of, of our bucket only; none for S3's test message.

    Raises ValueError (pydantic's ValidationError, json's JSONDecodeError) for any other message: it belongs
    into the dead-letter queue, where somebody looks.
    """
    try:
        message = json.loads(body)
    except RecursionError as error:
        raise ValueError("the message is nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("the message is no JSON object")
    if message.get("Event") == "s3:TestEvent":
        return []
    if "Records" in message:
        records = [_DirectRecord.model_validate(r) for r in message["Records"]]
        return [
            ObjectEvent(**{**r.s3.object.model_dump(), "key": unquote_plus(r.s3.object.key)})
            for r in records
            if r.event_name.startswith(("ObjectCreated", "s3:ObjectCreated")) and r.s3.bucket.name == bucket
        ]
    event = _BridgeEvent.model_validate(message)
    if event.detail_type != "Object Created" or event.detail.bucket.name != bucket:
        return []
    return [event.detail.object]


def heal(listed: Listed, bucket: str) -> dict[str, Any]:
    """An event like EventBridge's for an object whose own was lost; it means the object as it is now."""
    return {
        "version": "0",
        "source": "packshot.close",
        "detail-type": "Object Created",
        "time": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": listed.key, "size": listed.bytes, "etag": listed.etag},
            "reason": "Healed",
        },
    }
