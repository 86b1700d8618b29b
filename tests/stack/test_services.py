"""What moto is loaded without, and what of a deployment is done with less work."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import moto.stepfunctions.parser.asl.utils.json_path as json_path
import pytest
from moto.cloudformation import parsing
from moto.cloudformation.models import Stack as MotoStack
from moto.kms.models import Key
from moto.kms.utils import RSAPrivateKey
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from packshot_local.stack.patching import Patching
from packshot_local.stack.quick import deployment
from packshot_local.stack.services import LEFT_OUT

LOADED = """
import sys
import packshot_local.stack
print(sorted({name.split(".")[1] for name in sys.modules if name.startswith("moto.")}))
from moto.ec2.models import ec2_backends
from moto.batch.models import batch_backends
print(len(ec2_backends["123456789012"]["eu-central-1"].describe_regions()) > 10)
"""


def test_services_that_no_stack_needs_are_not_loaded_and_can_be_had_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded, real = done.stdout.splitlines()
    assert LEFT_OUT.isdisjoint(json.loads(loaded.replace("'", '"')))
    assert {"s3", "dynamodb", "sqs", "stepfunctions", "cloudformation"} <= set(json.loads(loaded.replace("'", '"')))
    assert real == "True"


def test_types_of_services_that_are_left_out_are_unknown() -> None:
    services = {kind.split("::")[1].lower() for kind in parsing.get_model_map() if kind.startswith("AWS::")}
    assert services & {"s3", "dynamodb", "lambda"} and not services & {"ec2", "ecs", "rds", "sagemaker"}


@pytest.fixture
def patching() -> Any:
    patching = Patching()
    for change in deployment.CHANGES:
        change(patching)
    yield patching
    patching.restore()


TEMPLATE = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "2012-10-17", "Delay": 1.5}}}}


def test_templates_mean_what_they_meant(patching: Patching) -> None:
    yaml = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${AWS::Region}-q'}}}"
    read = [MotoStack.parse_template(text) for text in (json.dumps(TEMPLATE), yaml)]
    patching.restore()
    assert read == [MotoStack.parse_template(text) for text in (json.dumps(TEMPLATE), yaml)]
    assert read[0] == TEMPLATE and "${AWS::Region}-q" in json.dumps(read[1])


def test_every_execution_has_a_program_of_its_own(patching: Patching, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = json.dumps({"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}})
    parses: list[str] = []
    before = AmazonStateLanguageParser.parse
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", lambda text: (parses.append(text), before(text))[1])
    StepFunctionsParserBackend._validate_definition(machine)
    details = SimpleNamespace(state_machine_details=SimpleNamespace(definition=machine))
    programs = [ExecutionWorker._get_evaluation_entrypoint(SimpleNamespace(_evaluation_details=details)) for _ in "123"]
    assert len(parses) == 3 and len({id(program) for program in programs}) == 3
    with pytest.raises(Exception, match=r"InvalidDefinition|ASLParserException"):
        StepFunctionsParserBackend._validate_definition('{"StartAt": 1}')


def test_a_path_is_parsed_once_and_finds_what_it_found(patching: Patching) -> None:
    data = {"lot": {"chunks": [1, 2]}, "drop": "d"}
    paths = ("$.drop", "$.lot.chunks", "$.lot.chunks[1]", "$.drop")
    found = [json_path.extract_json(path, data) for path in paths]
    assert json_path.parse.cache_info().misses == 3
    patching.restore()
    assert found == [json_path.extract_json(path, data) for path in paths] == ["d", [1, 2], 2, "d"]


@pytest.mark.parametrize(("spec", "at_once"), [("SYMMETRIC_DEFAULT", False), ("RSA_2048", True)])
def test_a_key_that_signs_nothing_has_a_pair_when_it_is_asked(
    patching: Patching, monkeypatch: pytest.MonkeyPatch, spec: str, at_once: bool
) -> None:
    made: list[int] = []
    before = RSAPrivateKey.__init__
    monkeypatch.setattr(
        RSAPrivateKey, "__init__", lambda self, key_size: (made.append(key_size), before(self, key_size))[1]
    )
    key = Key(None, "ENCRYPT_DECRYPT", spec, "", "123456789012", "eu-central-1")
    assert bool(made) == at_once
    assert key.private_key.public_key() == key.private_key.public_key() and made == [2048]
