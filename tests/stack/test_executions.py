"""State machines: distributed and inline Maps, retries, catches, tokens, stopping, names."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError
from small import Bench, until


def test_lots_and_photos_run_with_retry_and_catch(bench: Bench) -> None:
    # given two lots, with a photo that works at the second try and one that never works
    lots = [
        {"lot": "a", "review": False, "photos": [{"do": "flaky", "key": "f1"}, {"do": "fail", "key": "f2"}]},
        {"lot": "b", "review": False, "photos": [{"key": f"p{number}"} for number in range(10)]},
    ]

    # when the machine runs over them
    end = bench.ended(bench.start(lots, "lots"))

    # then every photo has its result, in order, and the failed one its error
    assert end["status"] == "SUCCEEDED", end
    first, second = json.loads(end["output"])
    assert first["results"][0]["key"] == "f1"
    assert first["results"][1]["error"]["Error"] == "ValueError"
    assert [result["key"] for result in second["results"]] == [f"p{number}" for number in range(10)]


def test_a_failed_lot_fails_the_map(bench: Bench) -> None:
    end = bench.ended(bench.start([{"lot": "c", "review": False, "fail": 1, "photos": []}], "broken"))
    assert end["status"] == "FAILED"
    assert end["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_lot_waits_for_its_verdict_while_the_stack_is_idle(bench: Bench) -> None:
    stepfunctions = bench.stack.client("stepfunctions")
    execution = bench.start([{"lot": f"w{n}", "review": True, "photos": [{"key": "1"}]} for n in range(3)], "wait")
    tokens = [until(lambda n=n: bench.item(f"token#w{n}"))["token"]["S"] for n in range(3)]
    assert bench.stack.wait_idle(10)
    assert bench.execution(execution)["status"] == "RUNNING"

    stepfunctions.send_task_success(taskToken=tokens[0], output='{"accepted": true}')
    stepfunctions.send_task_failure(taskToken=tokens[1], error="Rejected", cause="too many defects")
    assert bench.stack.wait_idle(10)
    assert bench.execution(execution)["status"] == "RUNNING", "the third lot still waits"
    stepfunctions.send_task_success(taskToken=tokens[2], output="{}")

    lots = json.loads(bench.ended(execution)["output"])
    assert lots[0]["verdict"] == {"accepted": True}
    assert lots[1]["verdict"] == {"Error": "Rejected", "Cause": "too many defects"}


def test_waiting_for_a_worker_does_not_use_up_a_tasks_time(bench: Bench) -> None:
    # given eight photos of 1 s, two workers and a time-out of 3 s a task: the last one waits 3 s for a worker
    photos = [{"do": "sleep", "seconds": 1, "key": str(number)} for number in range(8)]
    end = bench.ended(bench.start([{"lot": "q", "review": False, "photos": photos}], "queue"))
    assert end["status"] == "SUCCEEDED"
    assert all("error" not in result for result in json.loads(end["output"])[0]["results"])


def test_a_task_that_takes_too_long_is_caught(bench: Bench) -> None:
    photo = {"do": "sleep", "seconds": 30, "key": "long"}
    end = bench.ended(bench.start([{"lot": "t", "review": False, "photos": [photo]}], "long"))
    result = json.loads(end["output"])[0]["results"][0]
    assert result["error"]["Error"] == "Sandbox.Timedout"


def test_the_same_name_starts_once(bench: Bench) -> None:
    lots = [{"lot": "once", "review": True, "photos": []}]
    execution = bench.start(lots, "once")
    assert bench.start(lots, "once") == execution, "same name and input while it runs: the same execution"
    token = until(lambda: bench.item("token#once"))["token"]["S"]
    bench.stack.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    bench.ended(execution)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        bench.start(lots, "once")


def test_stopping_ends_an_execution_that_waits(bench: Bench) -> None:
    execution = bench.start([{"lot": "stop", "review": True, "photos": []}], "stop")
    until(lambda: bench.item("token#stop"))
    bench.stack.client("stepfunctions").stop_execution(executionArn=execution, error="Cancelled", cause="by hand")
    end = bench.ended(execution, 5)
    assert (end["status"], end["error"], end["cause"]) == ("ABORTED", "Cancelled", "by hand")
    assert bench.stack.wait_idle(5)


def test_small_items_are_quick(bench: Bench) -> None:
    photos = [{"key": str(number)} for number in range(50)]
    lots = [{"lot": f"s{n}", "review": False, "photos": photos} for n in range(4)]
    before = time.process_time()
    end = bench.ended(bench.start(lots, "speed"), 60)
    assert end["status"] == "SUCCEEDED"
    assert 200 / (time.process_time() - before) > 40, "items for a second of this process on one core"


def test_tokens_run_out_of_time_and_of_heartbeats(bench: Bench) -> None:
    stepfunctions = bench.stack.client("stepfunctions")
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": bench.stack.physical("Ask"),
            "Payload": {"lot.$": "$.lot", "token.$": "$$.Task.Token"},
        },
        "End": True,
    }
    executions = {}
    for name, limits in {
        "late": {"TimeoutSeconds": 1},
        "silent": {"HeartbeatSeconds": 1, "TimeoutSeconds": 60},
        "alive": {"HeartbeatSeconds": 2, "TimeoutSeconds": 60},
    }.items():
        definition = json.dumps({"StartAt": "Ask", "States": {"Ask": {**ask, **limits}}})
        machine = stepfunctions.create_state_machine(
            name=name, definition=definition, roleArn="arn:aws:iam::123456789012:role/any"
        )["stateMachineArn"]
        executions[name] = stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps({"lot": name}))[
            "executionArn"
        ]
    token = until(lambda: bench.item("token#alive"))["token"]["S"]
    for _ in range(5):
        stepfunctions.send_task_heartbeat(taskToken=token)
        time.sleep(0.5)
    stepfunctions.send_task_success(taskToken=token, output="1")
    assert bench.ended(executions["late"])["error"] == "States.Timeout"
    assert bench.ended(executions["silent"])["error"] == "States.Timeout"
    assert bench.ended(executions["alive"])["status"] == "SUCCEEDED"


def test_answers_beyond_256_kb_end_the_execution(bench: Bench) -> None:
    photo = {"do": "large", "bytes": 300_000, "key": "large"}
    end = bench.ended(bench.start([{"lot": "large", "review": False, "photos": [photo]}], "large"))
    result = json.loads(end["output"])[0]["results"][0] if end["status"] == "SUCCEEDED" else {}
    assert result.get("error", {}).get("Error", end.get("error")) == "States.DataLimitExceeded"
