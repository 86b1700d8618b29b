"""The contract of every patch of the interpreter of state machines: see `test_patches.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.stepfunctions.parser.api import InvalidToken
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint, CallbackOutcomeSuccess
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from stock import (
    ACCOUNT,
    INVOKE,
    REGION,
    contract,
    create_function,
    ended,
    machine,
    only,
    run,
    waiting,
)

from packshot_local.stack.patches import executions
from packshot_local.stack.records import Invocation


@contract
def test_state_machines_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():

        def aws(service: str) -> Any:
            return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

        execution = run(aws, machine(aws, {"Type": "Fail", "Error": "E", "Cause": "c"}))
        time.sleep(0.1)
        assert aws("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"


@contract
def test_interpreter_keeps_its_clients() -> None:
    first, second = (boto_client.boto_client_for(REGION, "sqs") for _ in range(2))
    assert first is not second


@contract
def test_waiting_for_a_worker_costs_no_time(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def late(name: str, event: bytes, on_start: Callable[[], None]) -> Invocation:
        time.sleep(1.5)
        on_start()
        return Invocation(b"1", None, "r", 0, 0)

    create_function(aws)
    arn = machine(aws, {**INVOKE, "TimeoutSeconds": 1})
    with only("functions_are_processes", run_function=late):
        execution = run(aws, arn)
        assert ended(aws, execution)["error"] == "States.Timeout"


@contract
def test_waiting_is_counted(aws: Callable[[str], Any]) -> None:
    # far longer than a busy machine stalls
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 1}]
    states, execution = aws("stepfunctions"), run(aws, machine(aws, {**INVOKE, "Retry": retry}))
    deadline = time.monotonic() + 25
    while not any(e["type"] == "TaskFailed" for e in states.get_execution_history(executionArn=execution)["events"]):
        assert time.monotonic() < deadline, "the task has not failed yet"
        time.sleep(0.05)
    time.sleep(0.3)  # to fall asleep
    states.stop_execution(executionArn=execution)
    time.sleep(0.3)
    answer = states.describe_execution(executionArn=execution)
    assert answer["status"] == "RUNNING", "the retry sleeps on"


@contract
def test_early_signals_count() -> None:
    def answered_early() -> tuple[bool, bool]:
        endpoint = CallbackEndpoint("token")
        accepted = endpoint.notify_heartbeat()
        endpoint.notify(CallbackOutcomeSuccess("token", "{}"))
        return accepted, endpoint.setup_heartbeat_endpoint(0).clear_and_wait()

    assert answered_early() == (False, False)
    with only("early_signals_count"):
        assert answered_early() == (True, True)


@contract
def test_failure_keeps_its_cause(aws: Callable[[str], Any]) -> None:
    execution, token = waiting(aws)
    aws("stepfunctions").send_task_failure(taskToken=token, error="Rejected", cause="blurred")
    end = ended(aws, execution)
    assert end["error"] == "Rejected" and not end.get("cause")


@contract
def test_stopping_reaches_waiting_tasks(aws: Callable[[str], Any]) -> None:
    execution, _ = waiting(aws)
    aws("stepfunctions").stop_execution(executionArn=execution, error="Cancelled")
    time.sleep(0.3)
    assert aws("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"


@contract
def test_executions_start_once(aws: Callable[[str], Any]) -> None:
    arn = machine(aws, {"Type": "Pass", "End": True})
    assert aws("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"].endswith(":None")


@contract
def test_starting_executions_are_no_obstacle(aws: Callable[[str], Any]) -> None:
    arn = machine(aws, {"Type": "Pass", "End": True})
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    starting = Execution.__new__(Execution)
    starting.exec_status, starting.exec_worker = None, None
    backend.describe_state_machine(arn).executions.append(starting)

    def send() -> None:
        backend.send_task_success("no such token", "{}")

    with pytest.raises(AttributeError):
        send()
    with only("starting_executions_are_no_obstacle"), pytest.raises(InvalidToken):
        send()


@contract
def test_failed_children_fail_the_map(aws: Callable[[str], Any]) -> None:
    child = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **child}
    state = {"Type": "Map", "Label": "L", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    end = ended(aws, run(aws, machine(aws, state), {"items": [1, 2]}))
    assert (end["status"], json.loads(end["output"])) == ("SUCCEEDED", [None, None])
    with pytest.raises(ClientError, match="ToleratedFailurePercentage"):
        machine(aws, {**state, "ToleratedFailurePercentage": 5})


@contract
def test_maps_do_not_recurse() -> None:
    jobs = iter([SimpleNamespace(job_output=None) for _ in range(2000)])
    pool = SimpleNamespace(next_job=lambda: next(jobs, None), close_job=lambda job: None)
    history = SimpleNamespace(last_published_event_id=0, source_event_id=0)
    frame = SimpleNamespace(close_frame=lambda _: None, event_history_context=history)
    frame.open_inner_frame = lambda: frame
    worker = SimpleNamespace(_eval_job=lambda env, job: None, _job_pool=pool, _env=frame, stopped=lambda: False)
    worker._eval_pool = lambda job, worker_frame: IterationWorker._eval_pool(worker, job, worker_frame)  # type: ignore[arg-type]
    with pytest.raises(RecursionError):
        worker._eval_pool(next(jobs), frame)


@contract
def test_history_has_an_end() -> None:
    def kept() -> int:
        manager = EventManager()
        for _ in range(executions.HISTORY_EVENTS + 10):
            manager.add_event(EventHistoryContext.of_program_start(), "any")  # type: ignore[arg-type]
        return len(manager._history_event_list)

    assert kept() == executions.HISTORY_EVENTS + 10
    with only("history_has_an_end"):
        assert kept() < executions.HISTORY_EVENTS


@contract
def test_ends_of_executions_are_events(aws: Callable[[str], Any]) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.states"]}))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}])
    ended(aws, run(aws, machine(aws, {"Type": "Pass", "End": True})))
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=queue)
