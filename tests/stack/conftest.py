"""A local stack with the small template, one for each module that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small import SAMPLE, Bench

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
