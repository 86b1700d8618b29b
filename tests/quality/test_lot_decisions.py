"""Canary, sample, rework, hold, recall, fuse, and the switching rules."""

from __future__ import annotations

from typing import Any

import pytest

from packshot.quality.lots import act, decide_canary, decide_lot, fuse
from packshot.quality.sampling import Plan
from packshot.quality.switching import Switch
from packshot.records import LotRecord, Verdict

P, F, X = Verdict.PASS, Verdict.FLAG, Verdict.FAIL


def lot(sample: int) -> LotRecord:
    return LotRecord(drop="d", lot="l", segment="general", size=100, chunks=1, sample_size=sample)


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ([P, P, P], "go"),
        ([F, F, F], "go"),
        ([P, X, P], "go"),
        ([X, X, P], "stop"),
        ([X], "stop"),
        ([X, P], "go"),
    ],
)
def test_a_canary_stops_the_lot_when_most_of_it_fails(verdicts: list[Verdict], wanted: str) -> None:
    assert decide_canary(verdicts) == wanted


def test_an_empty_canary_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        decide_canary([])


@pytest.mark.parametrize(
    ("defects", "decided", "n", "ac", "attempt", "wanted"),
    [
        (0, 0, 12, 0, 0, "wait"),
        (0, 11, 12, 0, 0, "wait"),
        (0, 12, 12, 0, 0, "accept"),
        (1, 1, 12, 0, 0, "rework"),  # the first defect decides, nobody need look further
        (1, 12, 12, 0, 1, "hold"),
        (1, 20, 20, 1, 0, "accept"),
        (0, 19, 20, 1, 0, "accept"),  # the last task cannot refuse it any more
        (1, 19, 20, 1, 0, "wait"),
        (2, 19, 20, 1, 1, "hold"),
        (0, 0, 0, 0, 0, "accept"),  # nothing passed, nothing to sample
    ],
)
def test_the_sample_decides(defects: int, decided: int, n: int, ac: int, attempt: int, wanted: str) -> None:
    assert decide_lot(lot(n), defects, decided, Plan(n, ac, "aql", ""), attempt) == wanted


def test_counts_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        decide_lot(lot(12), 3, 2, Plan(12, 0, "share", ""), 0)


@pytest.mark.parametrize(
    ("decision", "mode", "exported", "wanted"),
    [
        ("wait", "gate", False, "wait"),
        ("accept", "gate", False, "export"),
        ("rework", "gate", False, "rework"),
        ("hold", "gate", False, "hold"),
        ("wait", "advisory", False, "export"),
        ("accept", "advisory", True, "wait"),
        ("wait", "advisory", True, "wait"),
        ("rework", "advisory", True, "recall"),
        ("hold", "advisory", True, "recall"),
        ("hold", "advisory", False, "hold"),
    ],
)
def test_gate_waits_and_advisory_recalls(decision: Any, mode: Any, exported: bool, wanted: str) -> None:
    assert act(decision, mode, exported) == wanted


@pytest.mark.parametrize(
    ("failed", "size", "blown"),
    [(0, 50, False), (2, 5, False), (10, 50, False), (11, 50, True), (3, 5, True), (2, 2, True)],
)
def test_the_fuse_blows_on_a_share_of_failures(failed: int, size: int, blown: bool) -> None:
    assert fuse(failed, size) is blown


def run(outcomes: str, switch: Switch | None = None) -> Switch:
    """'a' = accepted, 'r' = refused."""
    switch = switch or Switch()
    for outcome in outcomes:
        switch = switch.after(outcome == "a")
    return switch


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("aaaaaaaa", "normal"),
        ("r", "normal"),
        ("rr", "tightened"),
        ("raaar", "tightened"),  # 2 of 5
        ("raaaar", "normal"),  # 2 of 6
        ("rraaaa", "tightened"),
        ("rraaaaa", "normal"),
        ("rraaaaraaaaa", "normal"),
        ("rrrrrr", "tightened"),
        ("rrrrrrr", "stop"),  # five refused under tightened inspection
        ("rrrarararar", "stop"),  # not in a row, but never five good ones between
        ("rraaaaarr", "tightened"),
        ("rrrrrrraaaaaaa", "stop"),  # only a person ends a stop
    ],
)
def test_switching_rules(outcomes: str, state: str) -> None:
    assert run(outcomes).state == state


def test_complaints_tighten_and_need_five_good_lots_again() -> None:
    tight = run("aaaa").tighten("3 complaints")
    assert (tight.state, tight.cause) == ("tightened", "3 complaints")
    assert run("aaaa", tight).state == "tightened" and run("aaaaa", tight).state == "normal"


def test_a_person_resumes_a_stop_tightened() -> None:
    stopped = run("rrrrrrr")
    assert stopped.tighten("more complaints") == stopped
    resumed = stopped.resume("kim")
    assert (resumed.state, resumed.refused, resumed.cause) == ("tightened", 0, "resumed by kim")
    with pytest.raises(ValueError, match="no stop"):
        resumed.resume("kim")


def test_a_switch_survives_storage() -> None:
    switch = run("rrar")
    assert Switch.model_validate_json(switch.model_dump_json()) == switch
