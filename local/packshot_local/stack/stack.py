"""The local stack: one process that plays AWS for one SAM template."""

from __future__ import annotations

import functools
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from . import own_process, patches, retention
from .activity import Activity
from .buffers import DiskBuffer
from .clients import Clients
from .deploy import deploy, function_specs
from .events import Delivery, ObjectEvents, envelope, publish
from .executions import Executions
from .faults import Faults
from .http_api import HttpApi
from .launch import Launcher, base_environment
from .logbook import LogBook
from .records import FunctionSpec, Invocation, LogLine, StackError, WorkerInfo
from .schedule import Schedule, Timer
from .scratch import make_scratch, remove_scratch
from .server import MotoServer
from .sources import Mapping, QueueSource, StreamSource, open_sources
from .state import StateFolder
from .translate import Route, Translation, translate
from .workers import Pools

log = logging.getLogger(__name__)

BUFFER_BYTES = 1024
"""S3 objects beyond this size lie on disk; with moto's 5 MB, 600 photos of 2 MB fill 1.4 GB of memory."""

QUIET_SECONDS = 0.15
SWITCH_SECONDS = 0.0005
"""How long a thread may go on while others wait: a call takes 1 ms, and must not wait 5 for its turn."""

_one_at_a_time = threading.Lock()


