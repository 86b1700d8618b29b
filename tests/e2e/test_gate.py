"""Gate mode: the execution waits for people, and does what they decide."""

from __future__ import annotations

from typing import Any

import pytest

from bench.line import Line, until
from packshot.records import LotRecord, LotStatus, Status, TaskRecord, TaskState
from packshot.report import audit
from packshot.review import desk, gate
from packshot.review.refusal import Refusal
from packshot.review.views import Decision

pytestmark = pytest.mark.slow
SETTINGS = desk.DeskSettings()


@pytest.fixture(scope="module")
def mode() -> str:
    return "gate"


class Reviewers:
    """People at the desk, for one drop."""

    def __init__(self, line: Line, drop: str) -> None:
        self.line, self.drop = line, drop

    @property
    def lot(self) -> LotRecord:
        return next(iter(self.line.store.lots.of_drop(self.drop)))

    def waits(self, attempt: int = 0) -> list[TaskRecord]:
        """The tasks of the lot, once its gate is open and nothing moves any more."""

        def open_gate() -> bool:
            lots = list(self.line.store.lots.of_drop(self.drop))
            return bool(lots) and lots[0].attempt == attempt and bool(lots[0].token) and self.line.stack.idle()

        until(open_gate, 300)
        found = [self.line.store.tasks.get(name) for name in self.lot.task_ids]
        return [task for task in found if task is not None]

    def decide(self, task: TaskRecord, verdict: str) -> str:
        store = self.line.store
        version = desk.claim(store, SETTINGS, task.task_id, "ann").task.version
        reasons = ["OTHER"] if verdict == "reject" else []
        decision = Decision.model_validate(
            {"decision": verdict, "reasons": reasons, "comment": "not like that", "version": version}
        )
        return desk.decide(store, SETTINGS, gate.settle_lot, task.task_id, "ann", decision).lot

    def running(self) -> list[dict[str, Any]]:
        return [e for e in self.line.executions(self.drop) if e["status"] == "RUNNING"]


def test_exports_appear_when_the_sample_is_approved(line: Line) -> None:
    line.drop("asked", {f"BOX-{n}": line.photo(n) for n in (50, 51, 52)})
    people = Reviewers(line, "asked")

    tasks = people.waits()
    held = line.records("asked").values()
    assert {(r.status, r.reason.code if r.reason else "") for r in held} == {(Status.HELD, "AWAITING_REVIEW")}
    assert line.exports("asked") == {} and len(people.running()) == 1
    books = audit(line.store, "asked")
    assert books.balanced and books.held == 3, "what waits for people is held"

    outcomes = [people.decide(task, "approve") for task in tasks]
    after = line.books("asked")
    until(lambda: not people.running())

    assert outcomes[-1] == "accept" and after.dropped == 3
    books = audit(line.store, "asked")
    assert books.balanced and books.exported == 3 and len(line.exports("asked")) == 3
    assert len(line.executions("asked")) == 1 and people.lot.status == LotStatus.EXPORTED


def test_a_rejected_sample_leads_to_rework_then_to_a_hold(line: Line) -> None:
    line.drop("refused", {f"BOX-{n}": line.photo(n) for n in (60, 61, 62)})
    people = Reviewers(line, "refused")

    first = people.waits()
    assert people.decide(first[0], "reject") == "rework"
    for task in first[1:]:  # the others had not seen it
        with pytest.raises(Refusal, match="No longer needed"):
            people.decide(task, "approve")
    second = people.waits(attempt=1)
    assert {line.records("refused")[task.file].way for task in second} == {"accurate"}
    assert not {t.task_id for t in first} & {t.task_id for t in second}
    assert people.decide(second[0], "reject") == "hold"
    until(lambda: not people.running())

    books = audit(line.store, "refused")
    assert books.balanced and books.held == 3 and line.exports("refused") == {}
    assert {r.reason.code for r in line.records("refused").values() if r.reason} == {"LOT_HELD"}
    assert people.lot.status == LotStatus.HELD and len(line.executions("refused")) == 1


def test_a_killed_inspector_and_a_dead_execution_do_not_lose_the_gate(line: Line) -> None:
    line.drop("dead", {f"BOX-{n}": line.photo(n) for n in (70, 71)})
    people = Reviewers(line, "dead")
    tasks = people.waits()
    arn = people.running()[0]["executionArn"]
    line.stack.kill_worker("InspectFunction")
    line.stack.client("stepfunctions").stop_execution(executionArn=arn, error="Test", cause="died while it waited")
    until(lambda: not people.running())

    for task in tasks:
        people.decide(task, "approve")
    until(lambda: people.lot.status == LotStatus.EXPORTED)
    until(lambda: not people.running())

    books = audit(line.store, "dead")
    assert books.balanced and books.exported == 2
    assert len(line.executions("dead")) > 1, "the lot was resumed"
    assert [t.state for t in line.store.tasks.of_lot(people.lot.lot)] == [TaskState.DECIDED] * len(tasks)
