"""DynamoDB: pydantic records by key, with conditional writes."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from packshot.records import Record, stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize
MARK = "written"
"""Attribute with the mark of the write that an item is from."""
MOST_AT_ONCE = 100  # keys of one BatchGetItem
PAUSE_S = 0.2


class Conflict(Exception):
    """A conditional write was refused: somebody else was first, or the record is not in the state expected."""


def new_mark() -> dict[str, str]:
    """A DynamoDB string that no other write has."""
    return {"S": uuid.uuid4().hex}


def conditionally(write: Callable[..., Any], request: dict[str, Any], mark: dict[str, str]) -> Mapping[str, Any]:
    """Make a conditional write that sets MARK to ``mark``; the attributes that it answers. Raises Conflict.

    When the answer of a write gets lost, the client writes again and is refused, by its own first write. The item
    that comes with the refusal tells: with our mark on it, it was we who were first.
    """
    try:
        answer: Mapping[str, Any] = write(**request, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        item = cast(Mapping[str, Any], error.response.get("Item", {}))
        if item.get(MARK) == mark:
            return item
        raise Conflict(str(error)) from error
    attributes: Mapping[str, Any] = answer.get("Attributes", {})
    return attributes


def _marshal(value: Any) -> Any:
    return _serialise(json.loads(json.dumps(value), parse_float=Decimal))


def plain(value: Any) -> Any:
    """A deserialised DynamoDB value with int and float in place of Decimal."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and "." not in str(value) else float(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


R = TypeVar("R", bound=Record)


class RecordsTable(Generic[R]):
    """One table that holds records of one kind under the key attributes ``pk`` (and ``sk``).

    Subclasses say how a record's key is made.
    """

    def __init__(self, client: DynamoDBClient, name: str, kind: type[R]) -> None:
        self.client, self.name, self.kind = client, name, kind

    def _item(self, key: Mapping[str, str], record: R, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = record.model_dump(mode="json", exclude_none=True)
        return {name: _marshal(value) for name, value in {**data, **(extra or {}), **key}.items()}

    def _record(self, item: Mapping[str, Any]) -> R:
        data = {name: plain(_deserialise(value)) for name, value in item.items()}
        return stored(self.kind, data)

    def _put(
        self,
        key: Mapping[str, str],
        record: R,
        condition: str = "",
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a whole record, if the condition holds. Raises Conflict."""
        mark = new_mark()
        request: dict[str, Any] = {"TableName": self.name, "Item": {**self._item(key, record, extra), MARK: mark}}
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = {n: _marshal(v) for n, v in values.items()}
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        conditionally(self.client.put_item, request, mark)

    def _get(self, key: Mapping[str, str]) -> R | None:
        """Read one record, consistently; None when it is not there."""
        answer = self.client.get_item(
            TableName=self.name, Key={n: _marshal(v) for n, v in key.items()}, ConsistentRead=True
        )
        item = answer.get("Item")
        return self._record(item) if item else None

    def _get_many(self, keys: Iterable[Mapping[str, str]]) -> Iterator[R]:
        """Read records, consistently, a hundred a call; those that are not there are left out, in no order."""
        wanted = iter([{n: _marshal(v) for n, v in key.items()} for key in keys])
        left: list[Any] = []
        while batch := left + list(islice(wanted, MOST_AT_ONCE - len(left))):
            asked: dict[str, Any] = {self.name: {"Keys": batch, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=asked)
            found = answer["Responses"].get(self.name, [])
            refused: dict[str, Any] = dict(answer.get("UnprocessedKeys", {}))
            left = list(refused[self.name]["Keys"]) if refused else []
            if left and not found:
                time.sleep(PAUSE_S)  # the table is busy: botocore has tried again already where it was refused
            yield from map(self._record, found)

    def _update(
        self,
        key: Mapping[str, str],
        fields: Mapping[str, Any],
        condition: str = "",
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> R:
        """Set fields of an existing record, if the condition holds; the record as it is then. Raises Conflict.

        Field values may be records, enums or plain data; None removes the field.
        """
        mark = new_mark()
        sets, removes = ["#mark = :mark"], []
        all_names = {**(names or {}), "#mark": MARK}
        all_values = {**{n: _marshal(v) for n, v in (values or {}).items()}, ":mark": mark}
        for i, (field, value) in enumerate(sorted(fields.items())):
            all_names[f"#f{i}"] = field
            if value is None:
                removes.append(f"#f{i}")
                continue
            sets.append(f"#f{i} = :f{i}")
            all_values[f":f{i}"] = _marshal(value.model_dump(mode="json") if isinstance(value, Record) else value)
        expression = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": {n: _marshal(v) for n, v in key.items()},
            "UpdateExpression": expression,
            "ConditionExpression": " AND ".join(filter(None, ["attribute_exists(pk)", condition])),
            "ExpressionAttributeNames": all_names,
            "ExpressionAttributeValues": all_values,
            "ReturnValues": "ALL_NEW",
        }
        return self._record(conditionally(self.client.update_item, request, mark))

    def _query(self, expression: str, values: Mapping[str, Any], **extra: Any) -> Iterator[R]:
        """Stream the records of a key expression, page by page."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression=expression,
            ExpressionAttributeValues={n: _marshal(v) for n, v in values.items()},
            **extra,
        )
        for page in pages:
            for item in page["Items"]:
                yield self._record(item)
