"""The table of review tasks: claims with leases, decisions, and a trail of who did what."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from packshot.records import TaskRecord, TaskState, now
from packshot.store.records_table import Conflict, RecordsTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Tasks(RecordsTable[TaskRecord]):
    """Key: pk = task_id. Indexes: ``by_state`` (state, due_at), ``by_lot`` (lot, task_id)."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        super().__init__(client, name, TaskRecord)

    def get(self, task: str) -> TaskRecord | None:
        """The task, or None."""
        return self._get({"pk": task})

    def get_many(self, tasks: Iterable[str]) -> list[TaskRecord]:
        """These tasks as they are now; those that are not there are left out."""
        return list(self._get_many({"pk": task} for task in tasks))

    def create(self, task: TaskRecord) -> bool:
        """Write a new task; False when it is there already (a retry)."""
        try:
            self._put({"pk": task.task_id}, task, "attribute_not_exists(pk)")
        except Conflict:
            return False
        return True

    def claim(self, task: str, owner: str, lease_s: float) -> TaskRecord:
        """Take a task that is free, whose lease ran out, or that is already the owner's. Raises Conflict."""
        moment = int(time.time())
        return self._advance(
            task,
            {"state": TaskState.CLAIMED, "owner": owner, "lease_until": moment + int(lease_s)},
            "#state = :open OR (#state = :claimed AND (#owner = :me OR lease_until < :now))",
            {":open": TaskState.OPEN, ":claimed": TaskState.CLAIMED, ":me": owner, ":now": moment},
            {"#state": "state", "#owner": "owner"},
            (owner, "claimed"),
        )

    def release(self, task: str, owner: str) -> TaskRecord:
        """Give a claimed task back. Raises Conflict when it is not the owner's."""
        return self._advance(
            task,
            {"state": TaskState.OPEN, "owner": "", "lease_until": 0},
            "#state = :claimed AND #owner = :me",
            {":claimed": TaskState.CLAIMED, ":me": owner},
            {"#state": "state", "#owner": "owner"},
            (owner, "released"),
        )

    def decide(self, task: str, owner: str, *, version: int | None = None, **fields: Any) -> TaskRecord:
        """Decide a task that the owner holds, within the lease (and of this version). Raises Conflict."""
        return self._advance(
            task,
            {"state": TaskState.DECIDED, "decided_by": owner, "decided_at": now(), **fields},
            "#state = :claimed AND #owner = :me AND lease_until >= :now"
            + (" AND version = :was" if version is not None else ""),
            {":claimed": TaskState.CLAIMED, ":me": owner, ":now": int(time.time())}
            | ({":was": version} if version is not None else {}),
            {"#state": "state", "#owner": "owner"},
            (owner, " ".join([str(fields.get("decision", "decided")), *fields.get("reasons", [])])),
        )

    def reopen(self, task: str, owner: str, lease_s: float) -> TaskRecord:
        """Undo a decision: back to claimed by the one who decided. Raises Conflict."""
        return self._advance(
            task,
            {
                "state": TaskState.CLAIMED,
                "lease_until": int(time.time() + lease_s),
                "decision": "",
                "reasons": [],
            },
            "#state = :decided AND decided_by = :me",
            {":decided": TaskState.DECIDED, ":me": owner},
            {"#state": "state"},
            (owner, "undone"),
        )

    def supersede(self, task: str, what: str) -> TaskRecord:
        """Close a task that nobody has decided, and nobody need. Raises Conflict when it is closed already."""
        return self._advance(
            task,
            {"state": TaskState.SUPERSEDED, "owner": "", "lease_until": 0},
            "#state IN (:open, :claimed)",
            {":open": TaskState.OPEN, ":claimed": TaskState.CLAIMED},
            {"#state": "state"},
            ("packshot", what),
        )

    def escalate(self, task: TaskRecord, told: bool = True) -> TaskRecord:
        """Note that the operators are told of a task, or were not after all, if nobody wrote since it was read.

        The version stays: who holds the task may still decide what they see. Raises Conflict.
        """
        entry = {"at": now(), "who": "packshot", "what": "escalated" if told else "escalation not sent"}
        return self._update(
            {"pk": task.task_id},
            {"escalated": told, "trail": [*self.trail(task.task_id), entry]},
            "version = :was AND escalated <> :told",
            {":was": task.version, ":told": told},
            {},
        )

    def update(self, task: str, version: int, *, by: tuple[str, str] = ("", ""), **fields: Any) -> TaskRecord:
        """Set fields if nobody wrote in between (optimistic lock); ``by`` says who and what, for the trail.

        Raises Conflict.
        """
        return self._advance(task, fields, "version = :was", {":was": version}, {}, by)

    def trail(self, task: str) -> list[dict[str, str]]:
        """Who did what to the task and when, the oldest first: written with each change, never changed."""
        answer = self.client.get_item(
            TableName=self.name,
            Key={"pk": {"S": task}},
            ConsistentRead=True,
            ProjectionExpression="trail",
        )
        entries = answer.get("Item", {}).get("trail", {}).get("L", [])
        return [{name: value["S"] for name, value in entry["M"].items()} for entry in entries]

    def _advance(
        self,
        task: str,
        fields: dict[str, Any],
        condition: str,
        values: dict[str, Any],
        names: dict[str, str],
        by: tuple[str, str],
    ) -> TaskRecord:
        current = self.get(task)
        if current is None:
            raise Conflict(f"there is no task {task}")
        if by[0]:  # the version guards the trail too: what was read is what is appended to
            entry = {"at": now(), "who": by[0], "what": by[1]}
            fields = {**fields, "trail": [*self.trail(task), entry]}
        return self._update(
            {"pk": task},
            {**fields, "version": current.version + 1},
            f"({condition}) AND version = :version",
            {**values, ":version": current.version},
            names,
        )

    def by_state(self, state: TaskState, limit: int = 0) -> Iterator[TaskRecord]:
        """Tasks in a state, the most urgent first."""
        extra = {"PaginationConfig": {"MaxItems": limit}} if limit else {}
        return self._query(
            "#s = :s", {":s": state}, IndexName="by_state", ExpressionAttributeNames={"#s": "state"}, **extra
        )

    def of_lot(self, lot: str) -> list[TaskRecord]:
        """All tasks of a lot (an index: a moment behind the table; re-read single ones where it matters)."""
        return list(self._query("lot = :lot", {":lot": lot}, IndexName="by_lot"))

    def names_of_lot(self, lot: str) -> list[str]:
        """The ids of all tasks of a lot, by the same index: what a task says is read where it is written."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name, IndexName="by_lot", KeyConditionExpression="lot = :lot", ProjectionExpression="pk",
            ExpressionAttributeValues={":lot": {"S": lot}},
        )  # fmt: skip
        return [item["pk"]["S"] for page in pages for item in page["Items"]]
