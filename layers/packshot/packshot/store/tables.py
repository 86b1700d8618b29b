"""The tables of drops, photos and lots, each with the writes that its stages need."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from packshot.records import (
    DropRecord,
    DropStatus,
    LotRecord,
    PhotoRecord,
    Status,
    now,
)
from packshot.store.records_table import MARK, Conflict, RecordsTable, conditionally, new_mark

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS = "0123456789abcdef"


def _newer(sequencer: str) -> str:
    """S3 sequencers compare as strings once padded on the right with zeros (Amazon S3 guide, event structure)."""
    return sequencer.ljust(40, "0")


class Drops(RecordsTable[DropRecord]):
    """Key: pk = drop. Index ``by_status`` (status, last_event_at) finds the open ones."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        super().__init__(client, name, DropRecord)
        self._seen: tuple[DropRecord, float] | None = None

    def get(self, drop: str, open_s: float = 0.0) -> DropRecord | None:
        """The drop's record, or None. For ``open_s`` seconds one that was open when last read is not read again."""
        if self._seen and self._seen[0].drop == drop and time.monotonic() - self._seen[1] < open_s:
            return self._seen[0]
        found = self._get({"pk": drop})
        self._seen = (found, time.monotonic()) if found and found.status is DropStatus.OPEN else None
        return found

    def open(self, drop: str, prefix: str) -> None:
        """Record that a drop exists, if nobody did; else do nothing."""
        try:
            self._put({"pk": drop}, DropRecord(drop=drop, prefix=prefix), "attribute_not_exists(pk)")
        except Conflict:
            return

    def touch(self, drop: str, **fields: Any) -> bool:
        """Note activity on an open drop (and set fields); False when the drop is open no longer."""
        return self.move(drop, DropStatus.OPEN, last_event_at=now(), **fields)

    def move(self, drop: str, expected: DropStatus, **fields: Any) -> bool:
        """Set fields if the drop still has the expected status; whether it had."""
        try:
            self._update({"pk": drop}, fields, "#status = :expected", {":expected": expected}, {"#status": "status"})
        except Conflict:
            return False
        return True

    def take_closing(self, drop: str, seconds: int, by: str) -> bool:
        """Be the one who closes an open drop, for so long at most; False while somebody else is, or it is closed.

        ``by``: the message that asks. Delivered again, its first delivery is over, and died with the drop in hand.
        """
        moment = int(time.time())
        free = "attribute_not_exists(closing_until) OR closing_until <= :now OR closing_by = :by"
        try:
            self._update(
                {"pk": drop},
                {"closing_until": moment + seconds, "closing_by": by},
                f"#status = :open AND ({free})",
                {":open": DropStatus.OPEN, ":now": moment, ":by": by},
                {"#status": "status"},
            )
        except Conflict:
            return False
        return True

    def leave_closing(self, drop: str) -> None:
        """Let others close the drop."""
        self._update({"pk": drop}, {"closing_until": None, "closing_by": None})

    def by_status(self, status: DropStatus) -> Iterator[DropRecord]:
        """All drops with a status, the longest quiet first."""
        return self._query("#s = :s", {":s": status}, IndexName="by_status", ExpressionAttributeNames={"#s": "status"})


