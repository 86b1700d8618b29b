"""The template and the state machine, read once, as tests want to look at them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from packshot_local.stack.translate import translate

ROOT = Path(__file__).parents[1]
REGION = "eu-central-1"


@cache
def source() -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return found


@cache
def cloudformation() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)  # the translator asks for it
        return translate(ROOT / "template.yaml", {}, REGION).cloudformation


@cache
def machine() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "statemachine" / "drop.asl.json").read_text("utf-8"))
    return found


def of_type(kind: str, where: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    resources = (where or source())["Resources"]
    return {name: item.get("Properties", {}) for name, item in resources.items() if item["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    common = source()["Globals"]["Function"]
    return {name: {**common, **own} for name, own in of_type("AWS::Serverless::Function").items()}


def policies(name: str) -> list[dict[str, Any]]:
    """What a function may do: its own policies, and those that a parameter adds to its role."""
    added = [p["PolicyDocument"] for p in of_type("AWS::IAM::Policy").values() if {"Ref": f"{name}Role"} in p["Roles"]]
    return [*functions()[name]["Policies"], *added]


def states(definition: dict[str, Any] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in (definition or machine())["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def tasks() -> dict[str, dict[str, Any]]:
    return {name: state for name, state in states() if state["Type"] == "Task"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
