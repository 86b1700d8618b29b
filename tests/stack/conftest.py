"""A local stack with the small template, one for each module that asks for it; and moto as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from small import SAMPLE, Bench
from stock import REGION

from packshot_local.stack import LogLine, Stack


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    lines: list[LogLine] = []
    log_file = tmp_path_factory.mktemp("logs") / "stack.jsonl"
    with Stack(
        SAMPLE / "template.yaml",
        python_paths=[SAMPLE / "layer"],
        parameters={"Quality": "best"},
        on_log=lines.append,
        log_file=log_file,
    ) as stack:
        yield Bench(stack, lines)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Clients of stock moto, with its interpreter on."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield lambda service: boto3.client(service, region_name=REGION)
