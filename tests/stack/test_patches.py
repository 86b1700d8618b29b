"""The contract of every patch: moto as it comes still has the gap. A test that fails here says: drop the
patch.

That the patched moto does better is what the other tests of this folder show.
"""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, LambdaVersion, Permission
from moto.cloudformation import parsing
from moto.dynamodb.models import table as moto_table
from moto.s3.models import FakeKey
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.api import InvalidToken
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint, CallbackOutcomeSuccess
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from small import until

from packshot_local.stack import patches
from packshot_local.stack.activity import Activity
from packshot_local.stack.patches import executions, queues
from packshot_local.stack.patching import Patching
from packshot_local.stack.records import Invocation
from packshot_local.stack.stubs import REPLACED_TYPES, STUBBED_TYPES

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


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Clients of stock moto, with its interpreter on."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield lambda service: boto3.client(service, region_name=REGION)


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


def test_every_patch_has_its_contract() -> None:
    assert set(CONTRACTS) == set(patches.PATCHES)
    assert all(patch.__doc__ for patch in patches.PATCHES.values())


def test_all_patches_are_taken_back() -> None:
    before = (
        LambdaFunction.invoke,
        IterationWorker._eval_pool,
        parsing.get_model_map,
        "Version" in vars(LambdaVersion),
    )
    host = SimpleNamespace(activity=Activity(), region=REGION, endpoint="")
    patches.apply(host).restore()  # type: ignore[arg-type]
    after = (
        LambdaFunction.invoke,
        IterationWorker._eval_pool,
        parsing.get_model_map,
        "Version" in vars(LambdaVersion),
    )
    assert before == after
    assert "get_cfn_attribute" not in vars(LambdaVersion)


@contract
def test_stub_resource_types() -> None:
    assert set(STUBBED_TYPES) & set(parsing.get_model_map()) == set()


def test_replaced_resource_types(aws: Callable[[str], Any]) -> None:
    assert set(REPLACED_TYPES) == {"AWS::Lambda::Permission"}
    create_function(aws)
    alias = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work:live"
    about = {
        "Properties": {"FunctionName": alias, "Principal": "events.amazonaws.com", "Action": "lambda:InvokeFunction"}
    }
    with pytest.raises(UnknownFunctionException):
        Permission.create_from_cloudformation_json("Permit", about, ACCOUNT, REGION)