class Stack:
    """A SAM template, running: a context manager, one at a time in a process.

    `template`: the SAM template; `parameters`: values for its parameters; `state`: a folder to keep objects
    and items in between runs; `process_workers`: processes for each function that is a container image;
    `env`: further environment of all functions; `preload`: what they import and did not bring along but in a layer,
    imported once for all (see `Launcher`); `python_paths`: folders of the layers; `on_log`: called with every line
    that a function writes, from several threads; `log_file`: the same lines as JSON.

    Entering raises StackError when the template cannot be run here.
    """

    def __init__(
        self,
        template: Path,
        *,
        python_paths: list[Path],
        parameters: dict[str, str] | None = None,
        state: Path | None = None,
        process_workers: int = 2,
        env: dict[str, str] | None = None,
        preload: Iterable[str] = ("boto3",),
        on_log: Callable[[LogLine], None] | None = None,
        log_file: Path | None = None,
        region: str = "eu-central-1",
    ) -> None:
        self.region = region
        self.activity = Activity()
        self.faults = Faults()
        self._template = Path(template)
        self._python_paths = tuple(Path(path).resolve() for path in python_paths)
        self._parameters = dict(parameters or {})
        self._state = state
        self._process_workers = process_workers
        self._env = dict(env or {})
        self._preload = tuple(preload)
        self._on_log = on_log
        self._log_path = log_file
        self._executions = Executions(region)
        self._undo: list[Callable[[], None]] = []
        self._clients = Clients(
            max_pool_connections=64,
            read_timeout=930,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    # Coming up and going down

    def __enter__(self) -> Stack:
        if not _one_at_a_time.acquire(blocking=False):
            raise StackError("a local stack is already running in this process; close it first")
        self._undo.append(_one_at_a_time.release)
        try:
            with retention.nothing_collected():
                self._come_up()
        except BaseException:
            self._go_down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go_down()

    def _go_down(self) -> None:
        self.activity.closing.set()
        interrupt: KeyboardInterrupt | SystemExit | None = None
        while self._undo:
            try:
                self._undo.pop()()
            except (KeyboardInterrupt, SystemExit) as error:
                interrupt = error  # asked to hurry: the rest still has to be closed
            except Exception:
                log.exception("a part of the local stack did not close")
        if interrupt is not None:
            raise interrupt

    def _come_up(self) -> None:
        self._undo.append(own_process.end_on_sigterm())
        self._log_book = LogBook(self._on_log, self._log_path)
        self._undo.append(self._log_book.close)
        self._prepare_moto()
        self._objects = ObjectEvents(self.region)
        self._server = MotoServer(self._objects.begin_request, self._objects.end_request, self.faults)
        self._undo.append(self._server.close)
        self._undo.append(own_process.environment("MOTO_PORT", str(self._server.port)))
        base = base_environment(self.endpoint, self.region, self._worker_tmp)
        self._launcher = Launcher({**base, **self._env}, self._preload, self._python_paths)
        self._undo.append(self._launcher.close)
        self._undo.append(patches.apply(self).restore)
        translation = translate(self._template, self._parameters, self.region)
        self.routes: list[Route] = translation.routes
        self._deployment = deploy(translation, self._parameters, self.region, self.client)
        if self._state is not None:
            folder = StateFolder(self._state, self._deployment, self.client, self.region)
            folder.open()
            self._undo.append(folder.close)
        self._start_functions(translation)
        self._start_sources()

    def _prepare_moto(self) -> None:
        retention.large_blocks_go_back()
        self._undo.append(own_process.turns_of(SWITCH_SECONDS))
        scratch = make_scratch()
        self._undo.append(functools.partial(remove_scratch, scratch))
        self._worker_tmp = scratch / "tmp"
        self._worker_tmp.mkdir()
        self._undo.append(functools.partial(setattr, DiskBuffer, "directory", None))
        DiskBuffer.directory = scratch
        # it dumps whole syntax trees for every caught error
        self._undo.append(own_process.silence("moto", logging.CRITICAL))
        self._undo.append(own_process.silence("werkzeug", logging.ERROR))
        self._undo.append(own_process.environment("AWS_DEFAULT_REGION", self.region))  # the SAM translator asks for it
        self._undo.append(own_process.environment("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(BUFFER_BYTES)))
        self._undo.append(_forget_everything)
        _forget_everything()

    def _start_functions(self, translation: Translation) -> None:
        specs = function_specs(self._deployment, translation, self._python_paths, self._process_workers, self.region)
        self._pools = Pools(specs, self._launcher, self._log_book.write, self.activity.touch)
        self.faults.kill = self._pools.kill
        self._delivery = Delivery(self.region, self._pools.invoke, self._start_named, self.activity.closing)
        self._undo.append(self._delivery.close)
        self._undo.append(self._executions.stop)
        self._undo.append(self._pools.close)
        for spec in specs:
            self._configure_delivery(spec)

    def _configure_delivery(self, spec: FunctionSpec) -> None:
        dead_letters = self._deployment.properties(spec.logical_id).get("DeadLetterConfig", {}).get("TargetArn")
        retries = 2
        for logical_id in self._deployment.of_type("AWS::Lambda::EventInvokeConfig"):
            properties = self._deployment.properties(logical_id)
            if properties["FunctionName"] in (spec.name, spec.arn):
                retries = int(properties.get("MaximumRetryAttempts", retries))
                destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
                dead_letters = destination or dead_letters
        self._delivery.configure(spec, retries, dead_letters)

    def _start_sources(self) -> None:
        read = self._deployment.properties
        mappings = [
            Mapping.from_properties(logical_id, read(logical_id))
            for logical_id in self._deployment.of_type("AWS::Lambda::EventSourceMapping")
            if str(read(logical_id).get("Enabled", True)).lower() == "true"
        ]
        self._sources: list[QueueSource | StreamSource] = open_sources(
            mappings, self._pools, self.region, self.activity.closing
        )
        for source in self._sources:
            self._undo.append(source.join)
        rules = [item for item in self._deployment.of_type("AWS::Events::Rule") if "ScheduleExpression" in read(item)]
        schedules = [Schedule.of_rule(item, read(item)) for item in rules]
        schedules += [Schedule.of_scheduler(i, read(i)) for i in self._deployment.of_type("AWS::Scheduler::Schedule")]
        self._timer = Timer(schedules, self._delivery.deliver, self._housekeeping, self.region, self.activity.closing)
        self._timer.start()
        self._undo.append(self._timer.join)
        self._undo.append(self.activity.closing.set)

    def _housekeeping(self) -> None:
        self._pools.workers()  # notes their memory
        self._executions.tidy()
        retention.tidy(self.region)

    # What the patches ask for

    def run_function(self, name: str, event: bytes, on_start: Callable[[], None]) -> Invocation:
        """Run a function and wait for it; see `patches.Host`."""
        return self._pools.find(name).invoke(event, on_start)

    def run_function_later(self, name: str, event: bytes) -> None:
        """Run a function asynchronously; see `patches.Host`."""
        self._delivery.run_later(name, event)

    def object_created(self, bucket: Any, key: Any, reason: str) -> None:
        """Announce a new object; see `patches.Host`."""
        self._objects.announce(bucket, key, reason)

    def deliver(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Hand an event to a rule's target; see `patches.Host`."""
        self._delivery.deliver(target, event)

    def execution_ended(self, execution: Any) -> None:
        """Send the event of an execution's end; see `patches.Host`."""
        if self.activity.closing.is_set():
            return
        detail = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": execution.status,
            "error": execution.error,
            "cause": execution.cause,
        }
        kind = "Step Functions Execution Status Change"
        publish(envelope("aws.states", kind, detail, [execution.exec_arn], self.region))

    def _start_named(self, arn: str, body: str) -> None:
        self.client("stepfunctions").start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=body)

    # For callers

    @property
    def endpoint(self) -> str:
        """Address of all AWS services of this stack."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def outputs(self) -> dict[str, str]:
        """The template's outputs."""
        return dict(self._deployment.outputs)

    def physical(self, logical_id: str) -> str:
        """The name or ARN that a resource got (what `!Ref` gives)."""
        return self._deployment.physical(logical_id)

    def client(self, service: str) -> Any:
        """A boto3 client of this stack, made once for each service; safe to use in threads."""
        return self._clients.of(service, self.region, self.endpoint)

    def warm(self, function: str) -> None:
        """Start all workers of a function at once, so that they are ready when its first events come."""
        self._pools.find(function).warm()

    def invoke(self, function: str, event: Any) -> Invocation:
        """Call a function, by logical id, with an event that becomes JSON; waits for its answer."""
        return self._pools.invoke(function, json.dumps(event).encode())

    def serve_http(self, web: Path | None = None, port: int = 0) -> HttpApi:
        """Serve the template's HTTP API, and the page in `web`, on loopback until the stack closes."""
        api = HttpApi(self.routes, self.invoke, s3_endpoint=self.endpoint, web=web, port=port)
        self._undo.append(api.close)
        return api

    def idle(self) -> bool:
        """Whether nothing is under way: polled queues and streams are empty, no function runs, nothing is
        being delivered, and every execution that runs waits for a task token."""
        if self._delivery.pending or self._pools.active or not all(source.idle() for source in self._sources):
            return False
        return self._executions.only_wait() and self.activity.quiet(QUIET_SECONDS)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until `idle()`, `timeout` seconds at most; returns whether it came to that."""
        deadline = time.monotonic() + timeout
        while not self.idle():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        return True

    def workers(self) -> list[WorkerInfo]:
        """All live worker processes."""
        return self._pools.workers()

    def peak_rss_bytes(self) -> dict[str, int]:
        """Highest resident memory of any one worker of each function so far, in bytes."""
        return self._pools.peak_rss_bytes()

    def kill_worker(self, function: str) -> int:
        """SIGKILL one worker of a function, a busy one first; returns its pid."""
        return self._pools.find(function).kill_one()

    def working(self, function: str) -> bool:
        """Whether a function has events at work or waiting for a worker."""
        return self._pools.find(function).active > 0

    def reconfigure(self, function: str, change: Callable[[FunctionSpec], FunctionSpec]) -> FunctionSpec:
        """Deploy a function anew, changed: a call at work ends as it began, the next is new. Returns what was."""
        return self._pools.find(function).reconfigure(change)

    def fire_schedule(self, logical_id: str) -> None:
        """Run a schedule now. For a function's event in SAM the logical id is function plus event name."""
        self._timer.fire(logical_id)


def _forget_everything() -> None:
    BackendDict.reset()
    reset_model_data()
