"""Inspect and the gate: verdicts, samples and decisions are found once, however often and in whatever order asked."""

from __future__ import annotations

from collections.abc import Callable

import boxes
import pytest
from cloud import Cloud

from packshot import keys
from packshot.plan.stage import plan_drop
from packshot.quality.stage import inspect_canary, inspect_lot
from packshot.records import LotRecord, LotStatus, PhotoRecord, Status, TaskState
from packshot.review.gate import open_gate, settle_lot
from packshot.settings import InspectSettings, PlanSettings
from packshot.settle import Settlement, end_lot
from packshot.store import Conflict

GATE, ADVISORY = InspectSettings(), InspectSettings(gate_mode="advisory")


class Lot:
    """A planned lot of processed photos; the first ``bad`` ones lost their product."""

    def __init__(self, cloud: Cloud, size: int = 6, bad: int = 0, missing: int = 0) -> None:
        self.cloud, self.store = cloud, cloud.store
        self.photos = [cloud.accept("d", f"SKU-{n}") for n in range(size)]
        plan_drop(cloud.store, PlanSettings(chunk_size=4), "d", "run")
        self.id = next(iter(cloud.store.lots.of_drop("d"))).lot
        for n, photo in enumerate(self.photos[missing:]):
            self.process(photo, bad=n < bad)

    def process(self, photo: PhotoRecord, *, bad: bool = False, altered: bool = False) -> None:
        key = keys.photo_key("d", photo.photo_id, "measurements.json")
        self.store.work.put_json(key, boxes.result(photo.photo_id, bad=bad, altered=altered))

    def inspect(self, settings: InspectSettings = GATE, attempt: int = 0) -> str:
        return inspect_lot(self.store, settings, "d", self.id, attempt).decision

    def gate(self, token: str = "token-1") -> str:
        self.cloud.flow.waiting.add(token)
        return open_gate(self.store, "d", self.id, token)

    def decide(self, decision: str, task: str) -> str:
        self.store.tasks.claim(task, "ann", 60)
        self.store.tasks.decide(task, "ann", decision=decision, reasons=["HALO"] if decision == "reject" else [])
        return settle_lot(self.store, "d", self.id)

    def settle(self, code: str, status: LotStatus) -> int:
        return end_lot(self.store, Settlement(drop="d", lot=self.id, code=code, status=status)).ended

    @property
    def record(self) -> LotRecord:
        found = self.store.lots.get("d", self.id)
        assert found is not None
        return found

    @property
    def tasks(self) -> list[str]:
        return self.record.task_ids

    def states(self) -> dict[str, Status]:
        return {photo.file: photo.status for photo in self.store.photos.of_drop("d")}


@pytest.fixture
def lot(cloud: Cloud) -> Callable[..., Lot]:
    return lambda **parts: Lot(cloud, **parts)


