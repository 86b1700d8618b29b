"""What the error score is worth, in figures and tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from bench.quality_fit import LOT, Numbers, Truths, auc, shifted, threshold_for_recall
from bench.quality_set import Example
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.quality.verdict import verdict
from packshot.records import Verdict


@dataclass(frozen=True)
class Kinds:
    """Which examples are what; the band is what is neither defect nor good."""

    defect: Truths
    good: Truths
    unusable: Truths
    spotless: Truths
    own: Truths

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Kinds:
        """The kinds of a list of examples."""
        names = ("defect", "good", "unusable", "own")
        marks = {name: np.array([getattr(e, name) for e in examples], np.bool_) for name in names}
        return cls(**marks, spotless=np.array([e.damage == "none" for e in examples], np.bool_))

    def sure(self, of: Any) -> Any:
        """The part of a list or an array that is not in the band."""
        outside = self.defect | self.good
        return list(compress(of, outside)) if isinstance(of, list) else of[outside]


def figures(score: Numbers, kinds: Kinds, threshold: float) -> dict[str, float]:
    """AUCs, and at the threshold the shares flagged of each kind, and of defects among what is not flagged."""
    flagged, band = score >= threshold, ~kinds.defect & ~kinds.good
    own = kinds.own
    return {
        "examples": float(len(score)),
        "defects": float(kinds.defect.sum()),
        "good": float(kinds.good.sum()),
        "auc": auc(score[kinds.defect | kinds.good], kinds.defect[kinds.defect | kinds.good]),
        "auc_spotless": auc(score[kinds.defect | kinds.spotless], kinds.defect[kinds.defect | kinds.spotless]),
        "auc_at_limit": auc(score, kinds.unusable),
        "auc_own": auc(score[own & (kinds.defect | kinds.good)], kinds.defect[own & (kinds.defect | kinds.good)]),
        "auc_own_at_limit": auc(score[own], kinds.unusable[own]),
        "recall": _share(flagged, kinds.defect),
        "recall_own": _share(flagged, kinds.defect & own),
        "flagged_good": _share(flagged, kinds.good),
        "flagged_spotless": _share(flagged, kinds.spotless),
        "flagged_own_good": _share(flagged, kinds.good & own),
        "flagged_band_usable": _share(flagged, band & ~kinds.unusable),
        "flagged_band_unusable": _share(flagged, band & kinds.unusable),
        "flagged_good_at_recall_95": _share(score >= threshold_for_recall(score, kinds.defect), kinds.good),
        "recall_at_good_25": _share(score > np.quantile(score[kinds.good], 0.75), kinds.defect)
        if kinds.good.any()
        else 0,
        "escaped_of_passed": _share(kinds.defect, ~flagged & ~band),
    }


def _share(of: Truths, among: Truths) -> float:
    return float(of[among].mean()) if among.any() else 0.0


def show(found: dict[str, float]) -> None:
    """Print figures."""
    print("  " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))


def tables(examples: Sequence[Example], flagged: Truths) -> None:
    """Print what was missed and falsely flagged, by damage, by segment and by SKU."""
    keys: tuple[tuple[str, Callable[[Example], str]], ...] = (
        ("damage", lambda e: e.damage),
        ("segment", lambda e: e.segment),
        ("sku", lambda e: e.sku),
    )
    for name, key in keys:
        rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for example, flag in zip(examples, flagged, strict=True):
            row = rows[key(example)]
            row[0] += example.defect
            row[1] += example.defect and not flag
            row[2] += example.good
            row[3] += example.good and bool(flag)
        print(f"{name:24s} defects  missed   good  flagged")
        for label, (defects, missed, good, alarms) in rows.items():
            print(f"  {label:22s} {defects:7d} {missed:7d} {good:6d} {alarms:8d}")


def calibration(score: Numbers, bad: Truths, shift: float) -> None:
    """Print stated against seen chance of a defect, at the examples' own share of defects."""
    plain = shifted(score, -shift)
    print("stated chance, seen share (at the examples' own share of defects)")
    for low, high in ((0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        here = (plain >= low) & (plain < high)
        if here.any():
            print(f"  {plain[here].mean():.2f}  {bad[here].mean():.2f}  ({int(here.sum())} photos)")


@dataclass(frozen=True)
class _Threshold:
    """What a verdict needs of a profile."""

    flag_threshold: float


def verdicts(examples: Sequence[Example], score: Numbers, threshold: float, each: bool = False) -> None:
    """Print what score and checks together let pass."""
    passed = unusable = good = alarms = 0
    raised: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for example, value in zip(examples, score, strict=True):
        checks = check(example.measurements, example.segment, load_limits(), LOT)
        outcome, flags = verdict(checks, float(value), example.segment, _Threshold(threshold))
        for flag in flags:
            raised[flag][example.unusable] += 1
        good += example.good
        alarms += outcome != Verdict.PASS and example.good
        passed += outcome == Verdict.PASS
        unusable += outcome == Verdict.PASS and example.unusable
        if each:
            truth = f"{example.damage:9s} {example.severity:5.2f}"
            print(f"  {example.name:26s} {truth} {outcome:5s} {value:.3f}  {', '.join(flags)}")
    print(f"verdicts: {passed} pass, of them {unusable} unusable; {alarms} of {good} good ones flagged")
    print("  raised on usable / unusable: " + ", ".join(f"{k} {g}/{d}" for k, (g, d) in raised.items()))
