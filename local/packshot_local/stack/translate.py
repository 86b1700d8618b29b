"""A SAM template to plain CloudFormation, in this process and without calls to AWS."""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import intrinsics_multi_constructor

from .records import StackError

logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it misses a place to send metrics to
logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)  # and AWS's own switches

ARTIFACTS = "local-artifacts"
"""Bucket that the translated functions and layers claim to come from; the code runs from its folder
instead."""

Template = dict[str, Any]


@dataclass(frozen=True)
class FunctionSource:
    """Where a function's code lies and how it is entered, from the SAM template as written."""

    logical_id: str
    handler: str
    task_root: Path
    is_image: bool


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API: method (upper case or `*`), path pattern, function, whether it asks for a
    token."""

    method: str
    path: str
    function: str
    needs_token: bool


@dataclass(frozen=True)
class Translation:
    """What the rest of the stack needs to know of a template."""

    cloudformation: Template
    functions: list[FunctionSource]
    routes: list[Route]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SAM's reader of YAML, by libyaml where there is one: in Python it takes 0.3 s for a template of 1,000 lines."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


class _NoManagedPolicies(ManagedPolicyLoader):  # type: ignore[misc]
    """SAM would ask IAM for the names of managed policies; here nobody is asked."""

    def __init__(self) -> None:
        super().__init__(None)

    def load(self) -> dict[str, str]:
        return {}


def translate(template: Path, parameters: Mapping[str, str], region: str) -> Translation:
    """Translate a SAM template.

    Raises StackError when it cannot be read, when code that it names is not there, or when its state machine
    uses something that the local interpreter would run wrongly without a word.
    """
    if not template.is_file():
        raise StackError(f"{template} is not there: give the path of a SAM template")
    source = _read(template)
    root = template.resolve().parent
    functions = _functions(source, root)
    prepared = _prepare(source, root, region)
    try:
        translated = transform(prepared, dict(parameters), _NoManagedPolicies())
    except InvalidDocumentException as error:
        raise StackError(f"{template}: " + "; ".join(cause.message for cause in error.causes)) from error
    cloudformation: Template = json.loads(json.dumps(translated, default=str))
    for resource in cloudformation["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            _inline_substitutions(resource["Properties"])
    return Translation(cloudformation, functions, _routes(source))


def _read(document: Path) -> Template:
    text = document.read_text(encoding="utf-8")
    try:
        content: Template = json.loads(text) if document.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:
        raise StackError(f"{document} cannot be read: {error}") from error
    return content


def _merged(source: Template, section: str, properties: Template) -> Template:
    return {**source.get("Globals", {}).get(section, {}), **properties}


def _functions(source: Template, root: Path) -> list[FunctionSource]:
    found = []
    for logical_id, resource in source["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = _merged(source, "Function", resource.get("Properties", {}))
        metadata = resource.get("Metadata", {})
        is_image = properties.get("PackageType") == "Image"
        if is_image:
            place = metadata.get("LocalTaskRoot") or metadata.get("DockerContext", ".")
            handler = properties["ImageConfig"]["Command"][0]
        else:
            place, handler = properties["CodeUri"], properties["Handler"]
        task_root = (root / place).resolve()
        if not task_root.is_dir():
            raise StackError(f"{logical_id}: its code should be in {task_root}, which is not a folder")
        found.append(FunctionSource(logical_id, handler, task_root, is_image))
    return found


def _prepare(source: Template, root: Path, region: str) -> Template:
    """A copy in which nothing points to local files any more, as `sam package` would leave it."""
    prepared = copy.deepcopy(source)
    for logical_id, resource in prepared["Resources"].items():
        properties = resource.setdefault("Properties", {})
        artifact = {"Bucket": ARTIFACTS, "Key": f"{logical_id}.zip"}
        if resource["Type"] == "AWS::Serverless::Function":
            if _merged(source, "Function", properties).get("PackageType") == "Image":
                repository = f"000000000000.dkr.ecr.{region}.amazonaws.com"
                properties.setdefault("ImageUri", f"{repository}/local:{logical_id.lower()}")
            else:
                properties["CodeUri"] = artifact
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = artifact
        elif resource["Type"] == "AWS::Serverless::StateMachine":
            if isinstance(properties.get("DefinitionUri"), str):
                properties["Definition"] = _read(root / properties.pop("DefinitionUri"))
            _refuse_what_runs_wrongly(logical_id, properties.get("Definition", {}))
    return prepared


def _refuse_what_runs_wrongly(logical_id: str, definition: Template) -> None:
    """Stop at state machine features that moto's interpreter accepts and then does not do."""
    if definition.get("QueryLanguage") == "JSONata":
        raise StackError(f"{logical_id}: JSONata is not run locally; write it in JSONPath")
    for name, state in definition.get("States", {}).items():
        where = f"{logical_id}, state {name}"
        if state.get("QueryLanguage") == "JSONata" or "Assign" in state:
            raise StackError(f"{where}: JSONata and Assign are not run locally; write it in JSONPath")
        if "ResultWriter" in state:
            raise StackError(f"{where}: ResultWriter writes nothing locally; let the children write their results")
        if "ItemBatcher" in state:
            raise StackError(f"{where}: ItemBatcher is not run locally; write the batches as items")
        processor = state.get("ItemProcessor") or state.get("Iterator") or {}
        config = processor.get("ProcessorConfig", {})
        if config.get("Mode") == "DISTRIBUTED" and "Label" not in state:
            raise StackError(f"{where}: give this distributed Map a Label, or its runs cannot be told apart")
        for inner in (processor, *state.get("Branches", [])):
            _refuse_what_runs_wrongly(where, inner)


def _inline_substitutions(properties: Template) -> None:
    """moto reads nothing but DefinitionString: put the definition there, joined with its substitutions.

    Not by Fn::Sub, which in moto turns the `$$` of the context object into `$`.
    """
    definition = properties.pop("Definition", None)
    text = properties.get("DefinitionString", json.dumps(definition) if definition is not None else "{}")
    if isinstance(text, dict):
        separator, lines = text["Fn::Join"]
        text = separator.join(lines)
    substitutions = properties.pop("DefinitionSubstitutions", {})
    pieces = re.split(r"\$\{(\w+)\}", text)
    for index in range(1, len(pieces), 2):
        if pieces[index] not in substitutions:
            raise StackError(f"the state machine uses ${{{pieces[index]}}}, which DefinitionSubstitutions lacks")
        value = substitutions[pieces[index]]
        pieces[index] = value if isinstance(value, dict) else str(value)
    properties["DefinitionString"] = {"Fn::Join": ["", pieces]}


def _routes(source: Template) -> list[Route]:
    routes = []
    for logical_id, resource in source["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        for event in _merged(source, "Function", resource.get("Properties", {})).get("Events", {}).values():
            if event["Type"] == "HttpApi":
                properties = event.get("Properties", {})
                needs_token = properties.get("Auth", {}).get("Authorizer") != "NONE"
                method = str(properties.get("Method", "*")).upper()
                method = "*" if method in ("ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD") else method
                routes.append(Route(method, properties.get("Path", "/{proxy+}"), logical_id, needs_token))
    return routes
