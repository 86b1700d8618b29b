"""The review studio's fixtures, for the stage that renders what reviewers change."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from collections.abc import Iterator

import pytest
from moto import mock_aws
from studio import Studio


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with mock_aws():
        made = Studio().build()
        made.drop(photos=2, tasks=2)
        made.draw("spring", width=1200, height=1000)
        yield made
