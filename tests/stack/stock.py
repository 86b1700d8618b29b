"""Stock moto, single patches laid over it, and the register of their contracts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from small import until

from packshot_local.stack import patches
from packshot_local.stack.activity import Activity
from packshot_local.stack.patching import Patching

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
TOKEN_TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl.$": "$.queue", "MessageBody.$": "$$.Task.Token"},
    "End": True,
}
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "work", "Payload.$": "$"},
    "End": True,
}

CONTRACTS: dict[str, Callable[..., None]] = {}


def contract(test: Callable[..., None]) -> Callable[..., None]:
    CONTRACTS[test.__name__.removeprefix("test_")] = test
    return test


@contextmanager
def only(*names: str, **host: Any) -> Iterator[SimpleNamespace]:
    """Some patches in force, for a host that has what is given."""
    stand_in = SimpleNamespace(activity=Activity(), region=REGION, **host)
    patching = Patching()
    try:
        for name in names:
            patches.PATCHES[name](patching, stand_in)  # type: ignore[arg-type]
        yield stand_in
    finally:
        patching.restore()


def machine(aws: Callable[[str], Any], state: dict[str, Any], **more: Any) -> str:
    definition = json.dumps({"StartAt": "A", "States": {"A": state, **more}})
    arn: str = aws("stepfunctions").create_state_machine(name="m", definition=definition, roleArn=ROLE)[
        "stateMachineArn"
    ]
    return arn


def run(aws: Callable[[str], Any], arn: str, event: dict[str, Any] | None = None) -> str:
    answer = aws("stepfunctions").start_execution(stateMachineArn=arn, name="e", input=json.dumps(event or {}))
    execution: str = answer["executionArn"]
    return execution


def ended(aws: Callable[[str], Any], execution: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = aws("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    result: dict[str, Any] = until(look)
    return result


def waiting(aws: Callable[[str], Any]) -> tuple[str, str]:
    """An execution that waits for a token, and the token."""
    queue = aws("sqs").create_queue(QueueName="tokens")["QueueUrl"]
    execution = run(aws, machine(aws, TOKEN_TASK), {"queue": queue})
    message = until(lambda: aws("sqs").receive_message(QueueUrl=queue).get("Messages"))[0]
    return execution, json.loads(message["Body"]) if message["Body"].startswith('"') else message["Body"]


def create_function(aws: Callable[[str], Any]) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "def handler(event, context): return 42")
    aws("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    answer = aws("lambda").create_function(
        FunctionName="work",
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    arn: str = answer["FunctionArn"]
    return arn