@contract
def test_event_sources_are_polled(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def record(self: LambdaFunction, body: str, *_: Any) -> bytes:
        calls.append(len(json.loads(body)["Records"]))
        return b""

    monkeypatch.setattr(LambdaFunction, "invoke", record)
    create_function(aws)
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    aws("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName="work", BatchSize=10)
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(3)]
    aws("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
    assert calls == [1, 1, 1], "delivered one by one, before send_message returned"


@contract
def test_published_version_has_attributes() -> None:
    assert "get_cfn_attribute" not in vars(LambdaVersion)


@contract
def test_functions_are_processes(aws: Callable[[str], Any]) -> None:
    create_function(aws)
    try:
        answer = aws("lambda").invoke(FunctionName="work", Payload=b"{}")["Payload"].read()
    except Exception as error:  # noqa: BLE001 - whichever way it fails without Docker
        answer = repr(error).encode()
    assert answer != b"42", "moto runs handlers without Docker"


@contract
def test_objects_without_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", "10")

    def open_files() -> int:
        before = len(list(Path("/dev/fd").iterdir()))
        keys = [FakeKey(name=str(n), value=b"x" * 100, account_id=ACCOUNT, region_name=REGION) for n in range(20)]
        grown = len(list(Path("/dev/fd").iterdir())) - before
        assert all(key.value == b"x" * 100 for key in keys)
        for key in keys:
            key.dispose()
        return grown

    assert open_files() == 20
    with only("objects_without_open_files"):
        assert open_files() == 0


@contract
def test_object_events_like_aws(aws: Callable[[str], Any]) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("s3").create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3").put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    aws("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"]}))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}])
    for _ in range(2):
        aws("s3").put_object(Bucket="photos", Key="k", Body=b"x")
    messages = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    events = [json.loads(message["Body"]) for message in messages]
    first, second = (event for event in events if event["detail-type"] == "Object Created")
    assert first["id"] == second["id"]
    assert first["detail"]["object"]["sequencer"] == second["detail"]["object"]["sequencer"]
    assert "etag" not in first["detail"]["object"]


@contract
def test_rules_reach_all_targets(aws: Callable[[str], Any]) -> None:
    arn = create_function(aws)
    aws("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["test"]}))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "f", "Arn": arn}])
    with pytest.raises(NotImplementedError):
        aws("events").put_events(Entries=[{"Source": "test", "DetailType": "d", "Detail": "{}"}])


@contract
def test_queues_stay_quick(aws: Callable[[str], Any]) -> None:
    aws("sqs").create_queue(QueueName="q")
    backend = sqs_backends[ACCOUNT][REGION]
    for number in range(100):
        backend.send_message("q", str(number))
    queue = backend.get_queue("q")
    assert len(queue.messages) == 100, "every receive looks at every message"
    with only("queues_stay_quick"):
        assert [message.body for message in queue.messages] == [str(n) for n in range(queues.VISIBLE_MESSAGES)]


@contract
def test_one_at_a_time(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert conditional_writes_that_succeed(aws, monkeypatch, "stock") == 2
    with only("one_at_a_time"):
        assert conditional_writes_that_succeed(aws, monkeypatch, "patched") == 1


def conditional_writes_that_succeed(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, table: str) -> int:
    """Two writers meet between the check of their condition and their write, if nothing keeps them apart."""
    meeting = threading.Barrier(2)
    before = moto_table.get_filter_expression

    def checked(*args: Any, **kwargs: Any) -> Any:
        operation = before(*args, **kwargs)

        def expr(item: Any) -> bool:
            result = bool(operation.expr(item))
            with suppress(threading.BrokenBarrierError):
                meeting.wait(0.3)
            return result

        return SimpleNamespace(expr=expr)

    key = [{"AttributeName": "pk", "AttributeType": "S"}]
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=key,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    done = []

    def write() -> None:
        item = {"pk": {"S": "1"}}
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # the second is refused, not counted
            dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
            done.append(1)

    with monkeypatch.context() as context:
        context.setattr(moto_table, "get_filter_expression", checked)
        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    return len(done)


@contract
def test_state_machines_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():

        def aws(service: str) -> Any:
            return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

        execution = run(aws, machine(aws, {"Type": "Fail", "Error": "E", "Cause": "c"}))
        time.sleep(0.1)
        assert aws("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"


@contract
def test_interpreter_keeps_its_clients() -> None:
    first, second = (boto_client.boto_client_for(REGION, "sqs") for _ in range(2))
    assert first is not second


@contract
def test_waiting_for_a_worker_costs_no_time(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def late(name: str, event: bytes, on_start: Callable[[], None]) -> Invocation:
        time.sleep(1.5)
        on_start()
        return Invocation(b"1", None, "r", 0, 0)

    create_function(aws)
    arn = machine(aws, {**INVOKE, "TimeoutSeconds": 1})
    with only("functions_are_processes", run_function=late):
        execution = run(aws, arn)
        assert ended(aws, execution)["error"] == "States.Timeout"


@contract
def test_waiting_is_counted(aws: Callable[[str], Any]) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "MaxAttempts": 1}]
    execution = run(aws, machine(aws, {**INVOKE, "Retry": retry}))
    time.sleep(0.3)
    aws("stepfunctions").stop_execution(executionArn=execution)
    time.sleep(0.3)
    answer = aws("stepfunctions").describe_execution(executionArn=execution)
    assert answer["status"] == "RUNNING", "the retry sleeps on"


@contract
def test_early_signals_count() -> None:
    def answered_early() -> tuple[bool, bool]:
        endpoint = CallbackEndpoint("token")
        accepted = endpoint.notify_heartbeat()
        endpoint.notify(CallbackOutcomeSuccess("token", "{}"))
        return accepted, endpoint.setup_heartbeat_endpoint(0).clear_and_wait()

    assert answered_early() == (False, False)
    with only("early_signals_count"):
        assert answered_early() == (True, True)


@contract
def test_failure_keeps_its_cause(aws: Callable[[str], Any]) -> None:
    execution, token = waiting(aws)
    aws("stepfunctions").send_task_failure(taskToken=token, error="Rejected", cause="blurred")
    end = ended(aws, execution)
    assert end["error"] == "Rejected" and not end.get("cause")


@contract
def test_stopping_reaches_waiting_tasks(aws: Callable[[str], Any]) -> None:
    execution, _ = waiting(aws)
    aws("stepfunctions").stop_execution(executionArn=execution, error="Cancelled")
    time.sleep(0.3)
    assert aws("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"


@contract
def test_executions_start_once(aws: Callable[[str], Any]) -> None:
    arn = machine(aws, {"Type": "Pass", "End": True})
    assert aws("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"].endswith(":None")


@contract
def test_starting_executions_are_no_obstacle(aws: Callable[[str], Any]) -> None:
    arn = machine(aws, {"Type": "Pass", "End": True})
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    starting = Execution.__new__(Execution)
    starting.exec_status, starting.exec_worker = None, None
    backend.describe_state_machine(arn).executions.append(starting)

    def send() -> None:
        backend.send_task_success("no such token", "{}")

    with pytest.raises(AttributeError):
        send()
    with only("starting_executions_are_no_obstacle"), pytest.raises(InvalidToken):
        send()


@contract
def test_failed_children_fail_the_map(aws: Callable[[str], Any]) -> None:
    child = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **child}
    state = {"Type": "Map", "Label": "L", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    end = ended(aws, run(aws, machine(aws, state), {"items": [1, 2]}))
    assert (end["status"], json.loads(end["output"])) == ("SUCCEEDED", [None, None])
    with pytest.raises(ClientError, match="ToleratedFailurePercentage"):
        machine(aws, {**state, "ToleratedFailurePercentage": 5})


@contract
def test_maps_do_not_recurse() -> None:
    jobs = iter([SimpleNamespace(job_output=None) for _ in range(2000)])
    pool = SimpleNamespace(next_job=lambda: next(jobs, None), close_job=lambda job: None)
    history = SimpleNamespace(last_published_event_id=0, source_event_id=0)
    frame = SimpleNamespace(close_frame=lambda _: None, event_history_context=history)
    frame.open_inner_frame = lambda: frame
    worker = SimpleNamespace(_eval_job=lambda env, job: None, _job_pool=pool, _env=frame, stopped=lambda: False)
    worker._eval_pool = lambda job, worker_frame: IterationWorker._eval_pool(worker, job, worker_frame)  # type: ignore[arg-type]
    with pytest.raises(RecursionError):
        worker._eval_pool(next(jobs), frame)


@contract
def test_history_has_an_end() -> None:
    def kept() -> int:
        manager = EventManager()
        for _ in range(executions.HISTORY_EVENTS + 10):
            manager.add_event(EventHistoryContext.of_program_start(), "any")  # type: ignore[arg-type]
        return len(manager._history_event_list)

    assert kept() == executions.HISTORY_EVENTS + 10
    with only("history_has_an_end"):
        assert kept() < executions.HISTORY_EVENTS


@contract
def test_ends_of_executions_are_events(aws: Callable[[str], Any]) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.states"]}))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}])
    ended(aws, run(aws, machine(aws, {"Type": "Pass", "End": True})))
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=queue)
