"""The bench that fits the score: damages that damage, a truth that judges, a fit that recovers what made the data."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("bench.quality_fit")

from bench.closed_loop_policies import Tally, simulate
from bench.closed_loop_report import first_below, interval, rate
from bench.closed_loop_story import Measured, Reviewer, make_lot
from bench.closed_loop_story import Pool as LoopPool
from bench.quality_damage import MATTE_DAMAGES, judge, tint
from bench.quality_fit import (
    auc,
    cross_validated,
    fit,
    logistic,
    logit,
    operating_threshold,
    prior_shift,
    scores,
    shifted,
    threshold_for_recall,
)
from bench.quality_report import Kinds, figures
from bench.quality_set import Example

SIZE = 600


def disc() -> np.ndarray:
    matte = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(matte, (300, 300), 180, 255, -1, cv2.LINE_AA)
    cv2.circle(matte, (330, 300), 30, 0, -1, cv2.LINE_AA)
    cv2.line(matte, (300, 130), (300, 40), 255, 6, cv2.LINE_AA)
    return matte


TRUTH = disc()


def test_the_truth_is_usable_and_its_opposite_is_not() -> None:
    perfect, worst = judge(TRUTH, TRUTH), judge(255 - TRUTH, TRUTH)
    assert perfect.ok and (perfect.iou, perfect.edge, perfect.holes, perfect.spill) == (1, 0, 0, 0)
    assert not worst.ok and worst.iou == 0 and worst.holes == worst.spill == 1


def test_a_lost_hundredth_of_the_product_is_a_defect() -> None:
    lost = TRUTH.copy()
    cv2.circle(lost, (250, 300), 25, 0, -1)
    judged = judge(lost, TRUTH)
    assert judged.holes == pytest.approx(0.02, abs=0.004) and not judged.ok


@pytest.mark.parametrize("name", MATTE_DAMAGES)
def test_every_damage_changes_the_matte_and_is_the_same_for_the_same_seed(name: str) -> None:
    spoil = MATTE_DAMAGES[name]
    results = [np.asarray(spoil(TRUTH, np.random.default_rng(seed))) for seed in range(12)]
    assert all(r.shape == TRUTH.shape and r.dtype == np.uint8 for r in results)
    assert any(not np.array_equal(r, TRUTH) for r in results)
    assert np.array_equal(results[3], spoil(TRUTH, np.random.default_rng(3)))


def test_damages_range_from_harmless_to_defect() -> None:
    usable = [
        judge(np.asarray(f(TRUTH, np.random.default_rng(s))), TRUTH).ok
        for f in MATTE_DAMAGES.values()
        for s in range(6)
    ]
    assert 0.2 < np.mean(usable) < 0.8


def test_a_tint_changes_colour_only_a_little_to_plainly() -> None:
    grey = np.full((8, 8, 3), 128, np.uint8)
    moves = [np.abs(tint(grey, np.random.default_rng(s)).astype(int) - grey).max() for s in range(30)]
    assert min(moves) <= 3 and max(moves) >= 15


def test_the_fit_recovers_the_weights_that_made_the_data() -> None:
    dice = np.random.default_rng(0)
    x = dice.uniform(size=(20_000, 3))
    chance = 1 / (1 + np.exp(-(-2 + x @ np.array([4.0, 1.0, 0.0]))))
    weights = logistic(x, dice.uniform(size=20_000) < chance, np.ones(20_000), [None] * x.shape[1], ridge=1e-6)
    assert weights == pytest.approx([-2, 4, 1, 0], abs=0.15)


def test_no_weight_is_ever_negative() -> None:
    x = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert logistic(x, np.array([True, True, False, False]), np.ones(4), [None] * x.shape[1])[1] == 0


def test_auc_counts_pairs() -> None:
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])) == 0.75
    assert auc(np.ones(4), np.array([False, False, True, True])) == 0.5


def test_the_threshold_keeps_the_recall() -> None:
    score, bad = np.linspace(0, 1, 200), np.arange(200) >= 100
    threshold = threshold_for_recall(score, bad, 0.95)
    assert (score[bad] >= threshold).mean() >= 0.95 and not (score[~bad] >= threshold).any()
    chosen = operating_threshold(score, ~bad, 0.25)
    assert (score[~bad] >= chosen).mean() <= 0.25
    below = score[~bad][score[~bad] < chosen].max()
    assert (score[~bad] >= below).mean() >= 0.25


def examples() -> list[Example]:
    dice = np.random.default_rng(1)
    made = []
    for i in range(240):
        defect = bool(i % 2)
        error = float(dice.uniform(0.08, 0.3) if defect else dice.uniform(0, 0.06))
        made.append(
            Example(
                name=f"n{i}", sku=f"S{i % 6}", segment="general", damage="erode" if defect else "none", seed=i,
                iou=1, edge=0.3 if defect else 0, holes=0, spill=0,
                measurements={"edge_error": error, "fringe": float(dice.uniform())},
            )
        )  # fmt: skip
    return made


def kind(**truth: float) -> str:
    one = Example(
        name="n", sku="S", segment="general", damage="hole", seed=0, measurements={},
        **({"iou": 1, "edge": 0, "holes": 0, "spill": 0} | truth),
    )  # fmt: skip
    assert not (one.defect and one.good)
    return "defect" if one.defect else "good" if one.good else "unusable" if one.unusable else "usable"


def test_a_defect_is_clear_good_is_unseen_and_the_rest_is_neither() -> None:
    assert kind() == kind(iou=0.986, edge=0.05, holes=0.004) == kind(tint=1.0) == "good"
    assert kind(holes=0.006) == kind(edge=0.11) == kind(tint=1.9) == "usable"
    assert kind(holes=0.011) == kind(iou=0.968) == "unusable"
    assert kind(holes=0.013) == kind(spill=0.02) == kind(tint=2.6) == kind(turned=True) == "defect"


def test_the_band_is_reported_apart() -> None:
    made = examples()
    for one in made[:40]:
        one.edge = 0.13 if one.defect else 0.08
    kinds = Kinds.of(made)
    found = figures(np.array([e.edge for e in made]), kinds, 0.2)
    assert (found["defects"], found["good"], found["recall"], found["flagged_good"]) == (100, 100, 1, 0)
    assert found["flagged_band_unusable"] == 0 and found["auc"] == 1 == found["auc_at_limit"]
    assert len(kinds.sure(made)) == 200 == len(kinds.sure(np.zeros(240)))


def test_cross_validation_finds_the_measurement_that_matters() -> None:
    made = examples()
    bad = np.array([e.defect for e in made])
    assert auc(cross_validated(made), bad) > 0.99
    terms, weights = fit(made)
    by_name = dict(zip([t.of for t in terms], weights[1:], strict=True))
    assert by_name["edge_error"] == max(by_name.values()) > 1


def test_a_base_rate_moves_all_chances_together() -> None:
    made = examples()
    terms, weights = fit(made)
    plain = scores(made, terms, weights)
    moved = shifted(plain, prior_shift(made, 0.1))
    assert moved.mean() < plain.mean() and np.array_equal(np.argsort(moved), np.argsort(plain))
    assert prior_shift(made, 0.5) == pytest.approx(0, abs=1e-9) and logit(0.5) == 0


def pool() -> LoopPool:
    calm = Measured({"edge_shift_px": 0.0, "colour_shift": 0.0}, 0.01)
    bad = Measured({"edge_shift_px": 0.0, "colour_shift": 6.0}, 0.9)
    return LoopPool(good=[calm], edge=[bad, calm], other=[bad, calm])


def test_the_story_drifts_and_learning_can_mend_it() -> None:
    import random

    def defects(number: int, shift: float) -> float:
        lots = [make_lot(pool(), number, shift, random.Random(s)) for s in range(20)]
        return float(np.mean([p.defect for lot in lots for p in lot]))

    assert defects(0, 0) == pytest.approx(0.04, abs=0.015)
    assert defects(20, 0) == pytest.approx(0.20, abs=0.03)
    assert defects(20, -2.0) == pytest.approx(0.06, abs=0.02)


def test_the_loop_exports_fewer_defects_than_flat_sampling_and_is_repeatable() -> None:
    runs = [simulate(pool(), 45, 3, Reviewer()) for _ in range(2)]
    assert runs[0] == runs[1]
    drift = slice(15, 40)
    assert rate(runs[0]["packshot"][drift]) < rate(runs[0]["flat"][drift]) < rate(runs[0]["none"][drift])


def test_intervals_and_delays() -> None:
    assert interval([1.0, 1.0, 1.0]) == (1, 1, 1)
    bad, good = Tally(exported=10, escaped=5), Tally(exported=10)
    assert first_below([good, bad, bad, *[good] * 6], 1) == 2


def test_a_finding_that_only_says_where_to_look_weighs_no_more_than_it_may():
    x = np.array([[1.0], [1.0], [0.0], [0.0]])
    bad = np.array([True, True, False, False])
    free, bound = (logistic(x, bad, np.ones(4), [most], ridge=1e-3)[1] for most in (None, 1.5))
    assert free > 1.5 and bound == 1.5
