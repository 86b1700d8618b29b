"""Step Functions' executions: that they run, start once, keep no endless history, and say when they end."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import moto.stepfunctions.models as stepfunctions_models
import moto.stepfunctions.parser.asl.utils.boto_client as interpreter_clients
from moto.core.config import default_user_config
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from ..clients import Clients
from ..patching import Patching
from .host import Host, patch

HISTORY_EVENTS = 4000
"""Events that an execution keeps; beyond, the oldest half goes. AWS ends an execution at 25,000."""


@patch
def state_machines_run(patching: Patching, _host: Host) -> None:
    """moto's default only pretends to run state machines, and CloudFormation creates them where its
    interpreter does not look."""
    settings: Any = default_user_config
    interpreter = {**settings.get("stepfunctions", {}), "execute_state_machine": True}
    patching.item(settings, "stepfunctions", interpreter)
    patching.set(stepfunctions_models, "stepfunctions_backends", stepfunctions_parser_backends)


@patch
def interpreter_keeps_its_clients(patching: Patching, host: Host) -> None:
    """moto's interpreter makes a boto3 client for every state (13 ms each), bound to port MOTO_PORT."""
    clients = Clients(parameter_validation=False, max_pool_connections=256, read_timeout=3600)

    def boto_client_for(region: str, service: str, **_: Any) -> Any:
        return clients.of(service, region, host.endpoint)

    before = interpreter_clients.boto_client_for
    patching.everywhere("moto.stepfunctions", "boto_client_for", boto_client_for, before)


@patch
def executions_start_once(patching: Patching, _host: Host) -> None:
    """moto checks an execution's name and starts it without a lock, and names an unnamed one `None`."""
    lock = threading.Lock()
    before = StepFunctionsParserBackend.__dict__["start_execution"]

    def start(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        with lock:
            return before(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)

    patching.set(StepFunctionsParserBackend, "start_execution", start)


@patch
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


@patch
def history_has_an_end(patching: Patching, host: Host) -> None:
    """moto keeps every event of every execution, children included, with their payloads for ever."""
    before = EventManager.__dict__["_publish_history_event"]

    def publish(self: Any, *args: Any, **kwargs: Any) -> None:
        before(self, *args, **kwargs)
        host.activity.touch()
        if len(self._history_event_list) > HISTORY_EVENTS:
            del self._history_event_list[1 : HISTORY_EVENTS // 2]

    patching.set(EventManager, "_publish_history_event", publish)


@patch
def ends_of_executions_are_events(patching: Patching, host: Host) -> None:
    """moto sends no `Step Functions Execution Status Change` to EventBridge."""
    before = BaseExecutionWorkerCommunication.__dict__["terminated"]

    def terminated(self: Any) -> None:
        before(self)
        host.execution_ended(self.execution)

    patching.set(BaseExecutionWorkerCommunication, "terminated", terminated)
