"""The three policies of the closed loop: no review, flat sampling, and packshot's own code."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.closed_loop_story import BAD_VERSION_AT, Photo, Pool, Reviewer, make_lot
from packshot.learning.profiles import Evidence, Profile, default_profile
from packshot.learning.rollback import Watch, recent_sample
from packshot.learning.updates import Outcome, following
from packshot.quality.checks import check, lot_stats
from packshot.quality.limits import load_limits
from packshot.quality.lots import decide_lot
from packshot.quality.sampling import Severity, draw, plan_for, share_plan
from packshot.quality.switching import Switch
from packshot.quality.verdict import verdict
from packshot.records import Verdict

SEGMENT = "general"


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
            outcome, _ = verdict(checks, photo.score, SEGMENT, self.profile, limits)
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
        new = following(self.history, self.watch, self.outcomes)
        worse = self.watch is not None and self.watch.state == "worse"
        if new.version != self.profile.version:
            self._adopt(new, watched=not worse)
        tally.rolled_back = worse

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
