"""The function as Lambda loads it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from packshot.imaging.networks import Networks

APP = Path(__file__).parents[2] / "functions" / "process" / "app.py"


@pytest.mark.parametrize(("kind", "times"), [("on-demand", 0), ("provisioned-concurrency", 1)])
def test_only_a_worker_started_ahead_opens_its_networks_as_it_loads(
    kind: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Networks] = []
    monkeypatch.setattr(Networks, "open", lambda networks: opened.append(networks))
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "packshot")
    spec = importlib.util.spec_from_file_location("process_app", APP)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert len(opened) == times
