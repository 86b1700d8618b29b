"""Changes to moto that alter nothing but the time it takes; `tests/stack/test_quick.py` holds them against moto's own
answers.
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import unix_time, unix_time_millis
from moto.dynamodb.parsing.validators import Validator
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.models import Message, SQSBackend

PLAIN = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem"})
"""Calls whose result is the answer's JSON already."""


def apply(patching: Any) -> None:
    """Put the changes in force; `patching` takes them back."""
    dynamodb_requests_are_json(patching)
    dynamodb_answers_are_json(patching)
    updates_are_validated_in_place(patching)
    retention_without_counting(patching)
    queues_read_one_clock(patching)


def dynamodb_requests_are_json(patching: Any) -> None:
    """moto takes every request apart by the API's model. They are JSON, and only binary attributes need more."""

    def parse_parameters(self: Any, request: Any) -> None:
        if self._get_action() not in PLAIN or b'"B' in request.data:
            before(self, request)
        else:
            self.params = json.loads(request.data)

    before = DynamoHandler.parse_parameters
    patching.add(DynamoHandler, "parse_parameters", parse_parameters)


def dynamodb_answers_are_json(patching: Any) -> None:
    """moto walks through every attribute of every item by the API's model, under all names that a Python attribute
    might have: a third of a call's time. Items are JSON as they are."""

    def serialized(self: Any, action_result: ActionResult) -> Any:
        result = action_result.result
        action = self._get_action()
        if action not in PLAIN or not isinstance(result, dict):
            return before(self, action_result)
        try:
            told = json.dumps({name: value for name, value in result.items() if value is not None})
        except TypeError:  # a binary attribute
            return before(self, action_result)
        return 200, {"Content-Type": "application/x-amz-json-1.0", **self.response_headers}, told

    before = DynamoHandler.serialized
    patching.add(DynamoHandler, "serialized", serialized)


def updates_are_validated_in_place(patching: Any) -> None:
    """moto copies the syntax tree of every update before it changes it. An item that is there is looked at once, so
    nobody else wants that tree; one that is not (it has no attributes) is looked at twice."""

    def init(self: Any, expression: Any, *, item: Any, **more: Any) -> None:
        before(self, None if item.attrs else expression, item=item, **more)
        if item.attrs:
            self.node_to_validate = expression

    before = patching.set(Validator, "__init__", init)


def queues_read_one_clock(patching: Any) -> None:
    """moto's clock makes three datetimes of every time it is read, and is read for every message at every look."""
    patching.everywhere("moto.sqs", "unix_time", _seconds, unix_time)
    patching.everywhere("moto.sqs", "unix_time_millis", lambda: time.time() * 1000.0, unix_time_millis)


def _seconds() -> float:
    return time.time()


def retention_without_counting(patching: Any) -> None:
    """moto asks for all attributes of a queue, counts of its messages among them, to see whether one message is too
    old."""

    def valid(self: Any, queue_name: str, message: Message) -> bool:
        kept = float(self.get_queue(queue_name).message_retention_period)
        return kept + float(message.sent_timestamp or 0) / 1000 > time.time()

    patching.set(SQSBackend, "is_message_valid_based_on_retention_period", valid)
