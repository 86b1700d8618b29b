"""Closed loop: a stream of lots whose defects drift, through the real inspection, sampling and learning code.

    python -m bench.closed_loop [--examples FILE] [--seeds 20] [--lots 60] [--out DIR]

Only the pictures are replayed: each photo of a lot is one measured example (``python -m bench.quality``
makes them), good or spoiled, with its truth. Checks, score, verdict, plan, draw, lot decision, switching,
profile updates and the sequential rollback test are the ones that run in production. The reviewer is
simulated: sees a defect with a stated probability, refuses a good photo with another.

The story: a calm start at 4 % defects; at lot 15 a drift to 20 %, made of a systematic edge bias (which
overrides can teach away) and of random damage; at lot 40 somebody publishes a bad profile version, which the
rollback must take back.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from packshot.learning.profiles import Evidence, Profile, default_profile
from packshot.learning.rollback import Watch, recent_sample, roll_back
from packshot.learning.updates import Outcome, update
from packshot.quality.checks import check, lot_stats
from packshot.quality.limits import load_limits
from packshot.quality.lots import decide_lot
from packshot.quality.sampling import Severity, draw, plan_for, share_plan
from packshot.quality.score import error_score
from packshot.quality.switching import Switch
from packshot.quality.verdict import verdict
from packshot.records import Verdict

DEFAULT_EXAMPLES = Path(__file__).parent / "data" / "replay.jsonl.gz"
SEGMENT = "general"
LOT_SIZE = 80
DRIFT_AT, BAD_VERSION_AT = 15, 40
CALM_RATE, DRIFT_RATE, BIAS_PX = 0.04, 0.20, 2.0
EDGE_DAMAGES = ("dilate", "halo")


@dataclass(frozen=True)
class Reviewer:
    """A person of stated accuracy."""

    sees: float = 0.95
    cries: float = 0.02
    mends: float = 0.8

    def decide(self, photo: Photo, dice: random.Random) -> tuple[bool, dict[str, Any]]:
        """(rejected, override). A biased edge is mended by an override, other defects are refused."""
        if photo.bias and dice.random() < self.mends * min(1.0, abs(photo.bias)):
            return False, {"edge_shift_px": round(photo.shift - photo.bias + dice.gauss(0, 0.4), 1)}
        return dice.random() < (self.sees if photo.defect else self.cries), {}


@dataclass(frozen=True)
class Photo:
    """One photo of the stream: its measurements, truth, and how far its edge is off under the profile in
    force.
    """

    photo_id: str
    measurements: dict[str, float]
    defect: bool
    bias: float
    shift: float


@dataclass
class Tally:
    """One lot's outcome under one policy."""

    exported: int = 0
    escaped: int = 0
    reviewed: int = 0
    refused: bool = False
    version: int = 1
    rolled_back: bool = False
    state: str = "normal"


@dataclass
class Pool:
    """Examples to draw from."""

    good: list[dict[str, float]] = field(default_factory=list)
    edge: list[dict[str, float]] = field(default_factory=list)
    other: list[dict[str, float]] = field(default_factory=list)


