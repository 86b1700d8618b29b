"""One fault: a drop of three photos that goes through while something fails, and what must hold at its end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.line import Line, until
from packshot import keys
from packshot.records import DropStatus, LotRecord, TaskRecord, TaskState
from packshot.report import audit
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
class Outcome:
    """What became of a case."""

    struck: int
    ends: dict[str, int]
    executions: int
    wrong: list[str]
    seconds: float


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
        self._said = len(self.line.lines)
        self._began = time.monotonic()

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
        fields = [line.fields for line in self.line.lines[self._said :] if line.function == function and line.fields]
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

    # What must hold

    def outcome(self) -> Outcome:
        """Look at the books, and at everything that might have been done twice."""
        wrong = [*self._books(), *self._once()]
        numbers = audit(self.line.store, self.drop)
        ends = {name: getattr(numbers, name) for name in ("exported", "held", "failed", "rejected")}
        return Outcome(
            struck=self.struck,
            ends={name: count for name, count in ends.items() if count},
            executions=len(self.line.executions(self.drop)),
            wrong=wrong,
            seconds=time.monotonic() - self._began,
        )

    def _books(self) -> Iterator[str]:
        """Nothing is lost."""
        numbers = audit(self.line.store, self.drop)
        if not numbers.balanced:
            yield f"the books do not balance: {numbers}"
        for name in ("exported", "held", "failed", "rejected"):
            if getattr(numbers, name) != self.ends.get(name, 0):
                yield f"{getattr(numbers, name)} {name}, not {self.ends.get(name, 0)}"
        record = self.line.store.drops.get(self.drop)
        if record is None or record.status is not DropStatus.DONE:
            yield "the drop is not done"
        failed = {r.photo_id for r in self.line.records(self.drop).values() if r.status == "failed"}
        letters = {letter["photo_id"] for letter in self.line.letters() if letter["drop"] == self.drop}
        if failed != letters:
            yield f"{len(failed)} failed, {len(letters)} of them in the dead-letter queue"

    def _once(self) -> Iterator[str]:
        """Nothing is done twice."""
        line = self.line
        executions = line.executions(self.drop)
        if len(executions) != self.executions:
            yield f"{len(executions)} executions, not {self.executions}"
        if self.succeeded and any(e["status"] != "SUCCEEDED" for e in executions):
            yield f"executions ended as {[e['status'] for e in executions]}"
        exports = {name: digest(body) for name, body in line.exports(self.drop).items()}
        usual = {name for name in exports if name.startswith(f"{CHANNEL}/")}
        if strange := {name for name in usual if exports[name] != self.plain.get(name)}:
            yield f"other bytes than undisturbed: {sorted(strange)}"
        channels = {name.split("/")[0] for name in exports}
        there = [e.key for name in channels for e in line.store.output.list(f"exports/{name}/{self.drop}/")]
        if len(there) != len(exports):
            yield f"{len(there)} files for {len(exports)} exports"
        manifest = line.store.output.get_json(keys.report_key(self.drop, "manifest.json"))
        names = Counter(entry["name"] for entry in manifest["files"]) if "files" in manifest else Counter()
        if any(count > 1 for count in names.values()):
            yield f"listed twice in the manifest: {names}"
        if (counted := self._metric("PhotosExported")) > len(usual):
            yield f"the metric counts {counted} exports of {len(usual)} photos"
        yield from self._verdicts_once()

    def _verdicts_once(self) -> Iterator[str]:
        lot = self.lot()
        if lot is None:
            return
        tasks = [task for name in lot.task_ids if (task := self.line.store.tasks.get(name)) is not None]
        decided = [task for task in tasks if task.state == TaskState.DECIDED]
        if lot.decided != len(decided):
            yield f"the lot counts {lot.decided} verdicts of {len(decided)}"
        names = [body["outcome"]["photo_id"] for body in self.line.store.profiles.list(lot.segment, "outcome#")]
        learnt = [name for name in names if name in {task.photo_id for task in decided}]
        if len(learnt) != len({task.photo_id for task in decided}):
            yield f"{len(learnt)} outcomes learnt from {len(decided)} verdicts"
        switch, _ = self.line.store.profiles.get(lot.segment, "switch")
        counted = [name for name, _ in switch["events"]].count(lot.lot) if switch else 0
        if counted != (1 if decided and not lot.attempt else 0):
            yield f"the lot's inspection is counted {counted} times"

    def _metric(self, name: str) -> int:
        fields = [line.fields for line in self.line.lines[self._said :] if line.fields]
        return int(sum(sum(entry[name]) for entry in fields if "_aws" in entry and name in entry))


def digest(body: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()


Run = Callable[[Case], None]


@dataclass(frozen=True)
class Fault:
    """An entry of the catalogue."""

    name: str
    area: str
    injected: str
    run: Run


class Catalogue:
    """Faults by area, in the order in which they were written down."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def area(self, area: str) -> Callable[[str, str], Callable[[Run], Run]]:
        """A decorator for the faults of one area: ``@of("name", "what is injected")``."""

        def of(name: str, injected: str) -> Callable[[Run], Run]:
            def note(run: Run) -> Run:
                self.faults.append(Fault(name, area, injected, run))
                return run

            return note

        return of

    def add(self, area: str, name: str, injected: str, run: Run) -> None:
        """Note a fault that is made of data."""
        self.faults.append(Fault(name, area, injected, run))


CATALOGUE = Catalogue()


class Ground:
    """The line that all cases share, and the undisturbed drop that they are measured by."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.photos = {sku: line.photo(seed, SIDE) for sku, seed in zip(SKUS, SEEDS, strict=True)}
        self.plain: dict[str, str] = {}
        plain = self.case(PLAIN)
        plain.send()
        plain.done()
        self.plain.update({name: digest(body) for name, body in line.exports(PLAIN).items()})
        if wrong := plain.outcome().wrong:
            raise AssertionError(f"the undisturbed drop: {wrong}")

    def case(self, drop: str) -> Case:
        """A new case for a drop of this name."""
        return Case(self.line, drop, dict(self.photos), self.plain)

    def run(self, fault: Fault, drop: str) -> Outcome:
        """Run one fault to its end; what goes wrong is in the outcome."""
        case = self.case(drop)
        try:
            fault.run(case)
            self.line.stack.wait_idle(60)
            return case.outcome()
        except AssertionError as error:
            return Outcome(case.struck, {}, len(self.line.executions(drop)), [str(error)], 0.0)
