"""The sequential test keeps its two errors; a rollback is a new version with the parent's settings."""

from __future__ import annotations

import random

import pytest

from packshot.learning.profiles import Evidence, Profile
from packshot.learning.rollback import ALPHA, BETA, Watch, proven, recent_sample, roll_back
from packshot.learning.updates import Outcome

FIRST = Profile(segment="general", flag_threshold=0.25)
SECOND = FIRST.next("a change", Evidence(decisions=9), edge_shift_px=2.0, flag_threshold=0.5)


def watched(rate: float, seed: int, most: int = 4000) -> Watch:
    dice = random.Random(seed)
    watch = Watch.begin(SECOND, parent_defects=4, parent_decided=99)
    for i in range(most):
        watch = watch.after(f"p{i}", dice.random() < rate)
        if watch.state != "watching":
            break
    return watch


def test_a_version_as_good_as_its_parent_is_seldom_rolled_back() -> None:
    p0 = watched(0, 0).p0
    ends = [watched(p0, seed).state for seed in range(400)]
    assert ends.count("worse") / 400 <= ALPHA + 0.03 and ends.count("watching") == 0


def test_a_version_twice_as_bad_seldom_stays() -> None:
    p1 = watched(0, 0).p1
    ends = [watched(p1, seed) for seed in range(400)]
    assert sum(w.state == "sound" for w in ends) / 400 <= BETA + 0.04
    assert sum(w.decided for w in ends) / 400 < 120  # it does not take for ever either


def test_one_defect_is_not_a_verdict() -> None:
    watch = Watch.begin(SECOND, 1, 50).after("p", True)
    assert watch.state == "watching" and watch.evidence > 0


def test_a_decision_delivered_twice_counts_once() -> None:
    watch = Watch.begin(SECOND, 1, 50)
    for _ in range(20):
        watch = watch.after("same photo", True)
    assert (watch.decided, watch.defects) == (1, 1)


def test_no_evidence_of_the_parent_gives_a_usable_test() -> None:
    watch = Watch.begin(SECOND, 0, 0)
    assert 0 < watch.p0 < watch.p1 < 1
    assert Watch.begin(SECOND, 0, 1000).p0 == 0.005


def test_the_parents_rate_is_that_of_its_last_lots() -> None:
    def sampled(lot: str, defect: bool, version: int = 1, why: str = "sample") -> Outcome:
        return Outcome(photo_id=lot, lot=lot, segment="general", profile_version=version, why=why, rejected=defect)

    calm = [sampled(f"lot-{i}", False) for i in range(20)]
    drift = [sampled(f"lot-{i}", True) for i in (20, 21, 22)] * 2
    others = [sampled("lot-22", False, version=2), sampled("lot-22", False, why="flag")]
    assert recent_sample(calm + drift + others, version=1) == (6, 6)
    assert recent_sample(calm, version=2) == (0, 0)


def worse() -> Watch:
    watch = Watch.begin(SECOND, 2, 100)
    for i in range(6):
        watch = watch.after(f"p{i}", True)
    assert watch.state == "worse"
    return watch


def test_a_rollback_is_a_new_version_with_the_old_settings() -> None:
    third = roll_back([FIRST, SECOND], worse())
    assert (third.version, third.parent, third.edge_shift_px, third.flag_threshold) == (3, 2, 0.0, 0.25)
    assert third.caution == 1 and "rolled back to the settings of version 1" in third.cause
    assert "3 defects of 3 sampled, 2.5% expected" in third.evidence.moved[0].note


def test_a_rollback_needs_the_tests_word_and_a_parent() -> None:
    with pytest.raises(ValueError, match="watching"):
        roll_back([FIRST, SECOND], Watch.begin(SECOND, 2, 100))
    with pytest.raises(ValueError, match="no parent"):
        roll_back([SECOND], worse())


def test_success_takes_caution_back() -> None:
    careful = Profile(segment="general", version=2, caution=2)
    watch = Watch.begin(careful, 10, 100)
    for i in range(200):
        watch = watch.after(f"p{i}", False)
    assert watch.state == "sound" and proven(careful, watch).caution == 0
    assert proven(careful, Watch.begin(careful, 10, 100)).caution == 2
