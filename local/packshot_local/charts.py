"""The bars of a drop's report: what people would ask of the numbers before they look at single photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STEPS = 10


@dataclass(frozen=True)
class Bar:
    """One bar: its label, what it counts, and its length in percent of the chart's longest."""

    label: str
    count: int
    length: float


@dataclass(frozen=True)
class Chart:
    """A title over bars."""

    title: str
    bars: list[Bar]


def charts(photos: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Verdicts, what raised flags, error scores by tenths, and rejections by reason; those with nothing to show are
    left out. ``photos`` are the rows of ``report.json``.
    """
    scores = [p["error_score"] for p in photos if p["error_score"] is not None]
    tenths = Counter(min(STEPS - 1, int(score * STEPS)) for score in scores)
    steps = [(f"{i / STEPS:.1f} to {(i + 1) / STEPS:.1f}", tenths[i]) for i in range(STEPS)] if scores else []
    rejected = (p["reason"]["code"] for p in photos if p["status"] == "rejected" and p["reason"])
    made = [
        ("Verdicts", _ranked(p["verdict"] for p in photos if p["verdict"])),
        ("Flags", _ranked(flag for p in photos for flag in p["flags"])),
        ("Error score", steps),
        ("Rejected for", _ranked(rejected)),
    ]
    return [Chart(title, _bars(counts)) for title, counts in made if counts]


def _ranked(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))


def _bars(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max(count for _, count in counts) or 1
    return [Bar(label, count, round(100 * count / most, 1)) for label, count in counts]
