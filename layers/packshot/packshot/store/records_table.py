"""DynamoDB: pydantic records by key, with conditional writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from packshot.records import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize


class Conflict(Exception):
    """A conditional write was refused: somebody else was first, or the record is not in the state expected."""


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
        return self.kind.model_validate({k: v for k, v in data.items() if k in self.kind.model_fields})

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
        request: dict[str, Any] = {"TableName": self.name, "Item": self._item(key, record, extra)}
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = {n: _marshal(v) for n, v in values.items()}
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        with conflicts():
            self.client.put_item(**request)

    def _get(self, key: Mapping[str, str]) -> R | None:
        """Read one record, consistently; None when it is not there."""
        answer = self.client.get_item(
            TableName=self.name, Key={n: _marshal(v) for n, v in key.items()}, ConsistentRead=True
        )
        item = answer.get("Item")
        return self._record(item) if item else None

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
        sets, removes = [], []
        all_names, all_values = dict(names or {}), {n: _marshal(v) for n, v in (values or {}).items()}
        for i, (field, value) in enumerate(sorted(fields.items())):
            all_names[f"#f{i}"] = field
            if value is None:
                removes.append(f"#f{i}")
                continue
            sets.append(f"#f{i} = :f{i}")
            all_values[f":f{i}"] = _marshal(value.model_dump(mode="json") if isinstance(value, Record) else value)
        expression = ("SET " + ", ".join(sets) if sets else "") + (" REMOVE " + ", ".join(removes) if removes else "")
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": {n: _marshal(v) for n, v in key.items()},
            "UpdateExpression": expression.strip(),
            "ConditionExpression": " AND ".join(filter(None, ["attribute_exists(pk)", condition])),
            "ExpressionAttributeNames": all_names,
            "ReturnValues": "ALL_NEW",
        }
        if all_values:
            request["ExpressionAttributeValues"] = all_values
        with conflicts():
            return self._record(self.client.update_item(**request)["Attributes"])
        raise AssertionError("unreachable")

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


class conflicts:
    """Turns DynamoDB's refusal of a condition into Conflict."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise Conflict(str(error)) from error
