"""Every way of being stuck: mended, or told of once."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from packshot.reasons import reason
from packshot.reconcile import Finding, State, reconcile
from packshot.reconcile import mender as reconciling
from packshot.records import DropStatus, LotStatus, Status, TaskState

from .conftest import QUIET, Ward, ago


def states(found: list[Finding]) -> list[State]:
    return [finding.state for finding in found]


@pytest.mark.parametrize(
    ("minutes", "fields", "stuck"),
    [
        (9, {}, False),  # not quiet for long enough
        (12, {}, False),  # due just now: its message is on its way
        (20, {}, True),
        (2, {"ready": True}, False),
        (7, {"ready": True}, True),
    ],
)
def test_a_drop_whose_closing_got_lost_is_asked_for_again(
    ward: Ward, minutes: int, fields: dict[str, Any], stuck: bool
) -> None:
    ward.open(last_event_at=ago(minutes=minutes), **fields)
    result = ward.look()
    assert states(result.found) == [State.NOT_CLOSED] * stuck and not result.stuck
    assert ward.messages("close_queue") == [{"drop": "d"}] * stuck
    assert not ward.told


def test_a_drop_that_fails_to_close_for_an_hour_is_told_of_once(ward: Ward) -> None:
    ward.open(last_event_at=ago(hours=3), ready=True)
    assert states(ward.look().stuck) == [State.NOT_CLOSED]
    assert states(ward.look().stuck) == [State.NOT_CLOSED]
    assert [subject for subject, _ in ward.told] == ["packshot: drop d is stuck (not closed)"]
    assert len(ward.messages("close_queue")) == 2  # it is asked all the same

    # when it recovers and fails again, it is told of again
    ward.store.drops._update({"pk": "d"}, {"last_event_at": ago(seconds=1)})
    assert not ward.look().found
    ward.store.drops._update({"pk": "d"}, {"last_event_at": ago(hours=3)})
    ward.look()
    assert len(ward.told) == 2


def test_photos_outside_of_any_drop_are_no_stuck_drop(ward: Ward) -> None:
    ward.store.drops.open("_loose", "incoming//")
    ward.store.drops._update({"pk": "_loose"}, {"last_event_at": ago(days=3)})
    assert not ward.look("_loose").found


def test_a_closed_drop_without_an_execution_gets_one(ward: Ward) -> None:
    ward.open()
    ward.close(start=False)
    assert states(ward.look().found) == [State.NOT_STARTED]
    assert ward.messages("close_queue") == [{"drop": "d"}]


def test_what_has_just_closed_or_runs_is_left_alone(ward: Ward) -> None:
    ward.open()
    ward.close(start=False, closed_at=ago(seconds=30))
    assert not ward.look().found
    ward.close()
    ward.lot()
    assert not ward.look().found
    assert len(ward.running()) == 1 and not ward.told


def test_lots_whose_execution_died_are_resumed(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot("going", status=LotStatus.ACCEPTED, decision="accept")
    ward.lot("through", status=LotStatus.EXPORTED)
    ward.lot("decided", status=LotStatus.HELD, decision="hold")  # settle was not there yet: no reason
    ward.lot("settled", status=LotStatus.HELD, decision="hold", reason=reason("LOT_HELD"))
    ward.kill()
    result = ward.look()
    assert states(result.found) == [State.STOPPED] and not result.stuck
    (arn,) = ward.running()
    assert arn.endswith(":d-mend1") and ward.input(arn) == {"drop": "d", "lots": ["decided", "going"]}
    assert not ward.look().found  # it runs now


def test_a_resume_is_not_started_twice_by_two_rounds_at_once(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot()
    ward.kill()
    record = ward.store.drops.get("d")
    assert record is not None
    first, second = (reconciling.Mender(ward.store, record, QUIET) for _ in range(2))
    lots = list(ward.store.lots.of_drop("d"))
    first._resume(lots)
    second._resume(lots)
    assert len(ward.running()) == 1


def test_resumes_without_progress_end_with_a_message(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot()
    for _ in range(reconciling.MOST_TRIES):
        ward.kill()
        assert states(ward.look().found) == [State.STOPPED]
        ward.later()
    ward.kill()
    for _ in range(2):
        assert states(ward.look().stuck) == [State.STOPPED]
    assert len(ward.told) == 1 and "3 resumes" in ward.told[0][1] and not ward.running()


def test_progress_earns_new_tries(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot("one")
    ward.lot("two")
    for _ in range(reconciling.MOST_TRIES):
        ward.kill()
        ward.look()
        ward.later()
    ward.kill()
    ward.store.lots.update("d", "one", status=LotStatus.EXPORTED)
    assert not ward.look().stuck and ward.input(*ward.running())["lots"] == ["two"]


def test_a_drop_that_was_never_planned_starts_anew(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.kill()
    assert states(ward.look().found) == [State.STOPPED]
    assert ward.input(*ward.running()) == {"drop": "d"}


def test_a_retried_photo_whose_execution_died_goes_on_with_its_lot(ward: Ward) -> None:
    ward.open()
    photo = next(ward.store.photos.of_drop("d"))
    ward.store.photos.update("d", photo.photo_id, lot="failed")
    ward.close(status="done", done_at=ago(minutes=30))
    ward.lot("failed", status=LotStatus.FAILED, reason=reason("LOT_FAILED"))
    ward.lot("a", status=LotStatus.EXPORTED)
    ward.kill()
    assert states(ward.look().found) == [State.STOPPED]
    assert ward.input(*ward.running()) == {"drop": "d", "lots": ["failed"]}


def test_a_drop_that_ended_without_its_report_gets_it(ward: Ward) -> None:
    ward.open()
    photo = next(ward.store.photos.of_drop("d"))
    ward.store.photos.update("d", photo.photo_id, status=Status.EXPORTED)
    ward.close()
    ward.lot("large", status=LotStatus.EXPORTED, size=90)
    ward.lot("small", status=LotStatus.EXPORTED, size=5)
    ward.kill()
    assert states(ward.look().found) == [State.NOT_REPORTED]
    assert ward.input(*ward.running()) == {"drop": "d", "lots": ["small"]}
    ward.kill()
    ward.store.drops.move("d", DropStatus.CLOSED, status=DropStatus.DONE, done_at=ago(seconds=0))
    assert not ward.look().found


def test_verdicts_that_nobody_counted_wake_the_gate(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot(tasks=2, decided=2, status=LotStatus.REVIEW, token="t")
    ward.steps.waiting.add("t")
    assert states(ward.look().found) == [State.NOT_DECIDED]
    assert ward.steps.answers == [("t", "accept")] and ward.status() == LotStatus.ACCEPTED
    assert not ward.look().found


def test_a_decision_that_woke_nobody_wakes(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot(tasks=1, decided=1, status=LotStatus.ACCEPTED, decision="accept", token="t")
    ward.steps.waiting.add("t")
    assert states(ward.look().found) == [State.NOT_DECIDED]
    assert ward.steps.answers == [("t", "accept")]


@pytest.mark.parametrize("running", [True, False])
def test_a_lot_that_waits_for_people_is_left_to_them(ward: Ward, running: bool) -> None:
    ward.open()
    photo = next(ward.store.photos.of_drop("d"))
    ward.store.photos.update("d", photo.photo_id, status=Status.HELD, reason=reason("AWAITING_REVIEW"), lot="L")
    ward.close()
    ward.lot(tasks=3, decided=1, status=LotStatus.REVIEW, token="t")
    ward.store.lots._update({"pk": "d", "sk": "L"}, {"decided": 1, "updated_at": ago(days=2)})
    if not running:
        ward.kill()
    assert not ward.look().found and not ward.told
    assert len(ward.running()) == running


def test_a_decided_lot_with_a_dead_gate_goes_on_in_a_new_execution(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot(tasks=2, decided=2, status=LotStatus.REVIEW, token="dead")
    ward.kill()
    assert states(ward.look().found) == [State.NOT_DECIDED]
    assert ward.input(*ward.running()) == {"drop": "d", "lots": ["L"]}

    # and when that one dies too, it is resumed like any other lot
    ward.kill()
    ward.store.lots._update({"pk": "d", "sk": "L"}, {"updated_at": ago(hours=1)})
    assert states(ward.look().found) == [State.STOPPED]
    assert ward.input(*ward.running()) == {"drop": "d", "lots": ["L"]}


def test_a_lot_that_was_decided_after_its_review_expired_goes_on(ward: Ward) -> None:
    ward.open()
    photo = next(ward.store.photos.of_drop("d"))
    ward.store.photos.update("d", photo.photo_id, status=Status.HELD, reason=reason("REVIEW_EXPIRED"), lot="L")
    ward.close(status="done", done_at=ago(minutes=30))
    expired = {"status": LotStatus.HELD, "reason": reason("REVIEW_EXPIRED"), "token": "dead"}
    ward.lot(tasks=2, decided=2, **expired)
    ward.lot("M", tasks=2, decided=0, **expired)
    ward.kill()
    assert states(ward.look().found) == [State.NOT_DECIDED]
    assert ward.status() == LotStatus.ACCEPTED and ward.status("M") == LotStatus.HELD
    assert ward.input(*ward.running()) == {"drop": "d", "lots": ["L"]}


def test_a_lot_that_was_decided_before_its_gate_could_open_goes_on(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot(tasks=1, decided=1, status=LotStatus.REVIEW)  # its execution died between inspect and the gate
    ward.kill()
    assert states(ward.look().found) == [State.STOPPED]
    assert ward.status() == LotStatus.ACCEPTED and ward.input(*ward.running()) == {"drop": "d", "lots": ["L"]}


def test_a_photo_that_nobody_recorded_is_sent_to_intake_again(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.open()
    ward.store.incoming.put("incoming/d/LOST_front.jpg", b"x", "image/jpeg")
    photo = next(ward.store.photos.of_drop("d"))
    ward.store.photos.update("d", photo.photo_id, status=Status.EXPORTED)
    ward.close(status="done", done_at=ago(minutes=30))
    ward.lot(status=LotStatus.EXPORTED)
    ward.kill()
    assert not ward.look().found  # it has only just come

    monkeypatch.setattr(reconciling, "GRACE_S", -1)
    assert states(ward.look().found) == [State.UNRECORDED]
    (event,) = ward.messages("intake_queue")
    assert event["detail"]["object"]["key"] == "incoming/d/LOST_front.jpg"

    monkeypatch.setattr(reconciling, "HOPELESS_S", -1)
    assert states(ward.look().stuck) == [State.UNRECORDED] and len(ward.told) == 1


def test_an_execution_that_runs_without_moving_is_told_of(ward: Ward) -> None:
    ward.open()
    ward.close(closed_at=ago(days=1))
    ward.lot(updated_at=ago(hours=7))
    for _ in range(2):
        assert states(ward.look().stuck) == [State.STALLED]
    assert len(ward.told) == 1
    ward.lot("other", updated_at=ago(hours=5))
    assert not ward.look().found


def test_lots_whose_plans_expired_are_told_of(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot(status=LotStatus.ACCEPTED)
    ward.store.work.delete("plans/d/lots/L.json")
    ward.kill()
    assert states(ward.look().stuck) == [State.PLAN_GONE]
    assert not ward.running() and len(ward.told) == 1


def test_a_message_that_cannot_be_sent_is_sent_by_the_next_round(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.open(last_event_at=ago(hours=3), ready=True)

    def broken(*_: str) -> None:
        raise ClientError({"Error": {"Code": "InternalError", "Message": ""}}, "Publish")

    with monkeypatch.context() as patch:
        patch.setattr(ward.store.notices, "people", broken)
        with pytest.raises(ClientError):
            ward.look()
    ward.look()
    assert len(ward.told) == 1


def test_a_round_looks_at_open_closed_and_lately_done_drops(ward: Ward) -> None:
    ward.open(last_event_at=ago(minutes=20))
    for name, done in (("new", ago(minutes=5)), ("old", ago(days=5))):
        ward.cloud.accept(name, "B")
        fields = {"status": "done", "done_at": done, "closed_at": ago(hours=2), "execution": ""}
        ward.store.drops._update({"pk": name}, fields)
    done = reconcile(ward.store, QUIET)
    assert done.drops == 2 and [found.drop for found in done.reconciled] == ["d", "new"]
    assert (done.repaired, done.stuck) == (2, 0)


def test_expired_leases_are_counted_and_left_to_the_next_claim(ward: Ward) -> None:
    ward.open()
    ward.lot(tasks=2)
    ward.store.tasks.claim("L.0.0", "ann", 60)
    ward.store.tasks.claim("L.0.1", "bob", -10)
    assert reconcile(ward.store, QUIET).expired_leases == 1
    task = ward.store.tasks.get("L.0.1")
    assert task is not None and task.state is TaskState.CLAIMED


def test_an_error_in_one_drop_does_not_keep_the_others_waiting(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.open(last_event_at=ago(minutes=30))
    ward.cloud.accept("bad", "B")
    ward.store.drops._update({"pk": "bad"}, {"last_event_at": ago(hours=5)})
    real = ward.store.profiles.get

    def broken(segment: str, name: str) -> Any:
        if name == "bad":
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "GetItem")
        return real(segment, name)

    monkeypatch.setattr(ward.store.profiles, "get", broken)
    with pytest.raises(ExceptionGroup, match="1 of 2 drops"):
        reconcile(ward.store, QUIET)
    assert ward.messages("close_queue") == [{"drop": "d"}]


def test_executions_of_drops_whose_names_begin_alike_are_told_apart(ward: Ward) -> None:
    ward.open()
    ward.close()
    ward.lot()
    ward.kill()
    ward.store.workflow.start("d-2", {"drop": "d-2"})
    assert states(ward.look().found) == [State.STOPPED]


def test_there_is_nothing_to_reconcile_without_a_drop(ward: Ward) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        ward.look("nowhere")
