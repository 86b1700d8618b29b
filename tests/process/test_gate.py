"""The gate: verdicts decide a lot once, however often and in whatever order asked; what left comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cloud import Cloud

from packshot.records import LotStatus, Status, TaskState
from packshot.review.gate import settle_lot
from packshot.store import Conflict

from .lots import ADVISORY, Lot


class TestGate:
    def test_the_last_verdict_wakes_the_execution_once(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect()
        assert made.gate() == "wait"
        assert [made.decide("approve", task) for task in made.tasks] == ["wait", "wait", "accept"]
        assert made.cloud.flow.answers == [("token-1", "accept")] and made.record.status == LotStatus.ACCEPTED
        assert settle_lot(made.store, "d", made.id) == "accept", "asked again it says the same"
        assert made.cloud.flow.answers == [("token-1", "accept")] and made.cloud.flow.started == {}

    def test_verdicts_before_the_gate_opens_count_when_it_does(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect()
        for task in made.tasks:
            made.decide("approve", task)
        assert made.cloud.flow.answers == []
        assert made.gate() == "accept" and made.cloud.flow.answers == [("token-1", "accept")]

    def test_one_defect_sends_the_lot_to_rework_and_closes_its_other_tasks(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect()
        made.gate()
        first, second, third = made.tasks
        assert made.decide("reject", first) == "rework"
        for task in (second, third):
            record = made.store.tasks.get(task)
            assert record is not None and (record.state, record.decision) == (TaskState.SUPERSEDED, "")
            assert made.store.tasks.trail(task)[-1]["what"] == "superseded: the lot is refused (rework)"
        with pytest.raises(Conflict):
            made.decide("approve", second)
        assert settle_lot(made.store, "d", made.id) == "rework"
        assert made.cloud.flow.answers == [("token-1", "rework")]
        assert made.cloud.flow.started == {}, "the execution that was woken is the only one"

    def test_a_settling_that_died_half_way_closes_the_tasks_when_it_is_asked_again(
        self, lot: Callable[..., Lot], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = lot()
        made.inspect()
        made.gate()

        def dies(*_: object) -> None:
            raise ConnectionError("no table today")

        with monkeypatch.context() as patch, pytest.raises(ConnectionError):
            patch.setattr(made.store.tasks, "supersede", dies)
            made.decide("reject", made.tasks[0])
        assert made.record.decision == "rework" and made.cloud.flow.answers == []
        assert settle_lot(made.store, "d", made.id) == "rework"
        states = {task.state for task in made.store.tasks.of_lot(made.id)}
        assert states == {TaskState.DECIDED, TaskState.SUPERSEDED}
        assert made.cloud.flow.answers == [("token-1", "rework")]

    def test_a_verdict_at_the_very_moment_of_the_closing_stands(
        self, lot: Callable[..., Lot], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = lot()
        made.inspect()
        supersede = made.store.tasks.supersede

        def late(task: str, what: str) -> object:
            made.store.tasks.claim(task, "ben", 60)
            made.store.tasks.decide(task, "ben", decision="approve")
            return supersede(task, what)

        monkeypatch.setattr(made.store.tasks, "supersede", late)
        assert made.decide("reject", made.tasks[0]) == "rework"
        assert {task.state for task in made.store.tasks.of_lot(made.id)} == {TaskState.DECIDED}

    def test_rework_draws_anew_shows_the_refused_again_and_ends_in_a_hold(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=20)
        made.inspect()
        made.gate()
        refused = made.tasks[0]
        made.decide("reject", refused)
        photo = refused.rsplit(".", 1)[1]

        assert made.inspect(attempt=1) == "review" and made.record.attempt == 1 and made.record.decision == ""
        assert all(".1." in task for task in made.tasks) and f"{made.id}.1.{photo}" in made.tasks
        assert made.decide("approve", made.tasks[0]) == "wait", "no gate is open: nobody is woken"
        assert made.cloud.flow.started == {}
        made.gate("token-2")
        sampled = [t for t in made.tasks[1:] if (task := made.store.tasks.get(t)) and task.why == "sample"]
        assert made.decide("reject", sampled[0]) == "hold"
        assert made.cloud.flow.answers[-1] == ("token-2", "hold") and made.record.status == LotStatus.HELD

    def test_a_verdict_on_a_lot_that_is_not_inspected_yet_decides_nothing(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        assert settle_lot(made.store, "d", made.id) == "wait" and made.record.decision == ""

    def test_the_lot_waits_for_flagged_photos_too(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=8, bad=1)
        made.inspect()
        made.gate()
        flagged = f"{made.id}.0.{made.photos[0].photo_id}"
        sample = [task for task in made.tasks if task != flagged]
        assert {made.decide("approve", task) for task in sample} == {"wait"}
        assert made.decide("reject", flagged) == "accept", "a flagged photo does not count against its lot"

    def test_a_dead_token_resumes_the_lot_in_a_new_execution(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect()
        made.gate()
        made.cloud.flow.waiting.clear()  # the execution died while it waited
        for task in made.tasks:
            made.decide("approve", task)
        assert list(made.cloud.flow.started.values()) == [{"drop": "d", "lots": [made.id]}]
        settle_lot(made.store, "d", made.id)
        assert len(made.cloud.flow.started) == 1, "by name, so only once"
        assert made.inspect() == "accept", "the resumed execution finds the decision taken"

    def test_there_is_no_gate_without_a_lot(self, cloud: Cloud) -> None:
        with pytest.raises(LookupError):
            settle_lot(cloud.store, "d", "none")


class TestRecall:
    def exported(self, made: Lot) -> None:
        made.inspect(ADVISORY)
        for photo in made.photos:
            made.store.photos.update("d", photo.photo_id, expect={Status.ACCEPTED}, status=Status.EXPORTED)

    def test_an_advisory_lot_that_is_refused_after_export_comes_back(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        self.exported(made)
        made.settle("LOT_FAILED", LotStatus.EXPORTED)
        assert made.decide("reject", made.tasks[0]) == "hold"
        assert made.record.status == LotStatus.RECALLED
        assert list(made.cloud.flow.started.values()) == [{"drop": "d", "lots": [made.id]}]

        assert made.inspect(ADVISORY) == "hold", "the execution that was started goes to its hold"
        assert made.settle("LOT_HELD", LotStatus.HELD) == 6
        assert set(made.states().values()) == {Status.HELD} and made.record.status == LotStatus.RECALLED
        assert made.settle("LOT_HELD", LotStatus.HELD) == 0

    def test_an_advisory_lot_that_is_accepted_stays_out(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        self.exported(made)
        made.settle("LOT_FAILED", LotStatus.EXPORTED)
        for task in made.tasks:
            made.decide("approve", task)
        assert made.record.status == LotStatus.EXPORTED and made.cloud.flow.started == {}

    def test_a_refusal_while_the_lot_is_being_exported_is_not_lost(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        self.exported(made)
        made.decide("reject", made.tasks[0])

        assert made.settle("LOT_FAILED", LotStatus.EXPORTED) == 6
        assert made.record.status == LotStatus.RECALLED and set(made.states().values()) == {Status.HELD}
