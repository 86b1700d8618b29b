"""Fit the error score: a logistic with non-negative weights over a few measurements, judged over unseen SKUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from packshot.quality.checks import LotStats, against_lot
from packshot.quality.score import Coefficients, Term
from scipy.optimize import minimize

from bench.quality_set import LOT_DIRECTION, Example

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

# Measurement, power, start, full. Each grows with damage; areas and lengths enter by their square root, for a
# few percent matter. Where the scale is known beforehand (an edge error of 0.12 is a defect by definition, 2
# CIEDE2000 are plain to see) it is stated; where not, it comes from the training examples.
CANDIDATES: tuple[tuple[str, float, float | None, float | None], ...] = (
    ("edge_error", 1.0, 0.03, 0.12),
    ("edge_off", 1.0, None, None),
    ("edge_cut_length", 0.5, None, None),
    ("edge_leftover_length", 0.5, None, None),
    ("edge_bare_length", 0.5, None, None),
    ("edge_unsupported", 0.5, None, None),
    ("softness_excess", 1.0, None, None),
    ("softness_px", 1.0, None, None),
    ("alpha_residual", 1.0, None, None),
    ("fringe", 1.0, None, None),
    ("holes_alike", 0.5, 0.0, 0.01),
    ("islands_alike", 0.5, 0.0, 0.01),
    ("soft_area", 0.5, None, None),
    ("looks_in", 0.5, None, None),
    ("looks_out", 0.5, None, None),
    ("looks_in_wide", 0.5, None, None),
    ("outside_unlike", 0.5, None, None),
    ("inside_shade", 0.5, None, None),
    ("shadow_like", 0.5, None, None),
    ("colour_shift", 1.0, 1.0, 2.5),
    ("shadow_turn", 1.0, 20.0, 60.0),
)
LOT = LotStats(shadow_direction=LOT_DIRECTION, photos=10)
RIDGE = 0.01


@dataclass(frozen=True)
class Shape:
    """Where a term starts and is full."""

    of: str
    start: float
    full: float
    power: float


def values(examples: Sequence[Example], of: str) -> Numbers:
    """One measurement of all examples, absent ones as 0, compared with the lot where that applies."""
    return np.array([against_lot(e.measurements, LOT).get(of, 0.0) for e in examples])


def shapes(examples: Sequence[Example]) -> list[Shape]:
    """Start: the 75th percentile of good ones. Full: the 75th percentile of bad ones beyond the good ones' 95th."""
    bad = np.array([e.defect for e in examples])
    found = []
    for of, power, known_start, known_full in CANDIDATES:
        if known_start is not None and known_full is not None:
            found.append(Shape(of, known_start, known_full, power))
            continue
        v = values(examples, of)
        start, far = np.quantile(v[~bad], 0.75), np.quantile(v[~bad], 0.95)
        beyond = v[bad & (v > far)]
        full = float(np.quantile(beyond, 0.75)) if len(beyond) >= 3 else 0.0
        if full > start + 1e-6:
            found.append(Shape(of, float(start), full, power))
    return found


def parts(examples: Sequence[Example], terms: Sequence[Shape]) -> Numbers:
    """The terms before their weights, examples x terms, 0..1."""
    columns = [
        np.clip((values(examples, t.of) - t.start) / (t.full - t.start), 0, 1) ** t.power for t in terms
    ]
    return np.stack(columns, 1) if columns else np.zeros((len(examples), 0))


def logistic(x: Numbers, bad: Truths, weight: Numbers, ridge: float = RIDGE) -> Numbers:
    """Intercept and non-negative weights that minimise weighted log loss plus a ridge on the weights."""
    share = weight / weight.sum()

    def loss(w: Numbers) -> tuple[float, Numbers]:
        odds = w[0] + x @ w[1:]
        value = float(
            (share * (np.logaddexp(0, odds) - bad * odds)).sum() + ridge / len(w) * (w[1:] ** 2).sum()
        )
        gap = share * (1 / (1 + np.exp(-np.clip(odds, -50, 50))) - bad)
        return value, np.concatenate([[gap.sum()], x.T @ gap + 2 * ridge / len(w) * w[1:]])

    bounds = [(None, None)] + [(0, None)] * x.shape[1]
    fitted = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(fitted.x)


def fit(examples: Sequence[Example]) -> tuple[list[Shape], Numbers]:
    """Terms and weights from examples; each SKU weighs the same."""
    terms = shapes(examples)
    counts = {e.sku: 0 for e in examples}
    for e in examples:
        counts[e.sku] += 1
    weight = np.array([1 / counts[e.sku] for e in examples])
    bad = np.array([e.defect for e in examples])
    return terms, logistic(parts(examples, terms), bad, weight)


def scores(examples: Sequence[Example], terms: Sequence[Shape], weights: Numbers) -> Numbers:
    """The error score of each example."""
    odds = weights[0] + parts(examples, terms) @ weights[1:]
    return np.asarray(1 / (1 + np.exp(-odds)))


def cross_validated(examples: Sequence[Example], only: Truths | None = None) -> Numbers:
    """Each example's score by a model that never saw its SKU; ``only`` marks what may be learnt from."""
    skus = np.array([e.sku for e in examples])
    learn = np.ones(len(examples), np.bool_) if only is None else only
    result = np.zeros(len(examples))
    for sku in sorted(set(skus)):
        here = skus == sku
        terms, weights = fit([e for e, use in zip(examples, learn & ~here, strict=True) if use])
        result[here] = scores(
            [e for e, is_here in zip(examples, here, strict=True) if is_here], terms, weights
        )
    return result


def auc(score: Numbers, bad: Truths) -> float:
    """Area under the ROC curve: the chance that a bad one scores above a good one, ties count half."""
    good, worse = np.sort(score[~bad]), score[bad]
    below = np.searchsorted(good, worse, "left") + np.searchsorted(good, worse, "right")
    return float(below.sum() / 2 / max(1, len(good) * len(worse)))


def threshold_for_recall(score: Numbers, bad: Truths, recall: float = 0.95) -> float:
    """The highest threshold (score >= it is flagged) that still flags this share of the bad ones."""
    return float(np.quantile(score[bad], 1 - recall, method="lower"))


def figures(score: Numbers, bad: Truths, threshold: float) -> dict[str, float]:
    """AUC, and at the threshold: recall, share of good ones flagged, share of all unflagged ones that are bad."""
    flagged = score >= threshold
    passed = ~flagged
    return {
        "examples": float(len(bad)),
        "defects": float(bad.sum()),
        "auc": auc(score, bad),
        "recall": float(flagged[bad].mean()) if bad.any() else 1.0,
        "flagged_good": float(flagged[~bad].mean()) if (~bad).any() else 0.0,
        "flagged_good_at_recall_95": float((score[~bad] >= threshold_for_recall(score, bad)).mean()),
        "escaped_of_passed": float(bad[passed].mean()) if passed.any() else 0.0,
    }


def coefficients(
    terms: Sequence[Shape], weights: Numbers, shift: float, command: str, on: str, found: dict[str, float]
) -> Coefficients:
    """The model as data; ``shift`` is added to the intercept (the base rate of the place where it is used)."""
    kept = [(t, w) for t, w in zip(terms, weights[1:], strict=True) if w > 1e-3]
    return Coefficients(
        command=command,
        fitted_on=on,
        figures={k: round(v, 4) for k, v in found.items()},
        intercept=round(float(weights[0]) + shift, 4),
        terms=[
            Term(
                of=t.of,
                start=round(t.start, 5),
                full=round(t.full, 5),
                power=t.power,
                weight=round(float(w), 4),
            )
            for t, w in kept
        ],
    )
