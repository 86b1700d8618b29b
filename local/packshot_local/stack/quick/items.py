"""DynamoDB's items: weighed, projected and turned into JSON without copies of copies."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from ..patching import Patching

LARGEST = 405_000
"""moto's limit of an item, in bytes (AWS: 400 KB)."""
PLAIN = frozenset({"S", "N", "BOOL", "NULL"})
SETS = frozenset({"SS", "NS"})


class Binary(Exception):
    """A value has bytes in it, which are no JSON."""


def size(value: DynamoType) -> int:
    """Bytes of an attribute's value, as moto counts them."""
    kind, held = value.type, value.value
    if kind == "S":
        return len(held) if held.isascii() else len(held.encode())
    if kind == "M":
        return sum(letters(key) + size(inner) for key, inner in held.items())
    if kind == "L":
        return sum(map(size, held))
    if kind in SETS:
        return sum(map(letters, held))
    if kind == "N":
        return len(str(held))
    return 1 if isinstance(held, bool) else _size(value)


def letters(text: str) -> int:
    """Bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


def plain(value: DynamoType) -> dict[str, Any]:
    """An attribute's value as in a request. Raises Binary."""
    kind, held = value.type, value.value
    if kind in PLAIN:
        return {kind: held}
    if kind == "M":
        return {kind: {key: plain(inner) for key, inner in held.items()}}
    if kind == "L":
        return {kind: [plain(inner) for inner in held]}
    if kind in SETS:
        return {kind: list(held)}
    raise Binary


_size = DynamoType.size


def values_are_weighed_in_place(patching: Patching) -> None:
    """moto makes a new object of every part of a value to know its size."""
    patching.set(DynamoType, "size", size)


def items_are_weighed_once(patching: Patching) -> None:
    """moto weighs the whole item whenever an attribute is set: an item of 30 attributes 30 times. Here what was set so
    far is added up, which is never too little, and weighed when that comes near the limit."""

    def put(self: Any, key: str, value: Any) -> None:
        if type(value) is not DynamoType:
            before(self, key, value)
            return
        known = vars(self).get("known")
        heavy = sum(letters(name) + size(held) for name, held in self.items()) if known is None else known
        heavy += letters(key) + size(value)
        if heavy > LARGEST:
            before(self, key, value)
            vars(self).pop("known", None)
        else:
            self.known = heavy
            dict.__setitem__(self, key, value)

    before = patching.set(LimitedSizeDict, "__setitem__", put)


def items_are_json_at_once(patching: Patching) -> None:
    """moto copies every part of an item deeply, once for each level that it lies in."""

    def to_json(self: Item, root_attr_name: str = "Attributes") -> dict[str, Any]:
        try:
            return {root_attr_name: {key: plain(value) for key, value in self.attrs.items()}}
        except Binary:
            return dict(before(self, root_attr_name))

    before = patching.set(Item, "to_json", to_json)


def projections_take_what_they_name(patching: Patching) -> None:
    """moto turns the whole item into Python's types for every attribute that is asked for, and back."""

    def project(self: Item, paths: list[list[str]]) -> Item:
        if any("[" in step for path in paths for step in path) or _has_sets(self, paths):
            whole: Item = before(self, paths)
            return whole
        found = Item(self.hash_key, self.range_key, {})
        for path in paths:
            _take(self.attrs, path, found.attrs)
        return found

    before = patching.set(Item, "project", project)


def _has_sets(item: Item, paths: list[list[str]]) -> bool:
    """Whether the order of a set may change on the way, or bytes their form."""
    heads = (item.attrs.get(path[0]) for path in paths)
    return any(head is not None and head.type not in PLAIN | {"M", "L"} for head in heads)


def _take(held: Any, path: list[str], found: Any) -> None:
    """Copy one path of maps; nothing where it leads nowhere."""
    steps = []
    for step in path:
        if not isinstance(held, dict) or step not in held:
            return
        value = held[step]
        steps.append((step, value))
        held = value.value
    for step, _ in steps[:-1]:
        found = found.setdefault(step, DynamoType({"M": {}})).value
    dict.__setitem__(found, *steps[-1])


CHANGES = (
    values_are_weighed_in_place,
    items_are_weighed_once,
    items_are_json_at_once,
    projections_take_what_they_name,
)
