"""S3: bytes by bucket and key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_IN_PARTS = TransferConfig(multipart_threshold=1 << 26, multipart_chunksize=1 << 26, use_threads=False)
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "405", "MethodNotAllowed"}


class Missing(Exception):
    """The object (or that version of it) does not exist."""


@dataclass(frozen=True)
class Fetched:
    """An object as read: its bytes and what S3 says of it."""

    body: bytes
    etag: str
    version: str
    metadata: dict[str, str]
    last_modified: float


@dataclass(frozen=True)
class Listed:
    """One line of a listing."""

    key: str
    bytes: int
    etag: str
    last_modified: float


class Bucket:
    """One bucket. All keys are unquoted strings."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.client, self.name = client, name

    def get(self, key: str, version: str = "", *, most_bytes: int | None = None) -> Fetched:
        """Read an object, at most ``most_bytes`` of it. Raises Missing when it is not there."""
        extra: dict[str, Any] = {"VersionId": version} if version else {}
        if most_bytes is not None:
            extra["Range"] = f"bytes=0-{most_bytes - 1}"
        try:
            answer = self.client.get_object(Bucket=self.name, Key=key, **extra)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _ABSENT:
                raise Missing(f"s3://{self.name}/{key} {version}".strip()) from error
            if code == "InvalidRange":  # a range of an empty object
                extra.pop("Range")
                answer = self.client.get_object(Bucket=self.name, Key=key, **extra)
            else:
                raise
        return Fetched(
            body=answer["Body"].read(),
            etag=answer["ETag"].strip('"'),
            version=answer.get("VersionId", "") or "",
            metadata=answer.get("Metadata", {}),
            last_modified=answer["LastModified"].timestamp(),
        )

    def get_json(self, key: str) -> Any:
        """Read a JSON object. Raises Missing."""
        return json.loads(self.get(key).body)

    def put(self, key: str, body: bytes | IO[bytes], content_type: str, metadata: dict[str, str] | None = None) -> None:
        """Write an object."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type, Metadata=metadata or {})

    def put_file(self, key: str, file: IO[bytes], content_type: str, metadata: dict[str, str] | None = None) -> None:
        """Write an object from the start of a file, in parts where it is large: one request takes 5 GB at most."""
        file.seek(0)
        extra = {"ContentType": content_type, "Metadata": metadata or {}}
        self.client.upload_fileobj(file, self.name, key, ExtraArgs=extra, Config=_IN_PARTS)

    def put_new(self, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> bool:
        """Write an object unless one is there already; whether written. Of two at once only one writes."""
        try:
            self.client.put_object(
                Bucket=self.name, Key=key, Body=body, ContentType=content_type, Metadata=metadata, IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
                return False
            raise
        return True

    def put_json(self, key: str, value: Any) -> None:
        """Write JSON: sorted keys, so that the same value is the same bytes."""
        body = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        self.put(key, body, "application/json")

    def metadata(self, key: str) -> dict[str, str] | None:
        """The user metadata of an object, or None when it is not there."""
        try:
            return self.client.head_object(Bucket=self.name, Key=key)["Metadata"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise

    def delete(self, key: str) -> None:
        """Remove an object (on a versioned bucket: hide it)."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def list(self, prefix: str) -> Iterator[Listed]:
        """All current objects below a prefix, streamed in key order."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield Listed(entry["Key"], entry["Size"], entry["ETag"].strip('"'), entry["LastModified"].timestamp())

    def keys_ever(self, prefix: str) -> Iterator[str]:
        """All distinct keys that ever lay below a prefix, deleted ones too (versioned buckets), in key order."""
        last: str | None = None
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
            for entry in page.get("Versions", []):
                if entry["Key"] != last:
                    last = entry["Key"]
                    yield last
