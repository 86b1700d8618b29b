"""S3 and DynamoDB in one SQLite file, behind boto3's own calls: as much as the store asks of them, for millions.

The store, its tables and their conditions are the real ones; what is left out is HTTP and botocore's parsing of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import ClientError

from packshot.settings import StoreSettings
from packshot.store import Store

LISTED = 1000  # objects of an S3 listing's page
MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SETTINGS = StoreSettings(
    incoming_bucket="incoming", work_bucket="work", output_bucket="output", drops_table="drops", photos_table="photos",
    lots_table="lots", tasks_table="tasks", profiles_table="profiles", state_machine_arn="machine",
    failed_queue_url="failed", intake_queue_url="intake", close_queue_url="close", topic_arn="topic", event_bus="bus",
)  # fmt: skip


def _refused(code: str, call: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, call)


class Disk:
    """The file, shared by the threads of one process."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            self.db.execute(f"PRAGMA {setting}")
        self.db.execute("CREATE TABLE IF NOT EXISTS items (t, pk, sk, body, PRIMARY KEY (t, pk, sk)) WITHOUT ROWID")
        self.db.execute("CREATE TABLE IF NOT EXISTS objects (b, k, body, PRIMARY KEY (b, k)) WITHOUT ROWID")

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        with self.lock:
            row = self.db.execute(query, values).fetchone()
        return row[0] if row else None

    def run(self, query: str, *values: Any) -> list[Any]:
        """All rows."""
        with self.lock:
            return self.db.execute(query, values).fetchall()


class Pages:
    """A paginator made of a function that yields pages."""

    def __init__(self, pages: Callable[..., Iterator[dict[str, Any]]]) -> None:
        self.paginate = pages


class Tables:
    """DynamoDB: items as they go over the wire, conditions as the tables write them."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def _read(self, table: str, pk: str, sk: str) -> dict[str, Any] | None:
        body = self.disk.one("SELECT body FROM items WHERE t = ? AND pk = ? AND sk = ?", table, pk, sk)
        return json.loads(body) if body else None

    def _write(self, table: str, item: dict[str, Any]) -> None:
        pk, sk = item["pk"]["S"], item.get("sk", {"S": ""})["S"]
        self.disk.run("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", table, pk, sk, json.dumps(item))

    def get_item(self, *, TableName: str, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read one item."""
        item = self._read(TableName, Key["pk"]["S"], Key.get("sk", {"S": ""})["S"])
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Read many items."""
        ((table, asked),) = RequestItems.items()
        found = [self._read(table, key["pk"]["S"], key["sk"]["S"]) for key in asked["Keys"]]
        return {"Responses": {table: [item for item in found if item]}}

    def put_item(self, *, TableName: str, Item: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Write one item, if its condition holds."""
        with self.disk.lock:
            before = self._read(TableName, Item["pk"]["S"], Item.get("sk", {"S": ""})["S"])
            _check(more, before, "PutItem")
            self._write(TableName, Item)
        return {}

    def update_item(self, *, TableName: str, Key: dict[str, Any], UpdateExpression: str, **more: Any) -> dict[str, Any]:
        """Set, remove and add attributes, if the condition holds."""
        with self.disk.lock:
            item = self._read(TableName, Key["pk"]["S"], Key.get("sk", {"S": ""})["S"])
            _check(more, item, "UpdateItem")
            item = item or dict(Key)
            _update(item, UpdateExpression, more)
            self._write(TableName, item)
        return {"Attributes": item}

    def get_paginator(self, _: str) -> Pages:
        """Queries of a partition in the order of the sort key; an index is never asked at scale."""
        return Pages(self._query)

    def _query(self, *, TableName: str, ExpressionAttributeValues: dict[str, Any], **more: Any) -> Iterator[Any]:
        if "IndexName" in more:
            yield {"Items": []}
            return
        names: dict[str, str] = more.get("ExpressionAttributeNames", {})
        paths = [path.split(".") for path in more.get("ProjectionExpression", "").split(", ") if path]
        pk, last = ExpressionAttributeValues[":pk"]["S"], ""
        while True:
            rows = self.disk.run(
                "SELECT sk, body FROM items WHERE t = ? AND pk = ? AND sk > ? ORDER BY sk LIMIT 400",
                TableName,
                pk,
                last,
            )
            if not rows:
                return
            last = rows[-1][0]
            items = [json.loads(body) for _, body in rows]
            yield {"Items": [_part(item, paths, names) for item in items] if paths else items}