class Photos(RecordsTable[PhotoRecord]):
    """Key: pk = ``<drop>#<first hex digit of photo_id>`` (16 shards a drop), sk = photo_id."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        super().__init__(client, name, PhotoRecord)

    @staticmethod
    def _key(drop: str, photo: str) -> dict[str, str]:
        return {"pk": f"{drop}#{photo[0]}", "sk": photo}

    def _item(
        self, key: Mapping[str, str], record: PhotoRecord, extra: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        item = super()._item(key, record, extra)
        if not record.sku:
            del item["sku"]  # the key of an index must not be empty
        return item

    def get(self, drop: str, photo: str) -> PhotoRecord | None:
        """The photo's record, or None."""
        return self._get(self._key(drop, photo))

    def get_many(self, drop: str, photos: Iterable[str]) -> dict[str, PhotoRecord]:
        """The records of photos, each named once, by photo_id; those that are not there are left out."""
        return {found.photo_id: found for found in self._get_many(self._key(drop, photo) for photo in photos)}

    def receive(self, record: PhotoRecord) -> bool:
        """Write what intake found, unless a newer event of the same key was there first; whether written."""
        try:
            self._put(
                self._key(record.drop, record.photo_id),
                record,
                "attribute_not_exists(pk) OR #order <= :order",
                {":order": _newer(record.sequencer)},
                {"#order": "order"},
                extra={"order": _newer(record.sequencer)},
            )
        except Conflict:
            return False
        return True

    def update(self, drop: str, photo: str, *, expect: set[Status] | None = None, **fields: Any) -> PhotoRecord:
        """Set fields; with ``expect`` only if the status is one of those. Raises Conflict."""
        key = self._key(drop, photo)
        if expect is None:
            return self._update(key, fields)
        values = {f":e{i}": status for i, status in enumerate(sorted(expect))}
        return self._update(key, fields, f"#status IN ({', '.join(values)})", values, {"#status": "status"})

    def begin(self, drop: str, head: str, stage: str, name: str) -> tuple[bool, set[str]]:
        """Begin an attempt at the chunk that this photo heads: whether it is the first, and those not come back.

        Names rather than a number: an attempt whose answer got lost is noted again, and still is one.
        Raises Conflict when there is no such photo.
        """
        change = f"SET {stage}_first = if_not_exists({stage}_first, :me) ADD {stage}_begun :name"
        found = self._note(drop, head, change, {":me": {"S": name}, ":name": {"SS": [name]}})
        return found[f"{stage}_first"]["S"] == name, set(found[f"{stage}_begun"]["SS"]) - {name}

    def come_back(self, drop: str, head: str, stage: str, names: set[str]) -> None:
        """Attempts came back, or are held against a photo now."""
        self._note(drop, head, f"DELETE {stage}_begun :names", {":names": {"SS": sorted(names)}})

    def suspect(self, drop: str, photo: str, names: set[str]) -> int:
        """Hold attempts against a photo, if any; how many are. Raises Conflict when it has come to an end that working
        on it cannot change."""
        values: dict[str, Any] = {":names": {"SS": sorted(names)}} if names else {}
        found = self._note(drop, photo, "ADD killed :names" if names else "", values, {Status.ACCEPTED, Status.HELD})
        return len(found["killed"]["SS"]) if "killed" in found else 0

    def clear(self, drop: str, photo: str, names: set[str]) -> None:
        """Take back what was held against a photo."""
        self._note(drop, photo, "DELETE killed :names", {":names": {"SS": sorted(names)}})

    def _note(
        self, drop: str, photo: str, change: str, values: dict[str, Any], expect: Collection[Status] = frozenset(Status)
    ) -> Mapping[str, Any]:
        states = {f":e{i}": {"S": str(status)} for i, status in enumerate(sorted(expect))}
        mark = new_mark()
        marked = f"SET {MARK} = :mark"
        request = {
            "TableName": self.name,
            "Key": {key: {"S": value} for key, value in self._key(drop, photo).items()},
            "UpdateExpression": f"{marked}, {change[4:]}"
            if change.startswith("SET ")
            else f"{marked} {change}".strip(),
            "ConditionExpression": f"#status IN ({', '.join(states)})",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {**values, ":mark": mark, **states},
            "ReturnValues": "ALL_NEW",
        }
        return conditionally(self.client.update_item, request, mark)

    def of_sku(self, sku: str) -> Iterator[PhotoRecord]:
        """All photos of a SKU in all drops."""
        return self._query("sku = :sku", {":sku": sku}, IndexName="by_sku")

    def of_drop(self, drop: str, shards: str = SHARDS, only: Collection[str] = ()) -> Iterator[PhotoRecord]:
        """Stream all photos of a drop, shard by shard, by photo_id: always the same order.

        ``only``: fields to read besides drop, photo_id, key and file (``a.b`` for a part of one). The others hold
        their defaults, so what comes is for reading; it is parsed in a third of the time, which counts at a million.
        """
        part: dict[str, Any] = {}
        if only:
            paths = [field.split(".") for field in ("drop", "photo_id", "key", "file", *only)]
            part["ProjectionExpression"] = ", ".join(".".join(f"#{name}" for name in path) for path in paths)
            part["ExpressionAttributeNames"] = {f"#{name}": name for path in paths for name in path}
        for shard in shards:
            yield from self._query("pk = :pk", {":pk": f"{drop}#{shard}"}, ConsistentRead=True, **part)


class Lots(RecordsTable[LotRecord]):
    """Key: pk = drop, sk = lot."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        super().__init__(client, name, LotRecord)

    def get(self, drop: str, lot: str) -> LotRecord | None:
        """The lot's record, or None."""
        return self._get({"pk": drop, "sk": lot})

    def plan(self, record: LotRecord) -> None:
        """Record a planned lot; a lot that is there already stays as it is."""
        try:
            self._put({"pk": record.drop, "sk": record.lot}, record, "attribute_not_exists(pk)")
        except Conflict:
            return

    def update(self, drop: str, lot: str, **fields: Any) -> LotRecord:
        """Set fields of a lot. Raises Conflict when there is no such lot."""
        return self._update({"pk": drop, "sk": lot}, {"updated_at": now(), **fields})

    def decide(self, drop: str, lot: str, attempt: int, **fields: Any) -> bool:
        """Write the lot's decision for this attempt, once; whether this call was the one that did."""
        try:
            self._update(
                {"pk": drop, "sk": lot},
                {"updated_at": now(), **fields},
                "attempt = :attempt AND decision = :none",
                {":attempt": attempt, ":none": ""},
            )
        except Conflict:
            return False
        return True

    def spend_token(self, drop: str, lot: str, token: str) -> None:
        """Forget a gate's token that was answered, unless another gate has opened since."""
        try:
            key = {"pk": drop, "sk": lot}
            self._update(key, {"token": ""}, "#token = :spent", {":spent": token}, {"#token": "token"})
        except Conflict:
            return

    def of_drop(self, drop: str) -> Iterator[LotRecord]:
        """All lots of a drop, in order."""
        return self._query("pk = :pk", {":pk": drop}, ConsistentRead=True)