def read_pool(path: Path) -> Pool:
    """Examples from JSON lines, gzipped or not; raises ValueError when a kind is missing."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    pool, plain = Pool(), []
    for line in text.splitlines():
        one = json.loads(line)
        kind = pool.good if not one["defect"] else pool.edge if one["damage"] in EDGE_DAMAGES else pool.other
        kind.append(one["measurements"])
        plain += [one["measurements"]] if one["damage"] == "none" else []
    if not (pool.good and pool.edge and pool.other):
        raise ValueError(f"{path} lacks good, edge-spoiled or otherwise spoiled examples")
    # Half of the good photos are spotless, half spoiled within bounds.
    pool.good += plain * max(0, round(len(pool.good) / max(1, len(plain))) - 1)
    return pool


def make_lot(pool: Pool, number: int, shift: float, dice: random.Random) -> list[Photo]:
    """One lot of the story, photographed and cut out under a profile with this edge shift."""
    drifted = number >= DRIFT_AT
    bias = (BIAS_PX if drifted else 0.0) + shift
    random_rate = CALM_RATE * (1.5 if drifted else 1.0)
    edge_rate = (DRIFT_RATE - 1.5 * CALM_RATE) * min(2.0, abs(bias) / BIAS_PX)
    photos = []
    for i in range(LOT_SIZE):
        place = dice.random()
        if place < edge_rate:
            source, defect = pool.edge, True
        elif place < edge_rate + random_rate:
            source, defect = pool.other, True
        else:
            source, defect = pool.good, False
        photos.append(Photo(f"{number}-{i}", dice.choice(source), defect, bias, shift))
    return photos


@dataclass
class Loop:
    """The whole way under packshot's policy: state that lives from lot to lot."""

    profile: Profile
    history: list[Profile]
    switch: Switch = field(default_factory=Switch)
    outcomes: list[Outcome] = field(default_factory=list)
    watch: Watch | None = None
    reviewer: Reviewer = field(default_factory=Reviewer)

    def run(self, number: int, photos: Sequence[Photo], dice: random.Random) -> Tally:
        """Inspect, sample, decide, export, learn."""
        tally = Tally(state=self.switch.state, version=self.profile.version)
        passed, flagged = self._inspect(photos)
        for photo in flagged:
            self._export_if(self._review(photo, "flag", number, dice, tally), photo, tally)
        accepted = self._sample(number, passed, dice, tally)
        self.switch = self.switch.after(accepted)
        if self.switch.state == "stop":
            self.switch = self.switch.resume("the simulated lead")
        tally.refused = not accepted
        self._learn(tally)
        return tally

    def _inspect(self, photos: Sequence[Photo]) -> tuple[list[Photo], list[Photo]]:
        """Passed and flagged; failed ones are held and count as reviewed by nobody, exported by nobody."""
        lot = lot_stats([p.measurements for p in photos])
        limits, passed, flagged = load_limits(), [], []
        for photo in photos:
            checks = check(photo.measurements, SEGMENT, limits, lot)
            outcome, _ = verdict(checks, error_score(photo.measurements, SEGMENT, lot), SEGMENT, self.profile, limits)
            if outcome == Verdict.PASS:
                passed.append(photo)
            elif outcome == Verdict.FLAG:
                flagged.append(photo)
        return passed, flagged

    def _review(self, photo: Photo, why: str, number: int, dice: random.Random, tally: Tally) -> tuple[bool, bool]:
        """(rejected, mended) by the reviewer; kept for learning."""
        tally.reviewed += 1
        rejected, override = self.reviewer.decide(photo, dice)
        outcome = Outcome(
            photo_id=photo.photo_id, lot=str(number), segment=SEGMENT, profile_version=self.profile.version,
            why=why, rejected=rejected, override=override, flags=["error_score"] if why == "flag" else [],
        )  # fmt: skip
        self.outcomes.append(outcome)
        if self.watch and why == "sample":
            self.watch = self.watch.after(photo.photo_id, outcome.defect)
        return rejected, bool(override)

    def _export_if(self, decision: tuple[bool, bool], photo: Photo, tally: Tally) -> None:
        rejected, mended = decision
        if not rejected:
            tally.exported += 1
            tally.escaped += photo.defect and not mended

    def _sample(self, number: int, passed: Sequence[Photo], dice: random.Random, tally: Tally) -> bool:
        """Review the sample; an accepted lot exports the rest, a refused one is looked through whole."""
        severity: Severity = "normal" if self.switch.state == "normal" else "tightened"
        plan = plan_for(max(1, len(passed)), "share", severity)
        chosen = set(draw(f"lot-{number}", [(p.photo_id, "front") for p in passed], plan.n))
        defects = 0
        for photo in (p for p in passed if p.photo_id in chosen):
            decision = self._review(photo, "sample", number, dice, tally)
            defects += decision[0]
            self._export_if(decision, photo, tally)
        decision_ = decide_lot(_Sample(len(chosen)), defects, len(chosen), plan, attempt=1)
        for photo in (p for p in passed if p.photo_id not in chosen):
            if decision_ == "accept":
                self._export_if((False, False), photo, tally)
            else:
                self._export_if(self._review(photo, "held", number, dice, tally), photo, tally)
        return decision_ == "accept"

    def _learn(self, tally: Tally) -> None:
        """Roll back what the sequential test calls worse; else take the next version where the votes ask for
        it.
        """
        if self.watch and self.watch.state == "worse":
            self._adopt(roll_back(self.history, self.watch), watched=False)
            tally.rolled_back = True
            return
        following = update(self.profile, self.outcomes)
        if following is not self.profile:
            self._adopt(following, watched=True)

    def publish(self, cause: str, **changes: Any) -> None:
        """Somebody publishes a version by hand."""
        self._adopt(self.profile.next(cause, Evidence(), **changes), watched=True)

    def _adopt(self, profile: Profile, watched: bool) -> None:
        defects, decided = recent_sample(self.outcomes, self.profile.version)
        self.history.append(profile)
        self.watch = Watch.begin(profile, defects, decided) if watched else None
        self.profile = profile


