"""Fit the error score: a logistic with non-negative weights over a few measurements, judged over unseen
SKUs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from packshot.quality.checks import LotStats, against_lot
from packshot.quality.score import Term
from scipy.optimize import minimize

from bench.quality_set import LOT_DIRECTION, Example

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

# Measurement, start, full. Each grows with damage. Where the scale is known beforehand it is stated (an edge error
# of 0.12 is a defect by definition, 2 CIEDE2000 are plain to see, a hole of 1 % is one); where it depends on the kind
# of product it comes from the training examples, by segment.
CANDIDATES: tuple[tuple[str, float | None, float | None], ...] = (
    ("edge_error", 0.03, 0.12),
    ("edge_area", 0.005, 0.03),
    ("edge_cut_length", 0.02, 0.3),
    ("edge_leftover_length", 0.15, 0.6),
    ("edge_bare_length", 0.15, 0.6),
    ("edge_inside_length", None, None),
    ("edge_outside_length", None, None),
    ("softness_excess", 0.01, 0.07),
    ("softness_px", None, None),
    ("alpha_residual", None, None),
    ("fringe", None, None),
    ("holes_alike", 0.002, 0.012),
    ("islands_alike", 0.004, 0.025),
    ("soft_area", 0.004, 0.03),
    ("looks_in", None, None),
    ("looks_out", None, None),
    ("looks_in_wide", None, None),
    ("outside_unlike", None, None),
    ("colour_shift", 1.0, 2.5),
    ("shadow_turn", 20.0, 60.0),
)
LOT = LotStats(shadow_direction=LOT_DIRECTION, photos=10)
RIDGE = 0.002


def values(examples: Sequence[Example], of: str) -> Numbers:
    """One measurement of all examples, absent ones as 0, compared with the lot where that applies."""
    return np.array([against_lot(e.measurements, LOT).get(of, 0.0) for e in examples])


def shapes(examples: Sequence[Example]) -> list[Term]:
    """Terms without weights. Start: the median of good ones, a segment's own where its good ones lie higher;
    full: the 75th percentile of the bad ones that lie beyond 95 % of the good ones.
    """
    bad = np.array([e.defect for e in examples])
    segments = np.array([e.segment for e in examples])
    found = []
    for of, known_start, known_full in CANDIDATES:
        if known_start is not None and known_full is not None:
            found.append(Term(of=of, start=known_start, full=known_full, weight=0))
            continue
        v = values(examples, of)
        start, far = np.quantile(v[~bad], 0.5), np.quantile(v[~bad], 0.95)
        beyond = v[bad & (v > far)]
        full = float(np.quantile(beyond, 0.75)) if len(beyond) >= 3 else 0.0
        if full <= start + 1e-6:
            continue
        own = {s: float(np.quantile(v[~bad & (segments == s)], 0.6)) for s in sorted(set(segments[~bad]))}
        higher = {s: round(low, 5) for s, low in own.items() if low > start}
        found.append(
            Term(
                of=of,
                start=round(float(start), 5),
                full=round(full, 5),
                weight=0,
                segments=higher,
            )
        )
    return found


def parts(examples: Sequence[Example], terms: Sequence[Term]) -> Numbers:
    """The terms before their weights, examples x terms, 0..1."""
    numbers = [against_lot(e.measurements, LOT) for e in examples]
    rows = [
        [t.part(n[t.of], e.segment) if t.of in n else 0.0 for t in terms]
        for n, e in zip(numbers, examples, strict=True)
    ]
    return np.array(rows).reshape(len(examples), len(terms))


def logistic(x: Numbers, bad: Truths, weight: Numbers, ridge: float = RIDGE) -> Numbers:
    """Intercept and non-negative weights that minimise weighted log loss plus a ridge on the weights."""
    share = weight / weight.sum()

    def loss(w: Numbers) -> tuple[float, Numbers]:
        odds = w[0] + x @ w[1:]
        value = float((share * (np.logaddexp(0, odds) - bad * odds)).sum() + ridge / len(w) * (w[1:] ** 2).sum())
        gap = share * (1 / (1 + np.exp(-np.clip(odds, -50, 50))) - bad)
        return value, np.concatenate([[gap.sum()], x.T @ gap + 2 * ridge / len(w) * w[1:]])

    bounds = [(None, None)] + [(0, None)] * x.shape[1]
    fitted = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(fitted.x)


def fit(examples: Sequence[Example]) -> tuple[list[Term], Numbers]:
    """Terms and weights from examples; each SKU weighs the same."""
    terms = shapes(examples)
    counts = {e.sku: 0 for e in examples}
    for e in examples:
        counts[e.sku] += 1
    weight = np.array([1 / counts[e.sku] for e in examples])
    bad = np.array([e.defect for e in examples])
    return terms, logistic(parts(examples, terms), bad, weight)


def scores(examples: Sequence[Example], terms: Sequence[Term], weights: Numbers) -> Numbers:
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
        result[here] = scores([e for e, is_here in zip(examples, here, strict=True) if is_here], terms, weights)
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
    """AUC, and at the threshold: recall, share of good ones flagged, share of all unflagged ones that are
    bad.
    """
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


def logit(share: float) -> float:
    """Log-odds of a share in 0..1, both ends excluded."""
    return float(np.log(share / (1 - share)))


def prior_shift(examples: Sequence[Example], base_rate: float) -> float:
    """What to add to the intercept so that scores are chances at another base rate than the examples'."""
    by_sku: dict[str, list[bool]] = {}
    for e in examples:
        by_sku.setdefault(e.sku, []).append(e.defect)
    return logit(base_rate) - logit(float(np.mean([np.mean(defects) for defects in by_sku.values()])))


def shifted(score: Numbers, by: float) -> Numbers:
    """Scores with this added to their log-odds."""
    safe = np.clip(score, 1e-9, 1 - 1e-9)
    return np.asarray(1 / (1 + np.exp(-(np.log(safe / (1 - safe)) + by))))


def with_weights(terms: Sequence[Term], weights: Numbers) -> list[Term]:
    """The terms that got a weight, with it."""
    return [
        t.model_copy(update={"weight": round(float(w), 4)}) for t, w in zip(terms, weights[1:], strict=True) if w > 1e-3
    ]
