"""The contract of every patch of a service: moto as it comes still has the gap. What fails here says: drop the patch.

That the patched moto does better is what the other tests of this folder show; the interpreter of state machines has its
contracts in `test_interpreter.py`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import test_interpreter  # noqa: F401 - its contracts count, too
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, LambdaVersion, Permission
from moto.cloudformation import parsing
from moto.dynamodb.models import table as moto_table
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.s3.models import FakeKey
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from stock import (
    ACCOUNT,
    CONTRACTS,
    REGION,
    contract,
    create_function,
    only,
)

from packshot_local.stack import patches
from packshot_local.stack.activity import Activity
from packshot_local.stack.patches import queues
from packshot_local.stack.stubs import REPLACED_TYPES, STUBBED_TYPES


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
    assert read_while_it_is_written(aws, monkeypatch, "stock-read") == {"pk": {"S": "1"}}
    with only("one_at_a_time"):
        assert conditional_writes_that_succeed(aws, monkeypatch, "patched") == 1
        assert read_while_it_is_written(aws, monkeypatch, "patched-read") == {"pk": {"S": "1"}, "colour": {"S": "red"}}


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

    dynamodb = with_table(aws, table)
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


def read_while_it_is_written(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, table: str) -> Any:
    """A reader asks for a new item while its update stands between the making of the item and its attributes."""
    dynamodb = with_table(aws, table)
    place = {"TableName": table, "Key": {"pk": {"S": "1"}}}
    read: list[Any] = []
    reader = threading.Thread(target=lambda: read.append(dynamodb.get_item(**place)["Item"]))
    before = UpdateExpressionExecutor.execute

    def execute(executor: Any, *args: Any) -> None:
        if reader.ident is None:  # of the tree's root; it calls itself for the parts
            reader.start()
            reader.join(0.3)
        before(executor, *args)

    with monkeypatch.context() as context:
        context.setattr(UpdateExpressionExecutor, "execute", execute)
        dynamodb.update_item(
            **place, UpdateExpression="SET colour = :red", ExpressionAttributeValues={":red": {"S": "red"}}
        )
        reader.join()
    return read[0]


def with_table(aws: Callable[[str], Any], name: str) -> Any:
    """A client of DynamoDB, which has an empty table of that name."""
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return dynamodb
