"""The executions of the state machines: what runs, what waits, and how all of it ends."""

from __future__ import annotations

import threading
import time
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from .patches.tasks import STATE_THREAD, stop_execution, waits_for_token

KEPT_HISTORIES = 20
"""Ended executions that keep their history."""

STOP_SECONDS = 5.0


class Executions:
    """All executions of one region."""

    def __init__(self, region: str) -> None:
        self._region = region

    def all(self) -> list[Any]:
        """Every execution since the start."""
        backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][self._region]
        return [execution for machine in backend.state_machines for execution in list(machine.executions)]

    def only_wait(self) -> bool:
        """Whether every execution that has not ended waits for a task token."""
        return all(waits_for_token(execution) for execution in self.all() if execution.status == "RUNNING")

    def stop(self) -> None:
        """Abort what runs and wait for the interpreter's threads, a few seconds at most."""
        for execution in self.all():
            stop_execution(execution, "Local.StackClosed", "the local stack was closed")
        deadline = time.monotonic() + STOP_SECONDS
        states = [thread for thread in threading.enumerate() if thread.name == STATE_THREAD]
        for thread in (*TMP_THREADS, *states):
            thread.join(max(deadline - time.monotonic(), 0))
        TMP_THREADS.clear()

    def tidy(self) -> None:
        """Forget what grows for ever: ended threads, and the histories of executions long ended."""
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
        ended = [execution for execution in self.all() if execution.status != "RUNNING"]
        for execution in ended[:-KEPT_HISTORIES]:
            if execution.exec_worker.env is not None:
                execution.exec_worker.env.event_manager._history_event_list.clear()
