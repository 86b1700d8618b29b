"""The state machine: every task retries, ends in time and records its failure; nothing grows with a drop."""

from __future__ import annotations

import pytest
from template import functions, machine, states, tasks

from packshot.plan.lots import LotItem
from packshot.reasons import rules
from packshot.records import LotStatus

AWS_INVOKE_ERRORS = {
    "Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.SdkClientException",
}  # fmt: skip


@pytest.mark.parametrize("name", tasks())
def test_every_task_retries_with_backoff_and_jitter(name: str) -> None:
    retries = tasks()[name]["Retry"]
    for retry in retries:
        assert retry["BackoffRate"] > 1 and retry["JitterStrategy"] == "FULL" and retry["MaxDelaySeconds"] >= 20
    caught = {error for retry in retries for error in retry["ErrorEquals"]}
    assert caught >= AWS_INVOKE_ERRORS and caught & {"States.ALL", "States.TaskFailed"}


@pytest.mark.parametrize("name", tasks())
def test_every_task_ends_in_time_and_after_its_function(name: str) -> None:
    task = tasks()[name]
    if "TimeoutSecondsPath" in task:
        assert task["TimeoutSecondsPath"] == "$.review_seconds" and "waitForTaskToken" in task["Resource"]
        return
    function = task["Parameters"]["FunctionName"].strip("${}")
    assert task["TimeoutSeconds"] >= functions()[function]["Timeout"]


@pytest.mark.parametrize("name", tasks())
def test_every_failure_is_recorded(name: str) -> None:
    """A task catches everything, or the Map around it does, or it is itself the one that records."""
    records = {"SettleFunction", "ReportFunction"}
    inside = {n for _, s in states() if s["Type"] == "Map" for n in s["ItemProcessor"]["States"]}
    task = tasks()[name]
    catches = any("States.ALL" in catch["ErrorEquals"] for catch in task.get("Catch", []))
    assert catches or name in inside or task["Parameters"]["FunctionName"].strip("${}") in records


def test_the_largest_lot_stays_within_the_limits_of_an_execution() -> None:
    """256 KiB of state, 25,000 events: one child is one lot, so that a drop's size plays no part in either."""
    largest, smallest_chunk = 1000, 1
    chunks = list(range(largest // smallest_chunk + 1))
    lot = LotItem(drop="d" * 40, lot="l" * 60, chunks=chunks, all_chunks=chunks, chunk_concurrency=1, review_seconds=1)
    assert len(lot.model_dump_json()) < 256 * 1024 / 4
    passes, maps, a_chunk = 3, 3, 8  # process, rework, export; entered, scheduled, started, done, left, ...
    assert passes * len(chunks) * a_chunk + maps * 50 < 25_000
    assert machine()["States"]["Lots"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"


def test_every_map_catches_what_comes_out_of_it() -> None:
    maps = {name: state for name, state in states() if state["Type"] == "Map"}
    assert maps.keys() == {"Lots", "Process", "Export"}
    for state in maps.values():
        assert any("States.ALL" in catch["ErrorEquals"] for catch in state["Catch"])
        assert "MaxConcurrencyPath" in state
    assert maps["Lots"]["ToleratedFailurePercentage"] == 100 and maps["Lots"]["Label"] == "Lots"


def test_a_gate_that_nobody_answers_is_held_not_failed() -> None:
    first = tasks()["ReviewGate"]["Catch"][0]
    assert first["ErrorEquals"] == ["States.Timeout"] and first["Next"] == "HoldExpired"
    retried = {error for retry in tasks()["ReviewGate"]["Retry"] for error in retry["ErrorEquals"]}
    assert not retried & {"States.ALL", "States.Timeout"}, "the wait must not begin again when it is over"


def test_every_choice_has_a_way_for_the_unexpected() -> None:
    assert all("Default" in state for _, state in states() if state["Type"] == "Choice")


def test_every_reason_that_the_machine_gives_is_known() -> None:
    payloads = [task["Parameters"].get("Payload", {}) for task in tasks().values()]
    orders = [payload for payload in payloads if "code" in payload]
    assert len(orders) == 5
    assert all(order["code"] in rules() and order["status"] in set(LotStatus) for order in orders)
