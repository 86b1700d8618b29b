"""One fault: a drop of three photos that goes through while something fails, and what a fault does to it."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.line import Line, until
from packshot.records import LotRecord, TaskRecord
from packshot_local.stack import FunctionSpec, Rule
from packshot_local.stack.http_events import Request, event_of, match_route

INSIDE = Path(__file__).parent / "inside"
SEEDS = (1, 2, 3)
SKUS = tuple(f"BOX-{seed}" for seed in SEEDS)
SIDE = 1024
CHANNEL = "google"
PARAMETERS = {"MinPixels": "1000", "Channels": CHANNEL}
PLAIN = "plain"
"""The drop that nothing befalls: its exports are what all others must come to."""
AHEAD_S = 7200
"""How far ahead reconcile's clock goes where a case has no hours to wait: then all that stands still is stuck."""


@dataclass
class Case:
    """A drop under a fault. A fault changes what it expects; all else is as without it."""

    line: Line
    drop: str
    photos: dict[str, bytes]
    plain: dict[str, str]
    ends: dict[str, int] = field(default_factory=lambda: {"exported": len(SKUS)})
    executions: int = 1
    succeeded: bool = True
    """Whether all executions succeed."""
    struck: int = 0

    def __post_init__(self) -> None:
        self.heard = len(self.line.lines)
        self.began = time.monotonic()

    # What a fault does

    @contextmanager
    def wire(self, *rules: Rule) -> Iterator[list[Any]]:
        """Faults at the wire for a with-block."""
        with self.line.stack.faults.injected(*rules) as struck:
            try:
                yield struck
            finally:
                self.struck += len(struck)

    @contextmanager
    def deployed(
        self, function: str, *, timeout: float | None = None, paths: tuple[Path, ...] = (), **env: str
    ) -> Iterator[None]:
        """A function deployed with variables more, another time-out, or other code, for a with-block."""

        def change(spec: FunctionSpec) -> FunctionSpec:
            inside = (INSIDE,) if any(name.startswith("FAULT_") for name in env) else ()
            return dataclasses.replace(
                spec,
                timeout=timeout or spec.timeout,
                env={**spec.env, **env},
                python_paths=(*inside, *(paths or spec.python_paths)),
            )

        before = self.line.stack.reconfigure(function, change)
        try:
            yield
        finally:
            self.line.stack.reconfigure(function, lambda _: before)

    def send(self, *, ready: bool = True) -> None:
        """Put the drop."""
        self.line.drop(self.drop, self.photos, ready=ready)

    def done(self, seconds: float = 240.0) -> None:
        """Wait until the drop is through and nothing moves."""
        self.line.books(self.drop, seconds)

    def through(self, *rules: Rule, least: int = 1) -> None:
        """The whole drop under faults at the wire."""
        with self.wire(*rules):
            self.send()
            self.done()
        self.expect(self.struck >= least, f"only {self.struck} faults struck, {least} were due")

    def expect(self, holds: Any, otherwise: str) -> None:
        """Raise AssertionError unless something holds."""
        if not holds:
            raise AssertionError(otherwise)

    def said(self, message: str, function: str) -> list[dict[str, Any]]:
        """What a function has logged with this message since the case began."""
        fields = [line.fields for line in self.line.lines[self.heard :] if line.function == function and line.fields]
        return [entry for entry in fields if entry.get("message") == message]

    def lot(self) -> LotRecord | None:
        """The drop's only lot, once there is one."""
        return next(iter(self.line.store.lots.of_drop(self.drop)), None)

    def lot_is(self, *statuses: str) -> LotRecord:
        """Wait until the lot has one of these statuses."""

        def there() -> LotRecord | None:
            lot = self.lot()
            return lot if lot is not None and lot.status in statuses else None

        found: LotRecord = until(there, 240)
        return found

    def stop(self) -> None:
        """End the drop's executions, as a person does in the console, and wait until they have ended."""
        client = self.line.stack.client("stepfunctions")
        for execution in self.line.executions(self.drop):
            if execution["status"] == "RUNNING":
                client.stop_execution(executionArn=execution["executionArn"], error="Test", cause="stopped")
        until(lambda: all(e["status"] != "RUNNING" for e in self.line.executions(self.drop)))

    def reconcile(self, ahead_s: float = AHEAD_S) -> list[dict[str, Any]]:
        """One look of reconcile at the drop, hours later by its clock; what it found."""
        with self.deployed("ReconcileFunction", FAULT_CLOCK_S=str(ahead_s)):
            answer = self.line.stack.invoke("ReconcileFunction", {"drop": self.drop}).value()
        return [finding for drop in answer["reconciled"] for finding in drop["found"]]

    def reconciled(self, state: str, *, repaired: bool = True) -> None:
        """Reconcile finds the drop in this state."""
        found = self.reconcile()
        states = [(finding["state"], finding["repaired"]) for finding in found]
        self.expect((state, repaired) in states, f"reconcile found {states or 'nothing'}, not {state}")
        self.struck = max(self.struck, 1)

    # People

    def ask(self, method: str, path: str, body: Any = None, who: str = "ann") -> tuple[int, Any]:
        """One request to the review API; status and JSON, status 0 when the function died."""
        route = match_route(self.line.stack.routes, method, path)
        if route is None:
            raise LookupError(f"no route {method} {path}")
        data = json.dumps(body).encode() if body is not None else b""
        request = Request(method, path, "HTTP/1.1", (("content-type", "application/json"),), data)
        claims = {"sub": who, "email": who, "cognito:groups": "[reviewers]"}
        result = self.line.stack.invoke("ReviewFunction", event_of(request, route, claims))
        if result.error:
            return 0, None
        answer = result.value()
        return int(answer["statusCode"]), json.loads(answer["body"])

    def waiting(self) -> list[TaskRecord]:
        """The lot's tasks once its gate is open and nothing moves."""

        def open_gate() -> bool:
            lot = self.lot()
            return bool(lot and lot.token and self.line.stack.idle())

        until(open_gate, 240)
        lot = self.lot_is("review")
        tasks = [self.line.store.tasks.get(name) for name in lot.task_ids]
        return [task for task in tasks if task is not None]

    def claim(self, task: TaskRecord, who: str = "ann") -> int:
        """Claim a task; its version then."""
        status, answer = self.ask("POST", f"/v1/tasks/{task.task_id}/claim", who=who)
        self.expect(status == 200, f"claim: {status} {answer}")
        return int(answer["task"]["version"])

    def decide(self, task: TaskRecord, version: int, who: str = "ann") -> tuple[int, Any]:
        """Approve a claimed task."""
        body = {"decision": "approve", "reasons": [], "comment": "", "version": version}
        return self.ask("POST", f"/v1/tasks/{task.task_id}/decision", body, who)

    def approve(self, tasks: list[TaskRecord]) -> None:
        """Claim and approve tasks one after the other."""
        for task in tasks:
            status, answer = self.decide(task, self.claim(task))
            self.expect(status == 200, f"decision: {status} {answer}")

    @contextmanager
    def gated(self) -> Iterator[None]:
        """A deployment in which export waits for people."""
        with self.deployed("InspectFunction", PACKSHOT_GATE_MODE="gate"):
            yield
