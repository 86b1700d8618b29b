"""DynamoDB's answers: JSON of what is there already."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..patching import Patching
from .items import Binary, plain
from .requests import PLAIN


def results_are_json_at_once(patching: Patching) -> None:
    """moto asks of every part of a result which of five kinds of things it is."""

    def init(self: Any, result: object) -> None:
        try:
            ActionResult.__init__(self, _plain(result))
        except Binary:
            before(self, result)

    before = patching.set(DynamoResult, "__init__", init)


def _plain(part: Any) -> Any:
    kind = type(part)
    if kind is DynamoType:
        return plain(part)
    if kind is dict or kind is LimitedSizeDict:
        return {name: _plain(value) for name, value in part.items()}
    if kind is list:
        return [_plain(value) for value in part]
    if part is None or isinstance(part, str | int | float):
        return part
    raise Binary


def dynamodb_answers_are_json(patching: Patching) -> None:
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


CHANGES = (results_are_json_at_once, dynamodb_answers_are_json)
