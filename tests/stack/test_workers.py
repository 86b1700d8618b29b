"""Functions as processes: answers, crashes, time-outs, broken starts, logs, memory."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from small import Bench, until

from packshot_local.stack import StackError


def test_a_function_answers_and_keeps_its_process(bench: Bench) -> None:
    first = bench.stack.invoke("Worker", {"key": "1"}).value()
    second = bench.stack.invoke("Worker", {"key": "2"}).value()
    assert (first["pid"], first["calls"] + 1) == (second["pid"], second["calls"])
    assert second["quality"] == "best"


def test_an_exception_is_an_unhandled_error(bench: Bench) -> None:
    answer = bench.stack.client("lambda").invoke(FunctionName=bench.stack.physical("Worker"), Payload=b'{"do":"fail"}')
    assert answer["FunctionError"] == "Unhandled"
    assert b'"errorType": "ValueError"' in answer["Payload"].read().replace(b'":"', b'": "')
    with pytest.raises(StackError, match="ValueError: bad photo"):
        bench.stack.invoke("Worker", {"do": "fail"}).value()


@pytest.mark.parametrize(("event", "words"), [({"do": "exit"}, "exit status 7"), ({"do": "die"}, "signal: killed")])
def test_a_crash_is_told_and_the_next_call_gets_a_new_process(bench: Bench, event: dict[str, str], words: str) -> None:
    result = bench.stack.invoke("Worker", event)
    assert result.error == "Unhandled"
    assert b"Runtime.ExitError" in result.payload and words.encode() in result.payload
    assert bench.stack.invoke("Worker", {}).value()["pid"] > 0


def test_a_function_over_its_time_is_killed(bench: Bench) -> None:
    result = bench.stack.invoke("Worker", {"do": "sleep", "seconds": 60})
    assert b"Task timed out after 2.00 seconds" in result.payload
    assert result.seconds == pytest.approx(2, abs=0.5)


def test_what_is_left_of_a_calls_time_does_not_rest_on_the_workers_clock(bench: Bench) -> None:
    for ahead_s in (3600, -3600, 0):
        turned = bench.stack.invoke("Worker", {"do": "clock", "ahead_s": ahead_s}).value()
        after = bench.stack.invoke("Worker", {}).value()
        assert after["pid"] == turned["pid"] and 0 < after["left_ms"] <= 2000, f"with a clock {ahead_s} s ahead"


def test_a_killed_worker_takes_its_children_along(bench: Bench) -> None:
    spawned = bench.stack.invoke("Worker", {"do": "spawn"}).value()
    os.kill(spawned["child"], 0)
    while spawned["pid"] in {worker.pid for worker in bench.stack.workers()}:
        bench.stack.invoke("Worker", {"do": "sleep", "seconds": 60})
    assert until(lambda: not _runs(spawned["child"]))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_kill_worker_breaks_the_running_call(bench: Bench) -> None:
    results = []
    call = threading.Thread(
        target=lambda: results.append(bench.stack.invoke("Worker", {"do": "sleep", "seconds": 1.9}))
    )
    call.start()
    until(lambda: not bench.stack.idle())
    until(lambda: any(worker.function == "Worker" for worker in bench.stack.workers()))
    bench.stack.kill_worker("Worker")
    call.join(10)
    assert results[0].error == "Unhandled"


def test_workers_tell_their_memory(bench: Bench) -> None:
    bench.stack.invoke("Worker", {})
    works = [worker for worker in bench.stack.workers() if worker.function == "Worker"]
    assert 1 <= len(works) <= 2
    assert all(5_000_000 < worker.rss_bytes < 200_000_000 for worker in works)
    assert bench.stack.peak_rss_bytes()["Worker"] >= max(worker.rss_bytes for worker in works)


def test_log_lines_carry_function_and_request(bench: Bench) -> None:
    bench.put("incoming/logged.jpg")
    line = until(lambda: next((line for line in bench.lines if "logged.jpg" in line.text), None))
    assert line.function == "Intake"
    assert line.fields is not None and line.fields["message"] == "photo"
    assert line.request_id


def test_an_unknown_function_is_named(bench: Bench) -> None:
    with pytest.raises(StackError, match="no function Nobody"):
        bench.stack.invoke("Nobody", {})
