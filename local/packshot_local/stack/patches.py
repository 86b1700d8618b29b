"""Every change made to moto, each with its reason; `tests/stack/test_patches.py` shows that each is still
needed.

A patch is a function of a `Patching`, which remembers what it replaced, and of the `Host`, the stack. All are
in force only while a stack runs. Written against moto 5.2.5: pin it exactly.
"""

from __future__ import annotations

import base64
import copy
import functools
import json
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

import boto3
import moto.stepfunctions.models as stepfunctions_models
import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as retrier
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as lambda_tasks
import moto.stepfunctions.parser.asl.utils.boto_client as interpreter_clients
from botocore.config import Config
from moto.awslambda.models import LambdaFunction, LambdaVersion
from moto.cloudformation import parsing
from moto.core.config import default_user_config
from moto.core.responses import EmptyResult
from moto.dynamodb.models import DynamoDBBackend
from moto.events.models import Rule
from moto.s3 import models as s3_models
from moto.s3 import notifications as s3_notifications
from moto.sqs.models import Message, Queue, SQSBackend
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from . import quick, retention
from .activity import Activity, TaskClock
from .buffers import DiskBuffer
from .patching import Patching
from .records import Invocation
from .stubs import STUBS, Stub, stub
from .tables import ONE_AT_A_TIME

HISTORY_EVENTS = 4000
"""Events that an execution keeps; beyond, the oldest half goes. AWS ends an execution at 25,000."""

VISIBLE_MESSAGES = 64
"""Messages of a standard queue looked at for one receive; it hands out ten at most."""

STATE_THREAD = "stack-state"
"""Name of the threads that run single states."""

LOOK_AGAIN_SECONDS = 0.25
"""How often a waiting receive looks for messages that have become visible again."""


