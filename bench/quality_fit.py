"""Fit the error score: a logistic with non-negative weights over a few measurements, judged over unseen
SKUs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bench.quality_set import LOT_DIRECTION, Example
from packshot.quality.checks import LotStats, against_lot
from packshot.quality.score import Term

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

# Measurement, start, width, whether a segment may start later. Each term is 0 up to its start, 1 from start + width on.
# The scales come from what a defect is (an edge error of 0.12, a hole of 1 %, a tint of 2 CIEDE2000), not from the
# examples; what is normal for a kind of product (soft fur, see-through glass, chrome) comes from its good examples.
# A negative width: less is worse. Certainty is told by mattes that were found, not by those spoiled on purpose.
CANDIDATES: tuple[tuple[str, float, float, bool], ...] = (
    ("edge_error", 0.06, 0.07, False),
    ("edge_area", 0.012, 0.025, True),
    ("edge_bare_length", 0.15, 0.4, True),
    ("edge_inside_length", 0.03, 0.3, True),
    ("edge_outside_length", 0.03, 0.2, True),
    ("softness_excess", 0.01, 0.06, False),
    ("softness_px", 6.0, 10.0, True),
    ("alpha_residual", 0.1, 0.1, True),
    ("holes_alike", 0.004, 0.008, False),
    ("islands_alike", 0.01, 0.02, False),
    ("soft_area", 0.01, 0.03, True),
    ("straddle_in", 0.004, 0.02, True),
    ("straddle_out", 0.004, 0.02, True),
    ("straddle_thin", 0.01, 0.04, True),
    ("opinion_lost", 0.01, 0.04, True),
    ("colour_shift", 1.6, 0.5, False),
    ("shadow_turn", 20.0, 40.0, False),
    ("certainty", 0.92, -0.15, False),
)
# Left out on purpose: looks_in and looks_out. They tell a spoiled matte from its own original, but differ more between
# products than between good and bad, and made unseen SKUs worse.
# These say where to look, not how much is wrong: a bezel, a dark floor or the gaps of a chain raise them on perfect
# mattes. They may support another finding and never flag by themselves.
MOST_WEIGHT = {"edge_inside_length": 1.5, "edge_outside_length": 1.5, "straddle_thin": 1.5}
# Glass and chrome show other things' colours at their edge: alpha cannot be estimated anew there.
LATER = {("alpha_residual", "transparent"): 0.3, ("alpha_residual", "reflective"): 0.25}
MOST_LATER = 0.5  # of the width: a few products must not make normal what is a defect in the next one
NORMAL = 0.85  # share of a segment's good examples that count as normal
LOT = LotStats(shadow_direction=LOT_DIRECTION, photos=10)
RIDGE = 0.003


def values(examples: Sequence[Example], of: str) -> Numbers:
    """One measurement of all examples, absent ones as 0, compared with the lot where that applies."""
    return np.array([against_lot(e.measurements, LOT).get(of, 0.0) for e in examples])


def shapes(examples: Sequence[Example]) -> list[Term]:
    """Terms without weights; a segment starts where 85 % of its good examples lie, if that is a little later."""
    good = [e for e in examples if e.good]
    segments = np.array([e.segment for e in good])
    found = []
    for of, start, width, by_segment in CANDIDATES:
        v = values(good, of)
        normal = {s: float(np.quantile(v[segments == s], NORMAL)) for s in sorted(set(segments))}
        latest = start + MOST_LATER * width
        later = {s: round(min(n, latest), 5) for s, n in normal.items() if by_segment and n > start}
        later |= {s: max(n, later.get(s, 0.0)) for (name, s), n in LATER.items() if name == of}
        found.append(Term(of=of, start=start, full=round(start + width, 5), weight=0, segments=later))
    return found


def parts(examples: Sequence[Example], terms: Sequence[Term]) -> Numbers:
    """The terms before their weights, examples x terms, 0..1."""
    numbers = [against_lot(e.measurements, LOT) for e in examples]
    rows = [
        [t.part(n[t.of], e.segment) if t.of in n else 0.0 for t in terms]
        for n, e in zip(numbers, examples, strict=True)
    ]
    return np.array(rows).reshape(len(examples), len(terms))


def logistic(x: Numbers, bad: Truths, weight: Numbers, most: Sequence[float | None], ridge: float = RIDGE) -> Numbers:
    """Intercept and weights from 0 to `most` that minimise weighted log loss plus a ridge on the weights."""
    share = weight / weight.sum()

    def loss(w: Numbers) -> tuple[float, Numbers]:
        odds = w[0] + x @ w[1:]
        value = float((share * (np.logaddexp(0, odds) - bad * odds)).sum() + ridge / len(w) * (w[1:] ** 2).sum())
        gap = share * (1 / (1 + np.exp(-np.clip(odds, -50, 50))) - bad)
        return value, np.concatenate([[gap.sum()], x.T @ gap + 2 * ridge / len(w) * w[1:]])

    bounds = [(None, None), *((0, limit) for limit in most)]
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
    return terms, logistic(parts(examples, terms), bad, weight, [MOST_WEIGHT.get(t.of) for t in terms])


def scores(examples: Sequence[Example], terms: Sequence[Term], weights: Numbers) -> Numbers:
    """The error score of each example."""
    odds = weights[0] + parts(examples, terms) @ weights[1:]
    return np.asarray(1 / (1 + np.exp(-odds)))


def cross_validated(examples: Sequence[Example]) -> Numbers:
    """Each example's score by a model that never saw its SKU, and learnt only from clear defects and good ones."""
    skus = np.array([e.sku for e in examples])
    learn = np.array([e.defect or e.good for e in examples])
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


def operating_threshold(score: Numbers, good: Truths, most_flagged: float) -> float:
    """The lowest threshold that flags no more than this share of the good ones: an escape costs more than a look."""
    return float(np.nextafter(np.quantile(score[good], 1 - most_flagged, method="higher"), 2))


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