def _part(item: dict[str, Any], paths: list[list[str]], names: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in paths:
        first, *rest = (names[part] for part in path)
        if first not in item:
            continue
        if not rest:
            found[first] = item[first]
        elif rest[0] in item[first]["M"]:
            found[first] = {"M": {rest[0]: item[first]["M"][rest[0]]}}
    return found


def _check(more: dict[str, Any], item: dict[str, Any] | None, call: str) -> None:
    condition = more.get("ConditionExpression")
    if condition and not _holds(condition, item or {}, more):
        raise _refused("ConditionalCheckFailedException", call)


_WORD = re.compile(r"attribute_(?:not_)?exists\(([#\w]+)\)|\bIN \(([^)]*)\)|:\w+|#?[a-z]\w*|<=|>=|=|AND|OR|[()<>]")
_compiled: dict[str, Any] = {}


def _holds(condition: str, item: dict[str, Any], more: dict[str, Any]) -> bool:
    """A condition, word by word as Python: ``value``, ``name`` and ``there`` look things up."""
    names, values = more.get("ExpressionAttributeNames", {}), more.get("ExpressionAttributeValues", {})
    if condition not in _compiled:
        _compiled[condition] = compile(_WORD.sub(_python, condition), "condition", "eval")

    def name(word: str) -> Any:
        return _plain(item.get(names.get(word, word)))

    scope = {"name": name, "value": lambda word: _plain(values[word]), "there": lambda w: names.get(w, w) in item}
    try:
        return bool(eval(_compiled[condition], {"__builtins__": {}}, scope))
    except TypeError:  # a missing attribute compares with nothing
        return False


def _python(found: re.Match[str]) -> str:
    word = found[0]
    if word.startswith("attribute_"):
        return f"{'not ' * ('not_' in word)}there({found[1]!r})"
    if word.startswith("IN"):
        return "in (" + "".join(f"value({v.strip()!r})," for v in found[2].split(",")) + ")"
    if word in ("AND", "OR"):
        return word.lower()
    if word.startswith(":"):
        return f"value({word!r})"
    return "==" if word == "=" else word if word in "()<><=>=" else f"name({word!r})"


def _plain(value: dict[str, Any] | None) -> Any:
    if value is None:
        return None
    ((kind, data),) = value.items()
    return float(data) if kind == "N" else data


def _update(item: dict[str, Any], expression: str, more: dict[str, Any]) -> None:
    names, values = more.get("ExpressionAttributeNames", {}), more.get("ExpressionAttributeValues", {})
    for word, rest in re.findall(r"(SET|REMOVE|ADD) (.*?)(?= REMOVE | ADD |$)", expression):
        for change in rest.split(", "):
            if word == "SET":
                name, value = change.split(" = ")
                item[names.get(name, name)] = values[value]
            elif word == "REMOVE":
                item.pop(names.get(change, change), None)
            else:
                name, value = change.split(" ")
                before = float(item.get(name, {"N": "0"})["N"])
                item[name] = {"N": str(int(before + float(values[value]["N"])))}


class Objects:
    """S3: what is written lies in the file; what the drop brings is made up when it is asked for."""

    def __init__(
        self, disk: Disk, incoming: Callable[[], Iterator[tuple[str, int]]], made: Callable[[str], bytes | None]
    ):
        self.disk, self.incoming, self.made = disk, incoming, made

    def put_object(self, *, Bucket: str, Key: str, Body: bytes | IO[bytes], IfNoneMatch: str = "", **_: Any) -> None:
        """Write an object."""
        if IfNoneMatch and self.disk.one("SELECT 1 FROM objects WHERE b = ? AND k = ?", Bucket, Key):
            raise _refused("PreconditionFailed", "PutObject")
        data = Body if isinstance(Body, bytes) else Body.read()
        self.disk.run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?)", Bucket, Key, data)

    def upload_fileobj(self, file: IO[bytes], bucket: str, key: str, **_: Any) -> None:
        """Write a large object: its length and hash are kept, not its bytes."""
        sha, size = hashlib.sha256(), 0
        while block := file.read(1 << 20):
            sha.update(block)
            size += len(block)
        self.put_object(Bucket=bucket, Key=key, Body=json.dumps({"bytes": size, "sha256": sha.hexdigest()}).encode())

    def get_object(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        """Read an object."""
        data = self.disk.one("SELECT body FROM objects WHERE b = ? AND k = ?", Bucket, Key) or self.made(Key)
        if data is None:
            raise _refused("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(data), "ETag": '"e"', "LastModified": MOMENT}

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        """Remove an object."""
        self.disk.run("DELETE FROM objects WHERE b = ? AND k = ?", Bucket, Key)

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        """Asked for its time of day; it has none of its own."""
        return {"ResponseMetadata": {"HTTPHeaders": {}}}

    def get_paginator(self, call: str) -> Pages:
        """Listings of the incoming bucket: its versions, or its objects."""
        field = "Versions" if call == "list_object_versions" else "Contents"

        def pages(*, Prefix: str, **_: Any) -> Iterator[dict[str, Any]]:
            page: list[dict[str, Any]] = []
            for key, size in self.incoming():
                if key.startswith(Prefix):
                    page.append({"Key": key, "Size": size, "ETag": '"e"', "LastModified": MOMENT})
                if len(page) == LISTED:
                    yield {field: page}
                    page = []
            yield {field: page}

        return Pages(pages)


class Rest:
    """Queues, notices and the state machine: they take everything, and nothing comes of it."""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        """Start nothing."""
        return {"executionArn": f"{stateMachineArn}:{name}:{len(input)}"}

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Take every event."""
        return {"Entries": [{} for _ in Entries]}

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda **_: None


def open_cloud(
    path: Path, incoming: Callable[[], Iterator[tuple[str, int]]], made: Callable[[str], bytes | None]
) -> tuple[Store, Disk]:
    """A store whose services lie in a file; ``incoming`` lists the drop's objects, ``made`` gives those not stored."""
    disk = Disk(path)
    clients: dict[str, Any] = {"dynamodb": Tables(disk), "s3": Objects(disk, incoming, made)}
    return Store(SETTINGS, lambda service: clients.get(service) or Rest()), disk