class Host(Protocol):
    """What the patches ask of the stack."""

    activity: Activity
    region: str

    @property
    def endpoint(self) -> str:
        """Address of all services."""

    def run_function(self, name: str, event: bytes, on_start: Callable[[], None]) -> Invocation:
        """Run a function now and wait for it; `on_start` is called when a worker begins with it."""

    def run_function_later(self, name: str, event: bytes) -> None:
        """Run a function as Lambda does for `InvocationType=Event`: queued, with two retries."""

    def object_created(self, bucket: Any, key: Any, reason: str) -> None:
        """An S3 object is there; its event goes out when the request that made it is answered."""

    def deliver(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Hand an EventBridge event to a rule's target."""

    def execution_ended(self, execution: Any) -> None:
        """A state machine's execution has come to its end."""


Patch = Callable[[Patching, Host], None]
PATCHES: dict[str, Patch] = {}


def _patch(function: Patch) -> Patch:
    PATCHES[function.__name__] = function
    return function


def apply(host: Host) -> Patching:
    """Put all changes of moto in force for `host`; `restore()` on the answer takes them back."""
    patching = Patching()
    quick.apply(patching)  # first: what is here may lock or count what is quick
    for patch in PATCHES.values():
        patch(patching, host)
    retention.apply(patching)
    return patching


# CloudFormation


@_patch
def stub_resource_types(patching: Patching, _host: Host) -> None:
    """moto skips resource types it does not know, and whatever refers to them: name those that may be
    hollow."""
    _replace_models(patching, STUBS)


@_patch
def event_sources_are_polled(patching: Patching, _host: Host) -> None:
    """moto's event source mappings call the function inside the sender's call, one record each, never again
    after an error, and know no aliases: `sources.py` polls instead, and moto only keeps the mapping's
    properties."""
    _replace_models(patching, {"AWS::Lambda::EventSourceMapping": stub("AWS::Lambda::EventSourceMapping")})


def _replace_models(patching: Patching, stubs: dict[str, type[Stub]]) -> None:
    models, names = (
        {**parsing.get_model_map(), **stubs},
        {**parsing.get_name_type_map(), **dict.fromkeys(stubs, "")},
    )
    patching.set(parsing, "get_model_map", lambda: models)
    patching.set(parsing, "get_name_type_map", lambda: names)


@_patch
def published_version_has_attributes(patching: Patching, _host: Host) -> None:
    """AutoPublishAlias asks for AWS::Lambda::Version's `Version`, which moto's model does not give out."""
    patching.add(LambdaVersion, "has_cfn_attr", classmethod(lambda _, attribute: attribute == "Version"))
    patching.add(LambdaVersion, "get_cfn_attribute", lambda self, _: str(self.version))


# Lambda


@_patch
def functions_are_processes(patching: Patching, host: Host) -> None:
    """moto runs functions in Docker, and container images not at all: run the real handlers as processes."""

    def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        event = (body.encode() if isinstance(body, str) else body) or b"{}"
        headers = {str(name).lower(): value for name, value in dict(request_headers or {}).items()}
        if headers.get("x-amz-invocation-type") == "Event":
            host.run_function_later(self.function_name, event)
            return b""
        result = host.run_function(self.function_name, event, lambda: None)
        response_headers["x-amz-log-result"] = base64.b64encode(result.log_tail.encode()[-4096:]).decode()
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        if result.error:
            response_headers["x-amz-function-error"] = result.error
        return result.payload

    patching.set(LambdaFunction, "invoke", invoke)


# S3


@_patch
def objects_without_open_files(patching: Patching, _host: Host) -> None:
    """moto keeps a file descriptor open for every object over the buffer size: thousands run the process
    dry."""
    shim = SimpleNamespace(**{**vars(tempfile), "SpooledTemporaryFile": DiskBuffer})
    patching.set(s3_models, "tempfile", shim)


@_patch
def object_events_like_aws(patching: Patching, host: Host) -> None:
    """moto's S3 events have one `id` and `sequencer` for all, `eTag` for `etag`, go out before the object has
    its metadata, twice for a multipart upload, and errors in their delivery are swallowed."""

    def send(_account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(event_name.value)
        if name.startswith("s3:ObjectCreated:"):
            host.object_created(bucket, key, name.split(":")[-1])

    patching.set(s3_notifications, "_send_event_bridge_message", send)


# EventBridge


@_patch
def rules_reach_all_targets(patching: Patching, host: Host) -> None:
    """moto's rules know no Lambda and Step Functions targets, no input for events that come from S3, and take
    one without a pattern (a schedule) to match everything."""

    def send_to_targets(self: Any, original_event: Any, **_: Any) -> None:
        has_pattern = bool(self.event_pattern.dump())
        if self.state == "ENABLED" and has_pattern and self.event_pattern.matches_event(original_event):
            for target in self.targets:
                host.deliver(target, dict(original_event))

    patching.set(Rule, "send_to_targets", send_to_targets)


# SQS and DynamoDB


@_patch
def queues_stay_quick(patching: Patching, _host: Host) -> None:
    """moto reads the clock twice for every message of a queue at every receive: 10 messages a second at
    1,000."""
    before = Queue.__dict__["messages"]

    def messages(self: Any) -> list[Message]:
        if self.fifo_queue:
            return list(before.fget(self))
        now, found = time.time() * 1000, []
        for message in self._messages:
            if now > message.visible_at and now >= message.delayed_until:
                found.append(message)
                if len(found) == VISIBLE_MESSAGES:
                    break
        return found

    patching.set(Queue, "messages", property(messages))


@_patch
def one_at_a_time(patching: Patching, host: Host) -> None:
    """moto's server has threads, its SQS and DynamoDB have no locks: a message is handed out twice, and two
    conditional writes can both succeed."""
    for name in ("put_item", "update_item", "delete_item", "transact_write_items", "query", "scan"):
        patching.set(DynamoDBBackend, name, _locked(DynamoDBBackend.__dict__[name], lambda *_: ONE_AT_A_TIME))
    for name in ("add_message", "delete_message"):
        patching.set(Queue, name, _locked(Queue.__dict__[name], lambda queue, *_: queue._messages_lock))
    receive = SQSBackend.__dict__["receive_message"]

    def receive_message(
        self: Any, queue_name: str, count: int, wait_seconds_timeout: float, *args: Any, **kwargs: Any
    ) -> list[Message]:
        queue = self.get_queue(queue_name)
        deadline = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            with queue._messages_lock:
                found: list[Message] = receive(self, queue_name, count, 0, *args, **kwargs)
            left = deadline - time.monotonic()
            if found or left <= 0 or host.activity.closing.is_set():
                return found
            with queue._messages_lock:
                if not queue.messages:
                    queue._messages_lock.wait(min(left, LOOK_AGAIN_SECONDS))

    patching.set(SQSBackend, "receive_message", receive_message)


def _locked(function: Callable[..., Any], lock_of: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock_of(*args):
            return function(*args, **kwargs)

    return locked


# Step Functions


@_patch
def state_machines_run(patching: Patching, _host: Host) -> None:
    """moto's default only pretends to run state machines, and CloudFormation creates them where its
    interpreter does not look."""
    settings: Any = default_user_config
    interpreter = {**settings.get("stepfunctions", {}), "execute_state_machine": True}
    patching.item(settings, "stepfunctions", interpreter)
    patching.set(stepfunctions_models, "stepfunctions_backends", stepfunctions_parser_backends)


@_patch
def interpreter_keeps_its_clients(patching: Patching, host: Host) -> None:
    """moto's interpreter makes a boto3 client for every state (13 ms each), bound to port MOTO_PORT."""
    clients: dict[tuple[str, str], Any] = {}
    lock = threading.Lock()

    def boto_client_for(region: str, service: str, **_: Any) -> Any:
        with lock:
            if (region, service) not in clients:
                clients[region, service] = boto3.session.Session().client(  # type: ignore[call-overload]
                    service,
                    region_name=region,
                    endpoint_url=host.endpoint,
                    aws_access_key_id="local",
                    aws_secret_access_key="local",  # noqa: S106
                    config=Config(
                        parameter_validation=False,
                        max_pool_connections=256,
                        retries={"total_max_attempts": 1},
                        read_timeout=3600,
                        s3={"addressing_style": "path"},
                    ),
                )
            return clients[region, service]

    before = interpreter_clients.boto_client_for
    patching.everywhere("moto.stepfunctions", "boto_client_for", boto_client_for, before)


_running = threading.local()


@_patch
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


@_patch
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


@_patch
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


@_patch
def failure_keeps_its_cause(patching: Patching, _host: Host) -> None:
    """moto's SendTaskFailure drops `cause`."""

    def send_task_failure(self: Any) -> EmptyResult:
        token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
        self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    patching.set(StepFunctionResponse, "send_task_failure", send_task_failure)


@_patch
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


@_patch
def executions_start_once(patching: Patching, _host: Host) -> None:
    """moto checks an execution's name and starts it without a lock, and names an unnamed one `None`."""
    lock = threading.Lock()
    before = StepFunctionsParserBackend.__dict__["start_execution"]

    def start(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        with lock:
            return before(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)

    patching.set(StepFunctionsParserBackend, "start_execution", start)


@_patch
def starting_executions_are_no_obstacle(patching: Patching, _host: Host) -> None:
    """An execution that has just been started has no status and no environment yet: moto's search for the owner
    of a task token, and any look at its status, trips over it."""

    def status(self: Any) -> str:
        return str((self.exec_status or ExecutionStatus.RUNNING).value)

    def started(self: Any, execution_status: ExecutionStatus | None = None) -> list[Any]:
        found = before(self, execution_status)
        return [item for item in found if item.exec_worker is not None and item.exec_worker.env is not None]

    before = StepFunctionsParserBackend.__dict__["_get_executions"]
    patching.set(StepFunctionsParserBackend, "_get_executions", started)
    patching.set(Execution, "status", property(status))


@_patch
def failed_children_fail_the_map(patching: Patching, _host: Host) -> None:
    """In moto a distributed Map succeeds whatever becomes of its children (null for a failed one), starts as
    many threads as MaxConcurrency says, and does not parse an integer ToleratedFailurePercentage."""

    def map_run(self: Any, env: Environment, eval_input: Any) -> None:
        items, record = env.stack.pop(), eval_input.map_run_record
        pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
        for _ in range(min(record.max_concurrency or len(items), len(items))):
            self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
        pool.await_jobs()
        error: Exception | None = pool.get_worker_exception()
        if error is not None:
            raise error
        counter = record.item_counter
        failed = counter.failed.get() + counter.timed_out.get() + counter.aborted.get()
        share = 100.0 * failed / max(len(items), 1)
        tolerated = failed <= (record.tolerated_failure_count or 0) or share <= (
            record.tolerated_failure_percentage or 0
        )
        if failed and not tolerated:
            raise _too_many_failures(env, failed, len(items))
        env.stack.append([job.job_output for job in pool.get_closed_jobs() if job.job_output is not None])

    def parse(definition: str) -> Any:
        return before(json.dumps(_with_float_percentages(json.loads(definition))))

    patching.set(distributed_iteration_component.DistributedIterationComponent, "_map_run", map_run)
    before = AmazonStateLanguageParser.parse
    patching.set(AmazonStateLanguageParser, "parse", staticmethod(parse))


def _too_many_failures(env: Environment, failed: int, total: int) -> FailureEventException:
    name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
    cause = f"The specified tolerated failure threshold was exceeded: {failed} of {total} failed"
    details: Any = {"mapRunFailedEventDetails": {"error": name.error_name, "cause": cause}}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.MapRunFailed,
            event_details=details,
        )
    )


def _with_float_percentages(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: float(value)
            if key == "ToleratedFailurePercentage" and isinstance(value, int)
            else _with_float_percentages(value)
            for key, value in node.items()
        }
    return [_with_float_percentages(value) for value in node] if isinstance(node, list) else node


@_patch
def maps_do_not_recurse(patching: Patching, _host: Host) -> None:
    """moto's Map workers call themselves for the next item: a thousand items in one worker end in
    RecursionError."""

    def inline(self: Any, job: Any, worker_frame: Any) -> None:
        last_event = None
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.close_frame(job_frame)
            last_event = job_frame.event_history_context.last_published_event_id
            stop = isinstance(job.job_output, Exception) or self.stopped()
            following = None if stop else self._job_pool.next_job()
            if following is None:
                if not stop:
                    worker_frame.event_history_context.source_event_id = last_event
                self._env.close_frame(worker_frame)
            self._job_pool.close_job(job)
            job = following
        if last_event is None:
            self._env.close_frame(worker_frame)

    def distributed(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.delete_frame(job_frame)
            stop = isinstance(job.job_output, Exception) or self.stopped()
            following = None if stop else self._job_pool.next_job()
            self._job_pool.close_job(job)
            job = following
        self._env.delete_frame(worker_frame)

    patching.set(IterationWorker, "_eval_pool", inline)
    patching.set(distributed_item_processor_worker.DistributedItemProcessorWorker, "_eval_pool", distributed)


@_patch
def history_has_an_end(patching: Patching, host: Host) -> None:
    """moto keeps every event of every execution, children included, with their payloads for ever."""
    before = EventManager.__dict__["_publish_history_event"]

    def publish(self: Any, *args: Any, **kwargs: Any) -> None:
        before(self, *args, **kwargs)
        host.activity.touch()
        if len(self._history_event_list) > HISTORY_EVENTS:
            del self._history_event_list[1 : HISTORY_EVENTS // 2]

    patching.set(EventManager, "_publish_history_event", publish)


@_patch
def ends_of_executions_are_events(patching: Patching, host: Host) -> None:
    """moto sends no `Step Functions Execution Status Change` to EventBridge."""
    before = BaseExecutionWorkerCommunication.__dict__["terminated"]

    def terminated(self: Any) -> None:
        before(self)
        host.execution_ended(self.execution)

    patching.set(BaseExecutionWorkerCommunication, "terminated", terminated)
