"""Keeps objects and items between runs in a folder: `index.json`, and the objects' bodies beside it.

Executions, queues and subscriptions are not kept: a drop in the middle of its way starts again by its next
event.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends

from .deploy import Deployment
from .records import StackError

log = logging.getLogger(__name__)

FORMAT = 1
SAVE_SECONDS = 20.0


class StateFolder:
    """One folder of kept state, owned by one stack at a time.

    `open` raises StackError when another process has it or when its index cannot be read.
    """

    def __init__(self, folder: Path, deployment: Deployment, clients: Any, region: str) -> None:
        self._folder = folder
        self._bodies = folder / "objects"
        self._index = folder / "index.json"
        self._deployment = deployment
        self._clients = clients
        self._region = region
        self._lock_file: IO[str] | None = None
        self._saving = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._save_now_and_then, name="stack-keeper", daemon=True)

    def open(self) -> None:
        """Take the folder, bring back what it holds, and begin to save now and then."""
        self._bodies.mkdir(parents=True, exist_ok=True)
        self._lock_file = _locked(self._folder / "lock")
        if self._index.is_file():
            self._restore(self._read_index())
        self._thread.start()

    def close(self) -> None:
        """Save a last time and give the folder back."""
        self._closing.set()
        self._thread.join()
        self.save()
        if self._lock_file is not None:
            self._lock_file.close()

    def _save_now_and_then(self) -> None:
        while not self._closing.wait(SAVE_SECONDS):
            try:
                self.save()
            except OSError:
                log.exception("the state could not be saved to %s", self._folder)

    # Saving

    def save(self) -> None:
        """Write everything down; the index is replaced in one step, so a crash leaves the old one or the
        new."""
        with self._saving:
            index: dict[str, Any] = {
                "format": FORMAT,
                "buckets": {name: self._objects(name) for name in self._deployment.of_type("AWS::S3::Bucket")},
                "tables": {name: self._items(name) for name in self._deployment.of_type("AWS::DynamoDB::Table")},
            }
            partial = self._index.with_suffix(".partial")
            with partial.open("w", encoding="utf-8") as file:
                json.dump(index, file, default=_bytes_as_text)
            partial.replace(self._index)
            kept = {entry.get("body") for entries in index["buckets"].values() for entry in entries}
            for body in self._bodies.iterdir():
                if body.name not in kept:
                    body.unlink()

    def _objects(self, logical_id: str) -> list[dict[str, Any]]:
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        bucket = backend.get_bucket(self._deployment.physical(logical_id))
        entries = []
        for name in list(bucket.keys):
            for version in list(bucket.keys.getlist(name, [])):
                entry = self._entry(logical_id, version)
                if entry is not None:
                    entry["tags"] = backend.tagger.get_tag_dict_for_resource(getattr(version, "arn", ""))
                    entries.append(entry)
        return entries

    def _entry(self, logical_id: str, version: Any) -> dict[str, Any] | None:
        modified = version.last_modified.isoformat()
        if isinstance(version, FakeDeleteMarker):
            return {"key": version.name, "version": version.version_id, "modified": modified, "deleted": True}
        identity = f"{logical_id}\n{version.name}\n{version.version_id}\n{version.etag}\n{modified}"
        body = hashlib.sha256(identity.encode()).hexdigest()
        try:
            self._write_body(body, version)
        except ValueError:
            return None  # deleted while it was being read
        return {
            "key": version.name,
            "version": version.version_id,
            "modified": modified,
            "etag": version.etag.strip('"'),
            "storage": version.storage_class,
            "metadata": dict(version.metadata),
            "body": body,
        }

    def _write_body(self, name: str, version: Any) -> None:
        place = self._bodies / name
        if not place.exists():
            partial = place.with_suffix(".partial")
            partial.write_bytes(version.value)
            partial.replace(place)

    def _items(self, logical_id: str) -> list[dict[str, Any]]:
        pages = (
            self._clients("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self._deployment.physical(logical_id), ConsistentRead=True)
        )
        return [item for page in pages for item in page["Items"]]

    # Restoring

    def _read_index(self) -> dict[str, Any]:
        try:
            index: dict[str, Any] = json.loads(self._index.read_text(encoding="utf-8"), object_hook=_text_as_bytes)
        except ValueError as error:
            raise StackError(f"{self._index} cannot be read ({error}); move the folder away to start anew") from error
        if index.get("format") != FORMAT:
            raise StackError(f"{self._index} is of another version; move the folder away to start anew")
        return index

    def _restore(self, index: dict[str, Any]) -> None:
        buckets = set(self._deployment.of_type("AWS::S3::Bucket"))
        tables = set(self._deployment.of_type("AWS::DynamoDB::Table"))
        for logical_id, entries in index["buckets"].items():
            if logical_id in buckets:
                self._restore_objects(self._deployment.physical(logical_id), entries)
        for logical_id, items in index["tables"].items():
            if logical_id in tables:
                self._restore_items(self._deployment.physical(logical_id), items)

    def _restore_objects(self, bucket_name: str, entries: list[dict[str, Any]]) -> None:
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        bucket = backend.get_bucket(bucket_name)
        versions: dict[str, list[Any]] = {}
        for entry in entries:
            version = self._version(bucket, entry)
            version.last_modified = datetime.fromisoformat(entry["modified"])
            versions.setdefault(entry["key"], []).append(version)
            if entry.get("tags"):
                tags = [{"Key": name, "Value": value} for name, value in entry["tags"].items()]
                backend.tagger.tag_resource(version.arn, tags)
        for key, kept in versions.items():
            bucket.keys.setlist(key, kept)

    def _version(self, bucket: Any, entry: dict[str, Any]) -> Any:
        place = self._bodies / entry.get("body", "")
        if not entry.get("deleted") and not place.is_file():
            raise StackError(f"{place} is missing; move the state folder away to start anew")
        key = FakeKey(
            name=entry["key"],
            bucket_name=bucket.name,
            value=b"" if entry.get("deleted") else place.read_bytes(),
            account_id=DEFAULT_ACCOUNT_ID,
            region_name=self._region,
            storage=entry.get("storage"),
            etag=entry.get("etag"),
            is_versioned=bucket.is_versioned,
            version_id=entry["version"],
        )
        if entry.get("deleted"):
            marker = FakeDeleteMarker(key)
            marker._version_id = entry["version"]
            return marker
        key.set_metadata(entry["metadata"], replace=False)
        return key

    def _restore_items(self, table_name: str, items: list[dict[str, Any]]) -> None:
        client = self._clients("dynamodb")
        for item in items:
            client.put_item(TableName=table_name, Item=item)
        shard = dynamodb_backends[DEFAULT_ACCOUNT_ID][self._region].get_table(table_name).stream_shard
        if shard is not None:
            shard.items.clear()  # what is brought back has been through the stream before


def _locked(path: Path) -> IO[str]:
    """Open a file and lock it for this process; where there is no flock, nothing is locked."""
    file = path.open("w")
    try:
        import fcntl
    except ImportError:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StackError(f"{path.parent} is in use by another local stack") from error
    return file


def _bytes_as_text(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _text_as_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$bytes"]) if set(value) == {"$bytes"} else value
