"""What is changed in moto for speed gives moto's own answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from packshot_local.stack import quick
from packshot_local.stack.patching import Patching

KEY = {"pk": {"S": "a"}}
ITEM = {
    **KEY, "n": {"N": "1.50"}, "s": {"S": "é\u2028"}, "l": {"L": [{"S": "x"}, {"M": {"y": {"BOOL": True}}}]},
    "none": {"NULL": True}, "set": {"SS": ["p", "q"]}, "yes": {"BOOL": True},
    "m": {"M": {"a": {"M": {"b": {"N": "2"}}}}},
}  # fmt: skip
RAW = {"pk": {"S": "raw"}, "raw": {"B": b"\0\xff"}, "l": {"L": [{"B": b"\0"}]}}
Update = tuple[str, dict[str, str] | None, dict[str, Any] | None]
UPDATES: list[Update] = [
    ("SET n = :n, yes = :no", None, {":n": {"N": "7"}, ":no": {"BOOL": False}}),
    ("SET #s = :s REMOVE n, none", {"#s": "status"}, {":s": {"S": ""}}),
    ("REMOVE nowhere", None, None),
    ("SET a1 = :v ADD #set :more", {"#set": "set"}, {":v": {"M": {"k": {"S": "v"}}}, ":more": {"SS": ["q", "r"]}}),
    ("DELETE #set :some", {"#set": "set"}, {":some": {"SS": ["p", "z"]}}),
    ("DELETE #set :some", {"#set": "set"}, {":some": {"SS": ["q", "r"]}}),
    ("DELETE #set :some", {"#set": "set"}, {":some": {"SS": ["q"]}}),
    ("ADD #set :some", {"#set": "set"}, {":some": {"SS": ["new"]}}),
    ("ADD #set :some", {"#set": "set"}, {":some": {"NS": ["1"]}}),
    ("ADD tries :one", None, {":one": {"N": "1"}}),
    ("SET m.a.b = :n", None, {":n": {"N": "8"}}),
    ("SET l = list_append(l, :more)", None, {":more": {"L": [{"S": "y"}]}}),
    ("SET status = :s", None, {":s": {"S": "reserved"}}),
    ("SET pk = :s", None, {":s": {"S": "the key"}}),
    ("SET sku = :s", None, {":s": {"S": ""}}),
    ("SET sku = :s", None, {":s": {"S": "SKU-1"}}),
    ("SET a1 = :s, a1 = :s", None, {":s": {"S": "twice"}}),
    ("SET a1 = :s", {"#unused": "x"}, {":s": {"S": "x"}}),
    ("SET a1 = :s", None, {":s": {"S": "x"}, ":unused": {"S": "x"}}),
    ("SET #unknown = :s", {"#s": "x"}, {":s": {"S": "x"}}),
    ("SET a1 = :unknown", None, {":s": {"S": "x"}}),
    ("SET 1a = :s", None, {":s": {"S": "x"}}),
    ("SET large = :s", None, {":s": {"S": "x" * 300_000}}),
    ("SET larger = :s", None, {":s": {"S": "ü" * 100_000}}),
]
"""Expression, names, values."""


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-central-1", aws_access_key_id="local", aws_secret_access_key="local"
        )
        yield client


def answers(client: Any) -> list[Any]:
    """Everything that the store asks of DynamoDB, refusals too."""
    client.create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    found = []

    def call(name: str, **parameters: Any) -> None:
        try:
            answer = getattr(client, name)(TableName="t", **parameters)
        except ClientError as error:
            answer = error.response
        found.append((name, {key: value for key, value in answer.items() if key != "ResponseMetadata"}))

    once = "attribute_not_exists(pk)"
    call("get_item", Key=KEY)
    call("put_item", Item=ITEM, ConditionExpression=once)
    call("put_item", Item=ITEM, ConditionExpression=once, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    call("get_item", Key=KEY, ConsistentRead=True)
    names, values = {"#f": "l"}, {":v": {"L": []}, ":n": {"N": "3"}}
    change = {"UpdateExpression": "SET #f = :v, n = :n REMOVE s", "ExpressionAttributeNames": names}
    change |= {"ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW"}
    call("update_item", Key=KEY, ConditionExpression="attribute_exists(pk)", **change)
    call("update_item", Key=KEY, ConditionExpression=once, **change)
    call("update_item", Key={"pk": {"S": "new"}}, **change)
    step = {":one": {"N": "1"}}
    for key in ("a", "newer"):
        call(
            "update_item", Key={"pk": {"S": key}}, UpdateExpression="ADD tries :one", ExpressionAttributeValues=step,
            ReturnValues="UPDATED_NEW",
        )  # fmt: skip
    call("query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}})
    call("scan", ProjectionExpression="#f, n, m.a.b, m.no, yes", ExpressionAttributeNames=names)
    call("update_item", Key=KEY, UpdateExpression="SET nonsense")
    call("put_item", Item=RAW)
    call("get_item", Key={"pk": RAW["pk"]})
    call("delete_item", Key=KEY, ReturnValues="ALL_OLD")
    return found


def changes(client: Any) -> list[Any]:
    """Updates, plain ones and such as are refused, and what is in the table after each."""
    client.create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sku")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_sku", "KeySchema": [{"AttributeName": "sku", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip
    client.put_item(TableName="t", Item=ITEM)
    found: list[Any] = []
    for expression, names, values in UPDATES:
        more: dict[str, Any] = {"ExpressionAttributeNames": names} if names is not None else {}
        more |= {"ExpressionAttributeValues": values} if values is not None else {}
        try:
            client.update_item(TableName="t", Key=KEY, UpdateExpression=expression, **more)
        except ClientError as error:
            found.append(error.response["Error"])
        item = client.get_item(TableName="t", Key=KEY)["Item"]
        found.append({name: sorted(value["SS"]) if "SS" in value else value for name, value in item.items()})
    shard = dynamodb_backends["123456789012"]["eu-central-1"].get_table("t").stream_shard
    assert shard is not None
    images = [record.to_json()["dynamodb"] for record in shard.items]
    return [*found, *((image.get("OldImage"), image["NewImage"]) for image in images)]


@pytest.mark.parametrize("asked", [answers, changes])
def test_dynamodb_answers_as_moto_does(dynamodb: Any, asked: Callable[[Any], list[Any]]) -> None:
    slow = asked(dynamodb)
    dynamodb.delete_table(TableName="t")
    patching = Patching()
    quick.apply(patching)
    try:
        assert asked(dynamodb) == slow
    finally:
        patching.restore()


def test_what_is_compared_is_worth_it(dynamodb: Any) -> None:
    found = answers(dynamodb)
    assert found[3][1]["Item"] == ITEM and len(found) == 15
    dynamodb.delete_table(TableName="t")
    refused = sum("Code" in answer for answer in changes(dynamodb) if isinstance(answer, dict))
    assert refused == 12


def test_messages_are_hidden_shown_and_forgotten_as_before() -> None:
    patching = Patching()
    quick.apply(patching)
    try:
        with mock_aws():
            sqs = boto3.client(
                "sqs", region_name="eu-central-1", aws_access_key_id="local", aws_secret_access_key="local"
            )
            url = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
            sqs.send_message(QueueUrl=url, MessageBody="now")

            def take(seconds: int) -> list[str]:
                got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=seconds)
                return [message["Body"] for message in got.get("Messages", [])]

            assert take(0) == ["now"]
            assert take(900) == ["now"]
            assert take(900) == []
    finally:
        patching.restore()
