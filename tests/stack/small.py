"""The small template's stack as its tests use it, and how they wait."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packshot_local.stack import LogLine, Stack

SAMPLE = Path(__file__).parent / "sample"


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first true value of `condition`, looked at often; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"not so within {seconds} s")


class Bench:
    """A running stack with the few things that tests do again and again."""

    def __init__(self, stack: Stack, lines: list[LogLine]) -> None:
        self.stack = stack
        self.lines = lines
        self.bucket = stack.physical("Photos")
        self.table = stack.physical("Table")

    def item(self, pk: str) -> dict[str, Any] | None:
        answer = self.stack.client("dynamodb").get_item(TableName=self.table, Key={"pk": {"S": pk}})
        found: dict[str, Any] | None = answer.get("Item")
        return found

    def put(self, key: str, body: bytes = b"x", **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.stack.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **more)
        return answer

    def start(self, lots: list[dict[str, Any]], name: str) -> str:
        self.put(f"plans/{name}.json", json.dumps(lots).encode())
        answer = self.stack.client("stepfunctions").start_execution(
            stateMachineArn=self.stack.physical("Machine"),
            name=name,
            input=json.dumps({"bucket": self.bucket, "key": f"plans/{name}.json"}),
        )
        arn: str = answer["executionArn"]
        return arn

    def execution(self, arn: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.stack.client("stepfunctions").describe_execution(executionArn=arn)
        return answer

    def ended(self, arn: str, seconds: float = 15.0) -> dict[str, Any]:
        until(lambda: self.execution(arn)["status"] != "RUNNING", seconds)
        return self.execution(arn)
