"""Templates that are JSON, keys that nobody asks for, and a state machine and its paths, which are parsed once."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable
from typing import Any

import moto.kms.models as kms_models
import moto.stepfunctions.parser.asl.utils.json_path as json_path
from jsonpath_ng.ext.parser import parse as parse_path
from moto.cloudformation.models import Stack
from moto.kms.utils import KeySpec
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from ..patching import Patching


def json_is_read_as_json(patching: Patching) -> None:
    """moto reads every template as YAML, of which JSON is a part, in Python: half of what a deployment takes."""

    def parse_template(template: str) -> Any:
        try:
            return json.loads(template)
        except ValueError:
            return before.__func__(template)

    before = patching.set(Stack, "parse_template", staticmethod(parse_template))


def first_execution_takes_what_was_checked(patching: Patching) -> None:
    """moto parses a state machine (a third of a second) to check it, and again for each execution, which may change
    what it was given: so only the first one gets what the check has made."""
    checked: dict[str, Any] = {}
    parsed = threading.local()

    def parse(definition: str) -> Any:
        parsed.last = before(definition)
        return parsed.last

    def validate(definition: str) -> None:
        validate_before.__func__(definition)
        checked[definition] = parsed.last[0]

    def entry_point(self: Any) -> Any:
        known = checked.pop(self._evaluation_details.state_machine_details.definition, None)
        return entry_point_before(self) if known is None else known

    before = AmazonStateLanguageParser.parse
    patching.set(AmazonStateLanguageParser, "parse", staticmethod(parse))
    validate_before = patching.set(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate))
    entry_point_before = patching.set(ExecutionWorker, "_get_evaluation_entrypoint", entry_point)


def paths_are_parsed_once(patching: Patching) -> None:
    """moto makes a parser for every path of a state machine, each time that a state looks something up."""
    patching.set(json_path, "parse", functools.lru_cache(maxsize=1024)(parse_path))


def symmetric_keys_have_no_pair_yet(patching: Patching) -> None:
    """moto draws primes for every key of KMS, for those too that never sign."""

    def generate_private_key(key_spec: str) -> Any:
        make = functools.partial(before, key_spec)
        return _WhenAsked(make) if key_spec == KeySpec.SYMMETRIC_DEFAULT else make()

    before = patching.set(kms_models, "generate_private_key", generate_private_key)


class _WhenAsked:
    """Something that is made when it is first asked for anything."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @functools.cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


CHANGES = (
    json_is_read_as_json,
    first_execution_takes_what_was_checked,
    paths_are_parsed_once,
    symmetric_keys_have_no_pair_yet,
)
