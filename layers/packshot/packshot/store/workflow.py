"""Step Functions, SQS and EventBridge: starting executions, answering gates, sending messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient


class Workflow:
    """The state machine that takes drops through."""

    def __init__(self, client: SFNClient, machine_arn: str) -> None:
        self.client, self.machine_arn = client, machine_arn

    def start(self, name: str, payload: dict[str, Any]) -> str:
        """Start one execution of this name; its ARN. Starting it again changes nothing."""
        arn = self.machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            return self.client.start_execution(
                stateMachineArn=self.machine_arn, name=name, input=json.dumps(payload, sort_keys=True)
            )["executionArn"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return arn
            raise

    def status(self, execution: str) -> str:
        """An execution's status, e.g. ``RUNNING`` or ``FAILED``; empty once Step Functions has forgotten it."""
        try:
            return self.client.describe_execution(executionArn=execution)["status"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return ""
            raise

    def running(self, drop: str) -> Iterator[str]:
        """ARNs of the executions that run for a drop: its own, and those that resume lots of it."""
        pages = self.client.get_paginator("list_executions").paginate(
            stateMachineArn=self.machine_arn, statusFilter="RUNNING"
        )
        for page in pages:
            for entry in page["executions"]:
                if not entry["name"].startswith(drop):
                    continue
                # Names of other drops may begin alike; only the input says for certain whose it is.
                told = self.client.describe_execution(executionArn=entry["executionArn"])
                if told["status"] == "RUNNING" and json.loads(told["input"])["drop"] == drop:
                    yield entry["executionArn"]

    def answer(self, token: str, output: dict[str, Any]) -> bool:
        """Wake the gate that waits with this token; False when it waits no longer.

        Refused only when it was tried again, the first answer got lost and the gate is awake: taken for dead, a
        second execution would start beside the first.
        """
        try:
            self.client.send_task_success(taskToken=token, output=json.dumps(output))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}:
                return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts"))
            raise
        return True


class Queue:
    """One SQS queue of JSON messages."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self.client, self.url = client, url

    def send(self, message: dict[str, Any], delay_s: int = 0) -> None:
        """Send one message, to be delivered after a delay of 0..900 s."""
        self.client.send_message(
            QueueUrl=self.url, MessageBody=json.dumps(message, sort_keys=True), DelaySeconds=min(delay_s, 900)
        )


class Bus:
    """The EventBridge bus on which other systems listen."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self.client, self.name = client, name

    def put(self, entries: list[dict[str, Any]]) -> None:
        """Put at most ten entries (of ``Source``, ``DetailType``, ``Detail``). RuntimeError if one is refused."""
        answer = self.client.put_events(Entries=[{**entry, "EventBusName": self.name} for entry in entries])  # type: ignore[typeddict-item]
        refused = [entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry]
        if refused:
            raise RuntimeError(f"EventBridge refused {len(refused)} of {len(entries)} events: {refused[0]}")


class Notices:
    """What people and other systems are told: an SNS topic and an EventBridge bus."""

    def __init__(self, sns: SNSClient, topic_arn: str, events: EventBridgeClient, bus: str) -> None:
        self.sns, self.topic_arn, self.events, self.bus = sns, topic_arn, events, bus

    def people(self, subject: str, text: str) -> None:
        """Tell the operators."""
        self.sns.publish(TopicArn=self.topic_arn, Subject=subject[:100], Message=text)

    def systems(self, kind: str, detail: dict[str, Any]) -> None:
        """Tell other systems: an event of source ``packshot``."""
        self.events.put_events(
            Entries=[
                {
                    "Source": "packshot",
                    "DetailType": kind,
                    "Detail": json.dumps(detail),
                    "EventBusName": self.bus,
                }
            ]
        )