@dataclass(frozen=True)
class _Sample:
    sample_size: int


def flat(photos: Sequence[Photo], share: float, number: int, reviewer: Reviewer, dice: random.Random) -> Tally:
    """Flat sampling: a share is looked at, found defects are taken out, the rest goes."""
    tally = Tally()
    n = share_plan(len(photos), share, minimum=0).n if share else 0
    chosen = set(draw(f"flat-{number}", [(p.photo_id, "front") for p in photos], n)) if n else set()
    for photo in photos:
        rejected, mended = (False, False)
        if photo.photo_id in chosen:
            tally.reviewed += 1
            rejected, override = reviewer.decide(photo, dice)
            mended = bool(override)
        if not rejected:
            tally.exported += 1
            tally.escaped += photo.defect and not mended
    return tally


def simulate(pool: Pool, lots: int, seed: int, reviewer: Reviewer) -> dict[str, list[Tally]]:
    """All three policies over the same story."""
    first = default_profile(SEGMENT)
    loop = Loop(first, [first], reviewer=reviewer)
    series: dict[str, list[Tally]] = {"none": [], "flat": [], "packshot": []}
    for number in range(lots):
        if number == BAD_VERSION_AT:
            loop.publish(
                "published by hand",
                edge_shift_px=min(4.0, loop.profile.edge_shift_px + 3),
                flag_threshold=0.8,
            )
        dice = random.Random(f"{seed}/{number}")
        calm = make_lot(pool, number, 0.0, dice)
        series["none"].append(flat(calm, 0, number, reviewer, dice))
        series["flat"].append(flat(calm, 0.10, number, reviewer, dice))
        dice = random.Random(f"{seed}/{number}")
        series["packshot"].append(loop.run(number, make_lot(pool, number, loop.profile.edge_shift_px, dice), dice))
    return series


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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the story over seeds, print the figures, write them and the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench.closed_loop", description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=Path, default=DEFAULT_EXAMPLES)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--lots", type=int, default=60)
    parser.add_argument("--sees", type=float, default=0.95, help="chance that the reviewer sees a defect")
    parser.add_argument("--cries", type=float, default=0.02, help="chance that a good photo is refused")
    parser.add_argument("--out", type=Path, help="folder for closed_loop.png and closed_loop.json")
    options = parser.parse_args(argv)
    pool, reviewer = read_pool(options.examples), Reviewer(options.sees, options.cries)
    runs = [simulate(pool, options.lots, seed, reviewer) for seed in range(options.seeds)]
    needed = [flat_share_needed(pool, options.lots, s, reviewer, 0.02) for s in range(min(5, options.seeds))]
    figures = summary(runs, needed)
    for name, (middle, low, high) in figures.items():
        print(f"{name:55s} {middle:7.4f}  [{low:.4f}, {high:.4f}]")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = {"seeds": options.seeds, "lots": options.lots, "figures": figures}
        (options.out / "closed_loop.json").write_text(json.dumps(text, indent=1), "utf-8")
        plot(runs, options.out / "closed_loop.png")
        print(f"wrote {options.out}/closed_loop.json and closed_loop.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
