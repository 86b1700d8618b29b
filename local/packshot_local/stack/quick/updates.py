"""DynamoDB's updates as the functions write them: attributes set and removed, names put into sets and taken out.

moto makes a syntax tree of every expression, twice, checks and changes it, and copies the item three times. What is
plain is done here; the rest, everything that may be refused, and items that are not there yet are moto's.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from moto.dynamodb.comparisons import create_condition_expression_parser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from moto.dynamodb.parsing.validators import Validator
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..patching import Patching

Step = tuple[str, str, str]
"""SET, REMOVE, ADD or DELETE; an attribute's name or placeholder; the value's placeholder, empty for REMOVE."""

KNOWN = frozenset({
    "TableName", "Key", "UpdateExpression", "ConditionExpression", "ExpressionAttributeNames",
    "ExpressionAttributeValues", "ReturnValues", "ReturnValuesOnConditionCheckFailure",
})  # fmt: skip
SETS = frozenset({"SS", "NS"})
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE) ")
_NAME = r"(#\w+|[A-Za-z]\w*)"
_STEP = {
    "SET": re.compile(_NAME + r" ?= ?(:\w+)"),
    "REMOVE": re.compile(_NAME + "()"),
    "ADD": re.compile(_NAME + r" (:\w+)"),
    "DELETE": re.compile(_NAME + r" (:\w+)"),
}


def updates_are_validated_in_place(patching: Patching) -> None:
    """moto copies the syntax tree of every update before it changes it. An item that is there is looked at once, so
    nobody else wants that tree; one that is not (it has no attributes) is looked at twice."""

    def init(self: Any, expression: Any, *, item: Any, **more: Any) -> None:
        before(self, None if item.attrs else expression, item=item, **more)
        if item.attrs:
            self.node_to_validate = expression

    before = patching.set(Validator, "__init__", init)


def plain_updates_need_no_tree(patching: Patching) -> None:
    """What this module is for."""

    def update_item(self: Any) -> Any:
        return _updated(self) or before(self)

    before = patching.set(DynamoHandler, "update_item", update_item)


def _updated(handler: Any) -> DynamoResult | None:
    """Make a plain update; None, and nothing done, when it is not plain."""
    asked = handler.body
    steps = _steps(asked.get("UpdateExpression") or "")
    wanted = asked.get("ReturnValues", "NONE")
    if not steps or not KNOWN.issuperset(asked) or wanted not in ("NONE", "ALL_NEW"):
        return None
    table = handler.dynamodb_backend.get_table(asked["TableName"])
    old = _item(table, asked["Key"])
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
    empty = any(asked.get(given) == {} for given in ("ExpressionAttributeNames", "ExpressionAttributeValues"))
    if empty or old is None or not _holds(old, steps, asked.get("ConditionExpression"), names, values):
        return None
    new = _changed(old, steps, names, values, frozenset(table.attribute_keys))
    if new is None:
        return None
    place = table.items if old.range_key is None else table.items[old.hash_key]
    place[old.hash_key if old.range_key is None else old.range_key] = new
    if table.stream_shard is not None:
        table.stream_shard.add(old, new)
    told: dict[str, Any] = {"ConsumedCapacity": {"TableName": asked["TableName"], "CapacityUnits": 0.5}}
    return DynamoResult({**told, **(new.to_json() if wanted == "ALL_NEW" else {})})


@functools.lru_cache(maxsize=1024)
def _steps(expression: str) -> tuple[Step, ...] | None:
    parts = _CLAUSE.split(f"{expression} ")
    verbs = parts[1::2]
    if parts[0].strip() or len(set(verbs)) != len(verbs):
        return None
    steps: list[Step] = []
    for verb, clause in zip(verbs, parts[2::2], strict=True):
        for text in clause.split(","):
            match = _STEP[verb].fullmatch(text.strip())
            if match is None:
                return None
            steps.append((verb, match[1], match[2]))
    return tuple(steps)


def _item(table: Table, key: dict[str, Any]) -> Item | None:
    if set(key) != {table.hash_key_attr, table.range_key_attr} - {None}:
        return None
    ranged = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return table.get_item(DynamoType(key[table.hash_key_attr]), ranged)


def _holds(
    item: Item, steps: tuple[Step, ...], condition: str | None, names: dict[str, str], values: dict[str, Any]
) -> bool:
    """Whether the condition holds, and every name and value that was given is used."""
    parser = create_condition_expression_parser(condition, names, values)
    holds: bool = parser.parse().expr(item)
    used = {*parser.expr_attr_names_found, *parser.expr_attr_values_found}
    used.update(word for step in steps for word in step[1:])
    return holds and used.issuperset(names) and used.issuperset(values)


def _changed(
    item: Item, steps: tuple[Step, ...], names: dict[str, str], values: dict[str, Any], keys: frozenset[str]
) -> Item | None:
    """A new item: one that is being sent at the same time stays whole."""
    attrs, done = dict(item.attrs), set(keys)
    for verb, placeholder, value in steps:
        name = names.get(placeholder, "") if placeholder.startswith("#") else placeholder
        reserved = name is placeholder and name.upper() in _reserved()
        kind, given = next(iter(values.get(value, {"": None}).items()))
        if not name or name in done or reserved or (value and not kind) or (kind in SETS and not given):
            return None
        done.add(name)
        if verb == "REMOVE":
            attrs.pop(name, None)
        elif verb == "SET":
            attrs[name] = DynamoType({kind: given})
        else:
            held = attrs.get(name, DynamoType({kind: []}))
            if kind not in SETS or held.type != kind:
                return None
            add = verb == "ADD"
            after = dict.fromkeys(held.value + given) if add else [one for one in held.value if one not in given]
            if after:
                attrs[name] = DynamoType({kind: list(after)})
            else:
                attrs.pop(name, None)
    return _made(item, attrs)


@functools.cache
def _reserved() -> frozenset[str]:
    return frozenset(ReservedKeywords.get_reserved_keywords())


def _made(old: Item, attrs: dict[str, DynamoType]) -> Item | None:
    """An item of these attributes; None when it would be too large."""
    new = Item(old.hash_key, old.range_key, {})
    try:
        for name, held in attrs.items():
            new.attrs[name] = held
    except ItemSizeTooLarge:
        return None
    return new


CHANGES = (updates_are_validated_in_place, plain_updates_need_no_tree)
