"""What is changed in moto for speed gives moto's own answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from packshot_local.stack import quick
from packshot_local.stack.patches import Patching

KEY = {"pk": {"S": "a"}}
ITEM = {
    **KEY, "n": {"N": "1.50"}, "s": {"S": "é\u2028"}, "l": {"L": [{"S": "x"}, {"M": {"y": {"BOOL": True}}}]},
    "none": {"NULL": True}, "set": {"SS": ["p", "q"]}, "raw": {"B": b"\0\xff"},
}  # fmt: skip
Calls = Callable[[Any], Iterator[Any]]


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
    call("put_item", Item=ITEM, ConditionExpression=once)
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
    call("scan", ProjectionExpression="#f, n", ExpressionAttributeNames=names)
    call("update_item", Key=KEY, UpdateExpression="SET nonsense")
    call("delete_item", Key=KEY, ReturnValues="ALL_OLD")
    return found


def test_dynamodb_answers_as_moto_does(dynamodb: Any) -> None:
    slow = answers(dynamodb)
    dynamodb.delete_table(TableName="t")
    patching = Patching()
    quick.apply(patching)
    try:
        assert answers(dynamodb) == slow
    finally:
        patching.restore()
    assert slow[3][1]["Item"] == ITEM and len(slow) == 13


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
