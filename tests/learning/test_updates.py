"""Decisions move a profile: by medians, beyond chance, in bounded steps, from the present version only."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from packshot.imaging.cutout import Settings
from packshot.learning.history import history_text
from packshot.learning.profiles import Evidence, Profile, ShadowProfile, default_profile
from packshot.learning.rollback import Watch
from packshot.learning.updates import Outcome, following, sign_test, update
from packshot.records import Check, TaskRecord, TaskState

NUMBER = itertools.count()


def outcome(override: dict[str, Any] | None = None, rejected: bool = False, **more: Any) -> Outcome:
    fields: dict[str, Any] = {
        "lot": "lot-1",
        "segment": "general",
        "profile_version": 1,
        "why": "sample",
        **more,
    }
    return Outcome(photo_id=f"p{next(NUMBER)}", rejected=rejected, override=override or {}, **fields)


START = Profile(segment="general", flag_threshold=0.3)


def test_a_clear_wish_moves_the_edge_by_one_bounded_step() -> None:
    after = update(START, [outcome({"edge_shift_px": -2.5}) for _ in range(9)])
    assert (after.version, after.parent, after.edge_shift_px) == (2, 1, -1.0)
    (moved,) = [m for m in after.evidence.moved if m.field == "edge_shift_px"]
    assert (moved.wanted, moved.votes) == (-2.5, 9)
    assert "edge_shift_px 0 -> -1" in after.cause and after.evidence.lots == ["lot-1"]


def test_too_few_votes_move_nothing() -> None:
    assert update(START, [outcome({"edge_shift_px": 2.0}) for _ in range(7)]) is START


def test_approvals_vote_for_what_is() -> None:
    outcomes = [outcome({"feather_px": 2.0}) for _ in range(9)] + [outcome() for _ in range(12)]
    assert update(START, outcomes).feather_px == 0


def test_a_wild_override_does_not_pull_the_median() -> None:
    outcomes = [outcome({"edge_shift_px": 0.5}) for _ in range(11)] + [outcome({"edge_shift_px": 4.0})]
    assert update(START, outcomes).edge_shift_px == 0.5


def test_a_lean_within_chance_moves_nothing() -> None:
    outcomes = [outcome({"edge_shift_px": 1.0}) for _ in range(7)] + [outcome() for _ in range(5)]
    assert sign_test(7, 12) > 0.05 and update(START, outcomes).edge_shift_px == 0


def test_decisions_on_another_version_or_segment_do_not_count() -> None:
    others = [outcome({"edge_shift_px": 2.0}, profile_version=3) for _ in range(20)]
    others += [outcome({"edge_shift_px": 2.0}, segment="apparel") for _ in range(20)]
    assert update(START, others) is START


def test_an_outcome_delivered_twice_counts_once() -> None:
    outcomes = [outcome({"edge_shift_px": 2.0}) for _ in range(7)]
    assert update(START, outcomes + outcomes) is START


def test_the_shadow_turns_the_short_way_round() -> None:
    start = Profile(segment="general", shadow=ShadowProfile(kind="drop", direction_deg=350))
    after = update(start, [outcome({"shadow": {"direction_deg": 5.0}}) for _ in range(10)])
    assert after.shadow.direction_deg == pytest.approx(5.0) and after.shadow.kind == "drop"


def test_another_kind_of_shadow_needs_two_thirds() -> None:
    drop = [outcome({"shadow": {"kind": "drop"}}) for _ in range(8)]
    assert update(START, drop + [outcome() for _ in range(4)]).shadow.kind == "drop"
    assert update(START, drop + [outcome() for _ in range(5)]).shadow.kind == START.shadow.kind != "drop"


def test_caution_doubles_the_evidence() -> None:
    careful = Profile(segment="general", caution=1)
    wishes = [outcome({"fringe": 0.5}) for _ in range(15)]
    assert update(careful, wishes) is careful
    assert update(careful, [*wishes, outcome({"fringe": 0.5})]).fringe == pytest.approx(0.8)


def test_settings_stay_within_their_bounds() -> None:
    edge = Profile(segment="general", edge_shift_px=3.8)
    assert update(edge, [outcome({"edge_shift_px": 9.0}) for _ in range(10)]).edge_shift_px == 4
    with pytest.raises(ValidationError):
        Profile(segment="general", edge_shift_px=5)


def test_misses_lower_the_flag_threshold_and_false_alarms_raise_it() -> None:
    missed = [outcome(rejected=True) for _ in range(4)] + [outcome() for _ in range(40)]
    assert update(START, missed).flag_threshold == pytest.approx(0.24)
    alarms = [outcome(why="flag", flags=["error_score"]) for _ in range(20)] + [outcome() for _ in range(20)]
    assert update(START, alarms).flag_threshold == pytest.approx(0.345)


def test_rare_misses_and_right_flags_leave_the_threshold() -> None:
    rare = [outcome(rejected=True) for _ in range(2)] + [outcome() for _ in range(198)]
    assert update(START, rare) is START
    right = [outcome(why="flag", flags=["error_score"], rejected=i < 4) for i in range(20)]
    assert update(START, right + [outcome() for _ in range(20)]) is START


def test_complaints_are_misses() -> None:
    complaints = [outcome(rejected=True, why="complaint") for _ in range(3)]
    assert update(START, complaints + [outcome() for _ in range(30)]).flag_threshold < START.flag_threshold


def test_the_fast_way_is_trusted_less_when_it_fails_more() -> None:
    fast = [outcome(way="fast", rejected=i < 4) for i in range(12)]
    slow = [outcome(way="accurate") for _ in range(20)]
    assert update(START, fast + slow).fast_certainty == pytest.approx(0.986)
    assert update(START, [outcome(way="fast") for _ in range(40)]).fast_certainty == pytest.approx(0.978)


def task(**more: Any) -> TaskRecord:
    fields: dict[str, Any] = {"state": TaskState.DECIDED, "decision": "reject", **more}
    return TaskRecord(
        task_id="t", drop="d", lot="l", photo_id="p", sku="s", view="front", file="f", segment="general",
        why="flag", checks=[Check(name="holes", value=1, limit=0, passed=False, says="")], **fields,
    )  # fmt: skip


def test_an_outcome_is_read_from_a_decided_task() -> None:
    one = Outcome.of_task(task(override={"edge_shift_px": 1}), profile_version=4, way="fast")
    assert (one.rejected, one.defect, one.flags, one.profile_version) == (True, True, ["holes"], 4)
    assert Outcome.of_task(task(decision="approve", override={"fringe": 1}), 1).defect  # mended by hand
    with pytest.raises(ValueError, match="not decided"):
        Outcome.of_task(task(state=TaskState.OPEN, decision=""), 1)


def test_the_history_reads_as_sentences() -> None:
    second = update(START, [outcome({"edge_shift_px": -2.5}) for _ in range(9)])
    text = history_text([START, second])
    assert text.index("v2") < text.index("v1") and "edge_shift_px 0 -> -1" in text
    assert "9 decisions, they want -2.5 (9 of 9 on this side)" in text
    with pytest.raises(ValueError, match="one segment"):
        history_text([START, default_profile("apparel")])


def test_settings_carry_the_imaging_names_and_begin_where_imaging_does() -> None:
    assert START.settings()["fast_certainty"] == Settings().fast_certainty
    assert set(START.settings()) == {"edge_shift_px", "feather_px", "fringe", "shadow", "fast_certainty"}


def test_versions_survive_storage_and_never_change() -> None:
    second = update(START, [outcome({"edge_shift_px": -2.5}) for _ in range(9)])
    assert Profile.model_validate_json(second.model_dump_json()) == second
    with pytest.raises(ValidationError):
        second.edge_shift_px = 0.0  # type: ignore[misc]


def test_a_version_that_proved_sound_needs_no_more_evidence_than_the_first() -> None:
    careful = START.model_copy(update={"caution": 1})
    votes = [outcome({"edge_shift_px": -2.5}) for _ in range(9)]
    watch = Watch.begin(careful, 10, 100)
    assert following([careful], watch, votes) is careful, "still watched: twice the evidence"
    for i in range(200):
        watch = watch.after(f"p{i}", False)
    moved = following([careful], watch, votes)
    assert (moved.version, moved.edge_shift_px, moved.caution) == (careful.version + 1, -1, 0)
    assert following([careful], watch, []).version == careful.version


def test_what_is_worse_goes_back_whatever_the_votes_ask() -> None:
    second = START.next("a change", Evidence(decisions=9), edge_shift_px=2.0)
    watch = Watch.begin(second, 4, 99)
    for i in range(40):
        watch = watch.after(f"p{i}", True)
    votes = [outcome({"edge_shift_px": 4}) for _ in range(20)]
    back = following([START, second], watch, votes)
    assert (back.edge_shift_px, back.caution) == (0, 1)

    watch = Watch.begin(back, 40, 40)
    for i in range(40):
        watch = watch.after(f"q{i}", False)
    assert watch.state == "sound", "beside what was bad"
    nine = [outcome({"edge_shift_px": 4}, profile_version=back.version) for _ in range(9)]
    assert following([START, second, back], watch, nine) is back, "the next change needs twice the evidence"
