"""What each function may do by the template, and what it does by its code: both as (IAM action, resource) pairs.

The code's side is read from the source: from a function's handler along everything that it can call, every use of
a part of the store (``store.photos.update``) counts as the calls of AWS that this method makes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from template import functions, listed, policies

from packshot_local.project import RESOURCES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "layers" / "packshot"
Pair = tuple[str, str]

# Parts of the store by the classes that implement them.
CLASSES = {
    "incoming": "Bucket", "work": "Bucket", "output": "Bucket", "drops": "Drops", "photos": "Photos", "lots": "Lots",
    "tasks": "Tasks", "profiles": "Notebook", "workflow": "Workflow", "intake_queue": "Queue", "close_queue": "Queue",
    "failed_queue": "Queue", "notices": "Notices", "bus": "Bus", "describer": "Describer",
    "signing_key": "SigningKey",
}  # fmt: skip
FIELDS = {
    "incoming": "incoming_bucket", "work": "work_bucket", "output": "output_bucket", "drops": "drops_table",
    "photos": "photos_table", "lots": "lots_table", "tasks": "tasks_table", "profiles": "profiles_table",
    "workflow": "state_machine_arn", "intake_queue": "intake_queue_url", "close_queue": "close_queue_url",
    "failed_queue": "failed_queue_url",
}  # fmt: skip
# Parts that a parameter names, not a resource of the template.
GIVEN = {"describer": "WordsModelArn", "signing_key": "C2paKeyArn"}
SERVICES = {
    "Bucket": "s3", "Drops": "dynamodb", "Photos": "dynamodb", "Lots": "dynamodb", "Tasks": "dynamodb",
    "Notebook": "dynamodb", "Workflow": "states", "Queue": "sqs", "Describer": "bedrock", "SigningKey": "kms",
}  # fmt: skip
# Functions that are handed a part of the store: what they call on it (packshot.store.paging and .uploads).
HANDED = {
    "tasks_from": {"query"}, "newest_tasks": {"query"}, "newest_drops": {"query"}, "put_url": {"put_object"},
    "s3_time": {"list_objects_v2"},
    "get_url": {"get_object"}, "begin": {"create_multipart_upload"},
    "Bedrock": {"converse"}, "complete": {"list_parts", "complete_multipart_upload"},
}  # fmt: skip
# Calls whose permission has another name: Service Authorization Reference, Amazon S3.
NAMES = {
    "head_object": "s3:GetObject", "list_objects_v2": "s3:ListBucket", "list_object_versions": "s3:ListBucketVersions",
    "generate_presigned_url": "s3:GetObject", "list_parts": "s3:ListMultipartUploadParts",
    "create_multipart_upload": "s3:PutObject", "converse": "bedrock:InvokeModel",
    "complete_multipart_upload": "s3:PutObject", "upload_fileobj": "s3:PutObject",
}  # fmt: skip


@dataclass
class Module:
    """One source file: its top-level functions and classes, and where its imported names come from."""

    name: str
    units: dict[str, ast.AST] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


def _exists(module: str) -> bool:
    path = PACKAGE / Path(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def module(name: str) -> Module:
    path = PACKAGE / Path(*name.split("."))
    path = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    return read(name, path)


def read(name: str, path: Path) -> Module:
    found = Module(name)
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):  # imports inside of functions count as well
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("packshot"):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                where = (whole, "") if _exists(whole) else (node.module or "", alias.name)
                found.names[alias.asname or alias.name] = where
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.units[node.name] = node
        elif isinstance(node, ast.Assign):
            found.units |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def _resolve(where: tuple[str, str]) -> tuple[str, str] | None:
    """The module that defines a name, through packages that pass it on; None outside of the domain."""
    name, symbol = where
    if name == "packshot.store" or name.startswith("packshot.store."):
        return None
    source = module(name)
    if symbol in source.units:
        return where
    return _resolve(source.names[symbol]) if symbol in source.names else None


def reached(entry: Module) -> Iterator[tuple[Module, ast.AST]]:
    """Every function and class that a handler's module can call."""
    seen: set[tuple[str, str]] = set()
    waiting = [(entry, name) for name in entry.units]
    while waiting:
        source, name = waiting.pop()
        if (source.name, name) in seen:
            continue
        seen.add((source.name, name))
        unit = source.units[name]
        yield source, unit
        for node in ast.walk(unit):
            where = None
            if isinstance(node, ast.Name):
                if node.id in source.units:
                    waiting.append((source, node.id))
                where = source.names.get(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                holder = source.names.get(node.value.id)
                where = (holder[0], node.attr) if holder and not holder[1] else None
            resolved = _resolve(where) if where and where[1] else None
            if resolved:
                waiting.append((module(resolved[0]), resolved[1]))


def _part(node: ast.AST) -> str:
    """``photos`` for ``store.photos``, ``self.store.photos`` or ``store().photos``; else empty."""
    if not isinstance(node, ast.Attribute) or node.attr not in CLASSES:
        return ""
    held = node.value.func if isinstance(node.value, ast.Call) else node.value
    last = held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")
    return node.attr if last == "store" else ""


def uses(unit: ast.AST) -> Iterator[tuple[str, str]]:
    """(part of the store, method) of every use in a piece of code; a part handed on gives (part, function())."""
    parents = {child: node for node in ast.walk(unit) for child in ast.iter_child_nodes(node)}
    aliases = {
        node.targets[0].id: _part(node.value)
        for node in ast.walk(unit)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _part(node.value)
    }
    for node in ast.walk(unit):
        part = _part(node) or (aliases.get(node.id, "") if isinstance(node, ast.Name) else "")
        if not part:
            continue
        parent = parents.get(node)
        if isinstance(parent, ast.Attribute):
            yield part, parent.attr
        elif isinstance(parent, ast.Call) and node in parent.args:
            name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            yield part, f"{name}()"
        elif not isinstance(parent, ast.Assign):
            raise AssertionError(f"a use of store.{part} that is not understood: {ast.unparse(parent or node)}")


@cache
def methods() -> dict[str, dict[str, set[str]]]:
    """The calls of AWS that each method of each part makes, by its source; what it calls of itself included."""
    nodes: dict[str, dict[str, ast.FunctionDef]] = {}
    bases: dict[str, str] = {}
    for path in (PACKAGE / "packshot" / "store").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                nodes[node.name] = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
                for base in node.bases:
                    bases[node.name] = base.value.id if isinstance(base, ast.Subscript) else getattr(base, "id", "")  # type: ignore[attr-defined]
    answer: dict[str, dict[str, set[str]]] = {}
    for name in set(CLASSES.values()):
        every = {**nodes.get(bases.get(name, ""), {}), **nodes[name]}
        answer[name] = {method: _calls(every, method, set()) for method in every}
    return answer


def _calls(every: dict[str, ast.FunctionDef], method: str, seen: set[str]) -> set[str]:
    if method in seen:
        return set()
    seen.add(method)
    found = set()
    for node in ast.walk(every[method]):
        if not isinstance(node, ast.Attribute):
            continue
        holder = node.value
        if isinstance(holder, ast.Name) and holder.id == "self" and node.attr in every:
            found |= _calls(every, node.attr, seen)
        elif isinstance(holder, ast.Attribute) and holder.attr in ("client", "sns", "events"):
            found.add(node.attr)
        if node.attr == "get_paginator":
            found.discard("get_paginator")
    for call in (node for node in ast.walk(every[method]) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get_paginator":
            found.add(ast.literal_eval(call.args[0]))
    return found - {"get_paginator", "exceptions"}


def action(part: str, call: str) -> str:
    """The IAM action of a call on a part."""
    if call in NAMES:
        return NAMES[call]
    service = {"publish": "sns", "put_events": "events"}.get(call) or SERVICES[CLASSES[part]]
    return f"{service}:{''.join(word.capitalize() for word in call.split('_'))}"


def resource(part: str, did: str) -> str:
    """The template's name of what an action is done to."""
    if part in ("notices", "bus"):
        return "OperatorsTopic" if did.startswith("sns:") else "event-bus"
    if part in GIVEN:
        return GIVEN[part]
    return "execution" if did == "states:DescribeExecution" else RESOURCES[FIELDS[part]]


def needed(name: str) -> set[Pair]:
    """What a function's code does."""
    properties = functions()[name]
    if properties.get("PackageType") == "Image":
        place, handler = ROOT / "functions", properties["ImageConfig"]["Command"][0]
    else:
        place, handler = ROOT / properties["CodeUri"], properties["Handler"]
    entry = read(f"handler.{name}", place.joinpath(*handler.split(".")[:-1]).with_suffix(".py"))
    found: set[Pair] = set()
    for _, unit in reached(entry):
        for part, method in uses(unit):
            own = methods()[CLASSES[part]]
            assert method in own or method in ("name", "url") or method[:-2] in HANDED, f"{part}.{method} is not known"
            calls = HANDED.get(method[:-2], set()) | own.get(method, set())
            found |= {(action(part, call), resource(part, action(part, call))) for call in calls}
    return found


def allowed(name: str) -> set[Pair]:
    """What the template allows a function."""
    found: set[Pair] = set()
    for policy in policies(name):
        for statement in policy["Statement"]:
            for target in listed(statement["Resource"]):
                place = _place(target)
                found |= {(did, place) for did in listed(statement["Action"])}
    return found


def _place(target: dict[str, Any]) -> str:
    ((kind, value),) = target.items()
    text = value[0] if isinstance(value, list) else str(value)
    for word in ("event-bus", "execution:packshot-drop"):
        if word in text:
            return word.split(":")[0]
    if "stateMachine:packshot-drop" in text:
        return "DropStateMachine"
    found = re.search(r"\$\{(\w+)\.", text) if kind == "Fn::Sub" else re.match(r"\w+", text)
    assert found, target
    return found[1] if kind == "Fn::Sub" else found[0]
