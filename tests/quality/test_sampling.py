"""Plans against the published tables, chances against hypergeometric truth, draws against their promises."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.quality.sampling import (
    Plan,
    aql_plan,
    draw,
    explain,
    oc,
    p_accept,
    plan_for,
    share_plan,
    slip_chance,
)

# Lot range -> (n, Ac) for AQL 1.0 normal, 2.5 normal, 1.0 tightened, 2.5 tightened (level II, arrows
# resolved).
PUBLISHED = {
    (26, 50): [(13, 0), (5, 0), (20, 0), (8, 0)],
    (51, 90): [(13, 0), (20, 1), (20, 0), (32, 1)],
    (91, 150): [(13, 0), (20, 1), (20, 0), (32, 1)],
    (151, 280): [(50, 1), (32, 2), (80, 1), (32, 1)],
    (281, 500): [(50, 1), (50, 3), (80, 1), (50, 2)],
}


@pytest.mark.parametrize("lots", PUBLISHED)
def test_aql_plans_are_those_of_the_tables(lots: tuple[int, int]) -> None:
    columns = [(1.0, "normal"), (2.5, "normal"), (1.0, "tightened"), (2.5, "tightened")]
    for lot in lots:
        for (aql, severity), wanted in zip(columns, PUBLISHED[lots], strict=True):
            plan = aql_plan(lot, aql, severity)  # type: ignore[arg-type]
            assert (plan.n, plan.ac, plan.re) == (*wanted, wanted[1] + 1), (lot, aql, severity)


@pytest.mark.parametrize(
    ("lot", "aql", "severity", "n", "ac"),
    [
        (1200, 1.0, "normal", 80, 2),
        (3200, 2.5, "normal", 125, 7),
        (1200, 2.5, "tightened", 80, 3),
        (3200, 1.0, "tightened", 125, 2),
        (280, 4.0, "normal", 32, 3),
        (500, 0.65, "normal", 80, 1),
        (10_000, 1.5, "normal", 200, 7),
    ],
)
def test_larger_lots_follow_the_same_columns(lot: int, aql: float, severity: str, n: int, ac: int) -> None:
    plan = aql_plan(lot, aql, severity)  # type: ignore[arg-type]
    assert (plan.n, plan.ac) == (n, ac)


def test_a_small_lot_is_inspected_whole() -> None:
    assert aql_plan(8, 1.0).n == 8
    assert share_plan(2).n == 2


@pytest.mark.parametrize(
    ("lot", "share", "n"), [(50, 0.10, 5), (50, 0.15, 8), (50, 0.12, 6), (100, 0.12, 12), (10, 0.12, 3)]
)
def test_share_plans_round_up_and_take_at_least_three(lot: int, share: float, n: int) -> None:
    assert share_plan(lot, share) == Plan(n, 0, "share", f"{share:.0%} of the lot")


@pytest.mark.parametrize(
    ("lot", "n", "ac", "chances"),
    [
        (50, 5, 0, [0.90, 0.81, 0.65, 0.51, 0.31]),
        (50, 8, 0, [0.84, 0.70, 0.49, 0.33, 0.14]),
        (80, 13, 0, [0.70, 0.58, 0.33, 0.15, 0.04]),
        (100, 20, 1, [0.96, 0.82, 0.50, 0.26, 0.05]),
        (100, 32, 1, [0.90, 0.62, 0.21, 0.05, 0.00]),
    ],
)
def test_chance_of_acceptance_matches_the_published_figures(lot: int, n: int, ac: int, chances: list[float]) -> None:
    # The published figures take the whole number of defectives next to the share; 80 x 2 % = 1.6 -> 2.
    plan = Plan(n, ac, "aql", "published")
    for share, wanted in zip([0.02, 0.04, 0.08, 0.12, 0.20], chances, strict=True):
        assert slip_chance(plan, lot, share) == pytest.approx(wanted, abs=0.0051), share


@given(st.data())
def test_p_accept_is_hypergeometric(data: st.DataObject) -> None:
    lot = data.draw(st.integers(1, 60))
    bad, n = data.draw(st.integers(0, lot)), data.draw(st.integers(0, lot))
    ac = data.draw(st.integers(0, n))
    # Truth from the other side: choose the places of the defectives among the lot's n inspected first ones.
    truth = sum(
        Fraction(comb(n, k) * comb(lot - n, bad - k), comb(lot, bad))
        for k in range(min(ac, bad, n) + 1)
        if bad - k <= lot - n
    )
    assert p_accept(lot, bad, n, ac) == pytest.approx(float(truth), rel=1e-12)


def test_p_accept_agrees_with_drawing_for_real() -> None:
    dice = random.Random(7)
    lot = [True] * 8 + [False] * 92
    hits = sum(sum(dice.sample(lot, 20)) <= 1 for _ in range(20_000)) / 20_000
    assert p_accept(100, 8, 20, 1) == pytest.approx(hits, abs=0.011)


def test_the_curve_falls_from_one() -> None:
    curve = oc(share_plan(50), 50)
    chances = [p for _, p in curve]
    assert chances[0] == 1 and curve[-1][0] >= 0.3
    assert all(a > b for a, b in itertools.pairwise(chances))


def test_a_plan_is_explained_in_words_that_hold_for_its_lot() -> None:
    said = explain(share_plan(50), 50)
    assert "look at 6 of 50, accept only if none of the sample is defective" in said and "8 % 59%" in said
    small = explain(share_plan(6), 6)
    assert "look at 3 of 6" in small and "passes with 1 defective 50% of the time, with 2 defective 20%" in small
    assert "look at every photo" in explain(share_plan(1), 1)
    assert "at most 1 of the sample is defective" in explain(Plan(20, 1, "aql", "x"), 200)
    assert "at most 2 of the sample are defective" in explain(Plan(32, 2, "aql", "x"), 200)


def test_tightened_plans_look_at_more() -> None:
    assert plan_for(100, "share", "tightened").n == 24
    assert plan_for(100, "aql", "tightened").n > plan_for(100, "aql", "normal").n


@pytest.mark.parametrize(
    "call",
    [
        lambda: share_plan(0),
        lambda: share_plan(5, 0),
        lambda: aql_plan(50, 3.0),
        lambda: p_accept(5, 6, 1, 0),
    ],
)
def test_nonsense_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        call()


LOT = [(f"photo-{i:03d}", "front" if i % 10 else "back") for i in range(80)]


def test_a_draw_is_the_same_on_retry_and_in_any_order() -> None:
    shuffled = random.Random(1).sample(LOT, len(LOT))
    assert draw("drop/lot-1", LOT, 10) == draw("drop/lot-1", shuffled, 10)


def test_a_retried_event_that_lists_a_photo_twice_changes_nothing() -> None:
    assert draw("lot", LOT + LOT[:5], 10) == draw("lot", LOT, 10)


def test_lots_draw_differently() -> None:
    draws = {tuple(draw(f"lot-{i}", LOT, 10)) for i in range(20)}
    assert len(draws) == 20


def test_every_stratum_is_hit_in_proportion() -> None:
    strata = dict(LOT)
    drawn = draw("lot", LOT, 10)
    assert len(drawn) == 10 and sum(strata[p] == "back" for p in drawn) == 1


def test_a_draw_grows_to_hit_each_stratum() -> None:
    photos = [(f"p{i}", f"stratum-{i % 7}") for i in range(30)]
    drawn = draw("lot", photos, 3)
    assert {dict(photos)[p] for p in drawn} == {f"stratum-{i}" for i in range(7)} and len(drawn) == 7


def test_a_larger_draw_of_one_stratum_keeps_the_smaller() -> None:
    photos = [(f"p{i}", "front") for i in range(40)]
    assert set(draw("lot", photos, 5)) < set(draw("lot", photos, 9))


def test_every_photo_is_drawn_about_equally_often() -> None:
    photos = [(f"p{i}", "front") for i in range(20)]
    counts = dict.fromkeys(dict(photos), 0)
    for lot in range(2000):
        for photo in draw(f"lot-{lot}", photos, 5):
            counts[photo] += 1
    assert all(abs(c - 500) < 100 for c in counts.values())  # 5 sigma


def test_a_draw_never_exceeds_what_passed() -> None:
    assert draw("lot", LOT[:2], 5) == ["photo-000", "photo-001"]
    assert draw("lot", [], 5) == []
