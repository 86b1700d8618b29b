"""The whole pipeline on this machine: the real template, the real state machine, the real functions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.line import Line, open_line


@pytest.fixture(scope="module")
def mode() -> str:
    """How the module's line treats review; a module overrides it."""
    return "advisory"


@pytest.fixture(scope="module")
def line(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with open_line(mode, tmp_path_factory.mktemp("logs") / "stack.jsonl") as opened:
        yield opened
