"""Inspect: verdicts and samples are found once, however often asked; retried photos are judged with their lot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from packshot.quality.stage import inspect_canary
from packshot.records import LotStatus, PhotoRecord, Status, TaskState
from packshot.settings import InspectSettings

from .lots import ADVISORY, Lot


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


class TestPlan:
    def test_the_tables_decide_the_sample_where_they_are_asked_for(self, lot: Callable[..., Lot]) -> None:
        made = lot()
        made.inspect(InspectSettings(sample_plan="aql", sample_aql=2.5))
        assert (made.record.sample_size, made.record.acceptance_number) == (5, 0), "letter A's arrow leads to n = 5"


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
