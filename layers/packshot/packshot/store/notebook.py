"""DynamoDB: small JSON documents by segment and name, for what is learnt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from packshot.store.records_table import MARK, Conflict, conditionally, new_mark

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Notebook:
    """Table Profiles: pk = segment, sk = name, ``body`` = JSON, ``rev`` = how often it was written."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client, self.name = client, name

    def put(self, segment: str, name: str, body: Any) -> None:
        """Write a document, whatever was there."""
        self.client.put_item(
            TableName=self.name,
            Item={"pk": {"S": segment}, "sk": {"S": name}, "body": {"S": json.dumps(body, sort_keys=True)}},
        )

    def add(self, segment: str, name: str, body: Any) -> bool:
        """Write a new document; False when one of this name is there already."""
        return self._conditionally(segment, name, body, 1, "attribute_not_exists(pk)", {})

    def replace(self, segment: str, name: str, body: Any, rev: int) -> bool:
        """Write the successor of the revision that was read (0: none was there); False when somebody was first."""
        if rev == 0:
            return self.add(segment, name, body)
        return self._conditionally(segment, name, body, rev + 1, "rev = :was", {":was": {"N": str(rev)}})

    def _conditionally(
        self, segment: str, name: str, body: Any, rev: int, condition: str, values: dict[str, Any]
    ) -> bool:
        mark = new_mark()
        item = {
            "pk": {"S": segment},
            "sk": {"S": name},
            "body": {"S": json.dumps(body, sort_keys=True)},
            "rev": {"N": str(rev)},
            MARK: mark,
        }
        request: dict[str, Any] = {"TableName": self.name, "Item": item, "ConditionExpression": condition}
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            conditionally(self.client.put_item, request, mark)
        except Conflict:
            return False
        return True

    def get(self, segment: str, name: str) -> tuple[Any, int]:
        """A document and its revision; (None, 0) when there is none."""
        key = {"pk": {"S": segment}, "sk": {"S": name}}
        item = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None, 0
        return json.loads(item["body"]["S"]), int(item.get("rev", {"N": "0"})["N"])

    def list(self, segment: str, prefix: str) -> Iterator[Any]:
        """The documents whose names begin with a prefix, by name."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": segment}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield json.loads(item["body"]["S"])