class TestInspect:
    def test_a_good_lot_waits_for_its_sample(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        assert made.inspect() == "review"
        assert made.record.status == LotStatus.REVIEW and len(made.tasks) == made.record.sample_size == 3
        tasks = made.store.tasks.of_lot(made.id)
        assert {task.why for task in tasks} == {"sample"} and all(task.checks and task.due_at for task in tasks)
        photos = list(made.store.photos.of_drop("d"))
        assert {photo.status for photo in photos} == {Status.HELD}
        assert {photo.reason.code for photo in photos if photo.reason} == {"AWAITING_REVIEW"}
        assert {photo.photo_id for photo in photos if photo.sampled} == {task.photo_id for task in tasks}

    def test_in_advisory_mode_nothing_is_held(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        assert made.inspect(ADVISORY) == "accept"
        assert set(made.states().values()) == {Status.ACCEPTED} and len(made.tasks) == 3

    def test_inspecting_again_finds_the_same(self, lot: Callable[..., Lot]) -> None:
        made = lot(bad=1)
        made.inspect()
        before = (made.record.task_ids, made.states(), sorted(t.task_id for t in made.store.tasks.of_lot(made.id)))
        made.decide("approve", made.tasks[0])

        assert made.inspect() == "review"
        assert (
            made.record.task_ids,
            made.states(),
            sorted(t.task_id for t in made.store.tasks.of_lot(made.id)),
        ) == before
        task = made.store.tasks.get(made.tasks[0])
        assert task is not None and task.state == TaskState.DECIDED, "verdicts stand"

    def test_a_decided_lot_keeps_its_decision(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect()
        for task in made.tasks:
            made.decide("approve", task)
        assert made.record.decision == "accept"
        assert made.inspect() == "accept" and made.record.decision == "accept"

    def test_a_failed_photo_is_held_and_gets_a_task(self, lot: Callable[..., Lot]) -> None:
        made = lot(bad=1)
        made.inspect(ADVISORY)
        photo = made.cloud.photo(made.photos[0])
        assert photo.status == Status.HELD and photo.reason is not None and photo.reason.code == "CHECKS_FAILED"
        task = made.store.tasks.get(f"{made.id}.0.{photo.photo_id}")
        assert task is not None and task.why == "flag" and any(not check.passed for check in task.checks)

    def test_an_altered_photo_is_always_looked_at(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.process(made.photos[5], altered=True)
        made.inspect()
        task = made.store.tasks.get(f"{made.id}.0.{made.photos[5].photo_id}")
        assert task is not None and task.why == "altered"

    def test_a_photo_without_result_is_recorded_as_failed(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=1)
        assert made.inspect() == "review"
        photo = made.cloud.photo(made.photos[0])
        assert photo.status == Status.FAILED and photo.reason is not None and photo.reason.code == "PROCESSING_ERROR"
        assert [letter["photo_id"] for letter in made.cloud.letters()] == [photo.photo_id]

    def test_too_many_failures_blow_the_fuse(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=3)
        assert made.inspect() == "hold" and made.record.decision == "hold"
        assert made.store.tasks.of_lot(made.id) == []
        assert made.inspect() == "hold"

    @pytest.mark.parametrize(
        ("bad", "missing", "wanted"), [(0, 0, "proceed"), (1, 0, "proceed"), (2, 0, "stop"), (0, 2, "stop")]
    )
    def test_the_canary_saves_the_rest(self, lot: Callable[..., Lot], bad: int, missing: int, wanted: str) -> None:
        made = lot(bad=bad, missing=missing)
        assert inspect_canary(made.store, "d", made.id).decision == wanted

    def test_a_lot_that_is_all_canary_goes_on(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=2, bad=2)
        assert inspect_canary(made.store, "d", made.id).decision == "proceed"


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


class TestPlan:
    def test_the_tables_decide_the_sample_where_they_are_asked_for(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect(InspectSettings(sample_plan="aql", sample_aql=2.5))
        assert (made.record.sample_size, made.record.acceptance_number) == (5, 0), "letter A's arrow leads to n = 5"


class TestSettle:
    def test_what_has_no_end_gets_one_and_what_has_keeps_it(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=4)
        first, second, *_ = made.photos
        made.store.photos.update("d", first.photo_id, status=Status.EXPORTED)
        made.store.photos.update("d", second.photo_id, status=Status.REJECTED)

        assert made.settle("LOT_FAILED", LotStatus.FAILED) == 2
        assert sorted(made.states().values()) == [Status.EXPORTED, Status.FAILED, Status.FAILED, Status.REJECTED]
        assert made.record.status == LotStatus.FAILED and len(made.cloud.letters()) == 2
        assert made.settle("LOT_FAILED", LotStatus.FAILED) == 0 and made.cloud.letters() == []

    @pytest.mark.parametrize("code", ["LOT_HELD", "CANARY_FAILED", "REVIEW_EXPIRED"])
    def test_a_held_lot_holds_its_waiting_photos_with_the_reason(self, lot: Callable[..., Lot], code: str) -> None:
        made = lot(size=4)
        made.inspect()
        assert made.settle(code, LotStatus.HELD) == 4
        assert {p.reason.code for p in made.store.photos.of_drop("d") if p.reason} == {code}
        assert made.record.reason is not None and made.record.reason.code == code

    def test_the_error_of_the_execution_is_told(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=1)
        order = Settlement(
            drop="d", lot=made.id, code="LOT_FAILED", status=LotStatus.FAILED,
            error={"Error": "States.Timeout", "Cause": "too slow"},
        )  # fmt: skip
        end_lot(made.store, order)
        reason = made.cloud.photo(made.photos[0]).reason
        assert reason is not None and "States.Timeout: too slow" in reason.message


def test_a_retried_photo_that_passes_now_is_held_no_longer(lot: Callable[..., Lot]) -> None:
    made = lot(bad=1)
    made.inspect(ADVISORY)
    made.process(made.photos[0])
    assert made.inspect(ADVISORY, attempt=1) == "accept"
    assert made.cloud.photo(made.photos[0]).status == Status.ACCEPTED


class TestRetriedPhotos:
    """A person sends a photo through again whose lot was accepted long ago."""

    def accepted(self, made: Lot) -> None:
        made.inspect()
        for task in made.tasks:
            made.decide("approve", task)
        for photo in made.photos[1:]:
            made.store.photos.update("d", photo.photo_id, status=Status.EXPORTED)

    def again(self, made: Lot, n: int) -> PhotoRecord:
        made.store.photos.update("d", made.photos[n].photo_id, status=Status.ACCEPTED, reason=None)
        assert made.inspect() == "accept"
        return made.cloud.photo(made.photos[n])

    def test_a_sound_one_is_judged_and_goes_on(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=1)
        self.accepted(made)
        made.process(made.photos[0])
        photo = self.again(made, 0)
        assert photo.status == Status.ACCEPTED and photo.verdict is not None and photo.lot == made.id

    def test_a_bad_one_does_not_slip_out_by_a_retry(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=1)
        self.accepted(made)
        made.process(made.photos[0], bad=True)
        photo = self.again(made, 0)
        assert photo.status == Status.HELD and photo.reason is not None and photo.reason.code == "CHECKS_FAILED"

    def test_an_altered_one_waits_for_its_own_approval(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=1)
        self.accepted(made)
        made.process(made.photos[0], altered=True)
        assert self.again(made, 0).status == Status.HELD
        made.decide("approve", f"{made.id}.0.{made.photos[0].photo_id}")
        assert self.again(made, 0).status == Status.ACCEPTED

    def test_one_that_failed_again_is_recorded(self, lot: Callable[..., Lot]) -> None:
        made = lot(missing=1)
        self.accepted(made)
        assert self.again(made, 0).status == Status.FAILED
