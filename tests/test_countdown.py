"""How long a call may still take, whatever happens to the clock meanwhile."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from packshot.countdown import countdown


def test_a_clock_that_is_set_in_mid_call_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    end = 1000.0 + 900
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: max(0, round((end - time.time()) * 1000)))
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    left_s = countdown(context)
    assert left_s() == 900
    monkeypatch.setattr(time, "time", lambda: 1000.0 + 3600)
    seconds[0] += 60
    assert left_s() == 840 and context.get_remaining_time_in_millis() == 0
