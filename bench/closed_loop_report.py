"""What the closed loop shows: figures with their intervals over seeds, and the plot."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from bench.closed_loop_policies import Tally, flat
from bench.closed_loop_story import BAD_VERSION_AT, DRIFT_AT, LOT_SIZE, Pool, Reviewer, make_lot


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % confidence interval over seeds (normal approximation)."""
    middle = mean(values)
    half = 1.96 * stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return middle, max(0.0, middle - half), middle + half


def rate(tallies: Sequence[Tally]) -> float:
    """Defective share of what these lots exported."""
    return sum(t.escaped for t in tallies) / max(1, sum(t.exported for t in tallies))


def flat_share_needed(pool: Pool, lots: int, seed: int, reviewer: Reviewer, wanted: float) -> float:
    """The least flat share (in steps of 5 %) that keeps the drifted lots' exports below ``wanted``; 1 if
    none does.
    """
    for step in range(2, 21):
        tallies = []
        for number in range(DRIFT_AT, lots):
            dice = random.Random(f"{seed}/{number}")
            tallies.append(flat(make_lot(pool, number, 0.0, dice), step / 20, number, reviewer, dice))
        if rate(tallies) < wanted:
            return step / 20
    return 1.0


def first_below(tallies: Sequence[Tally], start: int, wanted: float = 0.02, window: int = 5) -> int:
    """Lots after ``start`` until a run of ``window`` lots exports less than ``wanted`` defects (0 = at
    once).
    """
    for number in range(start, len(tallies) - window + 1):
        if rate(tallies[number : number + window]) < wanted:
            return number - start
    return len(tallies) - start


def summary(runs: Sequence[dict[str, list[Tally]]], needed: Sequence[float]) -> dict[str, tuple[float, float, float]]:
    """The figures of the story with their intervals over seeds."""
    ours = [run["packshot"] for run in runs]
    after = slice(DRIFT_AT, BAD_VERSION_AT)
    settled = slice(DRIFT_AT + 10, BAD_VERSION_AT)

    def over(of: Any) -> tuple[float, float, float]:
        return interval([float(of(t)) for t in ours])

    def each(name: str, part: slice) -> tuple[float, float, float]:
        return interval([rate(run[name][part]) for run in runs])

    found = {f"exported defects, {n}, drift": each(n, after) for n in ("none", "flat", "packshot")}
    found |= {f"exported defects, {n}, 10 lots after the drift": each(n, settled) for n in ("none", "flat", "packshot")}
    found["exported defects, packshot, calm"] = each("packshot", slice(0, DRIFT_AT))
    found["review share, calm"] = over(lambda t: mean(x.reviewed for x in t[:DRIFT_AT]) / LOT_SIZE)
    found["review share, drift"] = over(lambda t: mean(x.reviewed for x in t[after]) / LOT_SIZE)
    found["review share, 10 lots after the drift"] = over(lambda t: mean(x.reviewed for x in t[settled]) / LOT_SIZE)
    found["flat review share that would be needed"] = interval(needed)
    found["lots from drift until exports are below 2 %"] = over(lambda t: first_below(t, DRIFT_AT))
    found["lots from drift to the first refused lot"] = over(lambda t: _first(t, DRIFT_AT, lambda x: x.refused))
    found["lots from the bad version to its rollback"] = over(
        lambda t: _first(t, BAD_VERSION_AT, lambda x: x.rolled_back)
    )
    found["runs in which it was rolled back"] = over(lambda t: any(x.rolled_back for x in t[BAD_VERSION_AT:]))
    found["rollbacks before it (false alarms)"] = over(lambda t: sum(x.rolled_back for x in t[:BAD_VERSION_AT]))
    return found


def _first(tallies: Sequence[Tally], start: int, holds: Any) -> int:
    return next((i for i, t in enumerate(tallies[start:]) if holds(t)), len(tallies) - start)


def plot(runs: Sequence[dict[str, list[Tally]]], path: Path) -> None:
    """Defect rate of exports and review load over lots, mean and 95 % interval over seeds."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 7), sharex=True)
    names = {"none": "no review", "flat": "flat 10 % sampling", "packshot": "packshot"}
    colours = {"none": "#b0413e", "flat": "#d9a441", "packshot": "#2f6f8f"}
    lots = range(len(runs[0]["none"]))
    for name, label in names.items():
        for axis, of in ((top, _escape_share), (bottom, _review_share)):
            bands = [interval([of(run[name], i) for run in runs]) for i in lots]
            axis.plot(lots, [100 * b[0] for b in bands], color=colours[name], label=label)
            low, high = [100 * b[1] for b in bands], [100 * b[2] for b in bands]
            axis.fill_between(lots, low, high, color=colours[name], alpha=0.2)
    top.axhline(2, color="grey", linestyle=":", linewidth=1)
    top.text(len(lots) - 1, 2.3, "promise: 2 %", ha="right", color="grey")
    for axis in (top, bottom):
        axis.axvline(DRIFT_AT, color="grey", linewidth=0.8)
        axis.axvline(BAD_VERSION_AT, color="grey", linewidth=0.8)
        axis.grid(alpha=0.25)
    top.text(DRIFT_AT + 0.3, 23.5, "drift to 20 %", color="grey")
    top.text(BAD_VERSION_AT + 0.3, 23.5, "bad version published", color="grey")
    top.set(ylabel="defects in exports, %", ylim=(0, 26))
    bottom.set(ylabel="photos reviewed, %", xlabel=f"lot (of {LOT_SIZE} photos)", ylim=(0, 105))
    top.legend(loc="center right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _escape_share(tallies: Sequence[Tally], lot: int) -> float:
    return rate(tallies[max(0, lot - 1) : lot + 2])


def _review_share(tallies: Sequence[Tally], lot: int) -> float:
    return tallies[lot].reviewed / LOT_SIZE
