"""Step Functions' tasks: time-outs, tokens, heartbeats, and how they are stopped."""

from __future__ import annotations

import copy
import json
import threading
from types import SimpleNamespace
from typing import Any

import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as retrier
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as lambda_tasks
from moto.core.responses import EmptyResult
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.responses import StepFunctionResponse

from ..activity import TaskClock
from ..patching import Patching
from .host import Host, patch

STATE_THREAD = "stack-state"
"""Name of the threads that run single states."""

_running = threading.local()


@patch
def waiting_for_a_worker_costs_no_time(patching: Patching, host: Host) -> None:
    """A task's time-out starts in moto when it is submitted. AWS has a thousand workers, here there are two:
    the wait for one must not count. Also, a stopped execution leaves its running task."""

    def evaluate(self: Any, env: Environment) -> None:
        self.timeout.eval(env=env)
        timeout = env.stack.pop()
        frame = env.open_frame()
        frame.states.reset(input_value=env.states.get_input())
        frame.stack = copy.deepcopy(env.stack)
        clock, outputs, errors = TaskClock(), [], []

        def run() -> None:
            _running.clock = clock
            try:
                self._eval_execution(frame)
                outputs.extend(frame.stack)
            except Exception as error:  # noqa: BLE001 - it is raised below, in the thread that waits
                errors.append(error)
            finally:
                clock.done.set()

        threading.Thread(target=run, name=STATE_THREAD, daemon=True).start()
        if isinstance(self, StateTask):
            with host.activity.task():
                in_time = clock.wait(timeout, env.is_running)
        else:
            in_time = clock.wait(timeout, env.is_running)
        frame.set_ended()
        env.close_frame(frame)
        if errors:
            raise errors.pop()
        if not in_time:
            raise EvalTimeoutError()
        _take_output(self, env, outputs.pop())

    def invoke(parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        clock: TaskClock = _running.clock
        clock.pause()
        try:
            result = host.run_function(parameters["FunctionName"], parameters.get("Payload") or b"{}", clock.resume)
        finally:
            clock.resume()
        answer = {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "Payload": json.loads(result.payload or b"null"),
        }
        return {**answer, "FunctionError": result.error} if result.error else answer

    patching.set(ExecutionState, "_evaluate_with_timeout", evaluate)
    patching.set(lambda_tasks, "_invoke_lambda_function", invoke)


def _take_output(state: Any, env: Environment, output: Any) -> None:
    """A state's output into its environment, as moto's ExecutionState does it after its execution."""
    env.stack.append(output)
    if not state._is_language_query_jsonpath():
        env.states.set_result(output)
    for step in (state.assign_decl, state.result_selector):
        if step:
            step.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())


@patch
def waiting_is_counted(patching: Patching, host: Host) -> None:
    """Nothing in moto tells whether an execution works or only waits for a task token, a time or a retry; and
    a retry's sleep cannot be cut short."""
    callback_tasks = state_task_service_callback.StateTaskServiceCallback
    before = callback_tasks.__dict__["_eval_wait_for_task_token"]

    def wait_for_token(self: Any, *args: Any, **kwargs: Any) -> Any:
        with host.activity.waiting():
            return before(self, *args, **kwargs)

    patching.set(callback_tasks, "_eval_wait_for_task_token", wait_for_token)
    patching.set(retrier, "time", SimpleNamespace(sleep=host.activity.sleep))
    wait_before = WaitFunction.__dict__["_wait_interval"]

    def wait_interval(self: Any, *args: Any, **kwargs: Any) -> None:
        with host.activity.sleeping():
            wait_before(self, *args, **kwargs)

    patching.set(WaitFunction, "_wait_interval", wait_interval)


@patch
def early_signals_count(patching: Patching, _host: Host) -> None:
    """moto refuses a heartbeat, and forgets an outcome, that comes before the call which hands out the token has
    returned; and it refuses heartbeats of tasks that need none."""
    before = CallbackEndpoint.__dict__["setup_heartbeat_endpoint"]

    def set_up(self: Any, heartbeat_seconds: int) -> Any:
        endpoint = before(self, heartbeat_seconds)
        if self._notify_event.is_set():
            endpoint.notify()
        return endpoint

    def notify_heartbeat(self: Any) -> bool:
        if self._heartbeat_endpoint is not None:
            self._heartbeat_endpoint.notify()
        return True

    patching.set(CallbackEndpoint, "setup_heartbeat_endpoint", set_up)
    patching.set(CallbackEndpoint, "notify_heartbeat", notify_heartbeat)


@patch
def failure_keeps_its_cause(patching: Patching, _host: Host) -> None:
    """moto's SendTaskFailure drops `cause`."""

    def send_task_failure(self: Any) -> EmptyResult:
        token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
        self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    patching.set(StepFunctionResponse, "send_task_failure", send_task_failure)


@patch
def stopping_reaches_waiting_tasks(patching: Patching, _host: Host) -> None:
    """moto's StopExecution forgets error and cause, does not wake tasks that wait for a token, and an error
    on the way out turns ABORTED into FAILED."""

    def stop(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        stop_execution(execution, self._get_param("error"), self._get_param("cause"))
        return before(self)

    def set_error(self: Any, error: Any) -> None:
        if not isinstance(self._program_state, ProgramStopped):
            set_error_before(self, error)

    before = patching.set(StepFunctionResponse, "stop_execution", stop)
    set_error_before = patching.set(Environment, "set_error", set_error)


def waits_for_token(execution: Any) -> bool:
    """Whether some task of an execution waits for its token."""
    env = execution.exec_worker.env if execution.exec_worker else None
    endpoints = list(env.callback_pool_manager._pool.values()) if env is not None else []
    return any(not endpoint._notify_event.is_set() for endpoint in endpoints)


def stop_execution(execution: Any, error: str | None, cause: str | None) -> None:
    """Abort a running execution and wake everything that waits in it."""
    env = execution.exec_worker.env if execution.exec_worker else None
    if execution.status != "RUNNING" or env is None:
        return
    execution.error, execution.cause = error, cause
    execution.stop(stop_date=execution.start_date, error=error, cause=cause)
    for endpoint in list(env.callback_pool_manager._pool.values()):
        endpoint.interrupt_all()
