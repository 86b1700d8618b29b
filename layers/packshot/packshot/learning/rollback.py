"""Is a new version worse than the one before? A sequential probability ratio test on the sample's defects.

Wald 1945: after each decision the log-likelihood ratio of "the defect rate is p1" against "it is still p0"
is compared with two bounds; the test ends as soon as either is crossed, and its two errors are held whenever
that is. Only the random sample counts: flagged photos and complaints are not drawn at random.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from packshot.learning.profiles import Evidence, Moved, Profile

ALPHA = 0.05  # chance of rolling back a version that is as good as its parent
BETA = 0.10  # chance of keeping one that is worse by the stated step
LEAST_RATE, MOST_RATE = 0.005, 0.4


class Watch(BaseModel):
    """One version under watch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segment: str
    version: int
    p0: float = Field(gt=0, lt=1, description="the parent's defect rate")
    p1: float = Field(gt=0, lt=1, description="the rate that must not go unnoticed")
    decided: int = 0
    defects: int = 0
    seen: list[str] = Field(default_factory=list, description="photos counted, so that none counts twice")

    @classmethod
    def begin(cls, profile: Profile, parent_defects: int, parent_decided: int) -> Watch:
        """Watch a new version against its parent's sample (smoothed by half a defect).

        The step that must not go unnoticed is a doubling, at least 5 percentage points.
        """
        rate = (parent_defects + 0.5) / (parent_decided + 1)
        p0 = min(MOST_RATE, max(LEAST_RATE, rate))
        return cls(segment=profile.segment, version=profile.version, p0=p0, p1=min(0.9, max(2 * p0, p0 + 0.05)))

    def after(self, photo_id: str, defect: bool) -> Watch:
        """With one more decision of the sample; a photo that was counted already changes nothing."""
        if photo_id in self.seen or self.state != "watching":
            return self
        return self.model_copy(
            update={
                "decided": self.decided + 1,
                "defects": self.defects + defect,
                "seen": [*self.seen, photo_id],
            }
        )

    @property
    def evidence(self) -> float:
        """The log-likelihood ratio so far, natural log; > 0 speaks for "worse"."""
        good = self.decided - self.defects
        return self.defects * math.log(self.p1 / self.p0) + good * math.log((1 - self.p1) / (1 - self.p0))

    @property
    def state(self) -> Literal["watching", "worse", "sound"]:
        """Wald's bounds: worse above ln((1-beta)/alpha), sound below ln(beta/(1-alpha))."""
        if self.evidence >= math.log((1 - BETA) / ALPHA):
            return "worse"
        return "sound" if self.evidence <= math.log(BETA / (1 - ALPHA)) else "watching"


class Sampled(Protocol):
    """What a parent's rate needs of an outcome."""

    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def lot(self) -> str: ...  # noqa: D102
    @property
    def profile_version(self) -> int: ...  # noqa: D102
    @property
    def defect(self) -> bool: ...  # noqa: D102


def recent_sample(outcomes: Sequence[Sampled], version: int, lots: int = 3) -> tuple[int, int]:
    """Defects and decisions of the version's sample in its last few lots, outcomes in order of time.

    Not of its whole life: what had drifted before a change is not the change's fault.
    """
    sampled = [o for o in outcomes if o.why == "sample" and o.profile_version == version]
    last = list(dict.fromkeys(o.lot for o in reversed(sampled)))[:lots]
    recent = [o for o in sampled if o.lot in last]
    return sum(o.defect for o in recent), len(recent)


def roll_back(history: Sequence[Profile], watch: Watch) -> Profile:
    """The next version: the watched one's parent settings again, and more caution with the next change.

    Raises:
        ValueError: the test has not said "worse", or the watched version or its parent is not in the history.
    """
    versions = {p.version: p for p in history if p.segment == watch.segment}
    bad = versions.get(watch.version)
    if watch.state != "worse":
        raise ValueError(f"version {watch.version} of {watch.segment} is {watch.state}, not worse")
    if bad is None or bad.parent not in versions:
        raise ValueError(f"version {watch.version} of {watch.segment} has no parent to go back to")
    good = versions[bad.parent]
    newest = versions[max(versions)]
    note = f"{watch.defects} defects of {watch.decided} sampled, {watch.p0:.1%} expected"
    back = Moved(
        field="version",
        before=str(bad.version),
        after=str(good.version),
        votes=watch.decided,
        wanted="",
        note=note,
    )
    settings = good.model_dump(include={*good.settings(), "flag_threshold"})
    return newest.next(
        f"rolled back to the settings of version {good.version}: {note}",
        Evidence(decisions=watch.decided, moved=[back]),
        **settings,
        caution=min(3, bad.caution + 1),
    )


def proven(profile: Profile, watch: Watch) -> Profile:
    """The same version with its caution taken back, once the test has called it sound.

    Not a rollback's own: beside the bad version before it, whatever was there before is sound.
    """
    rollback = any(moved.field == "version" for moved in profile.evidence.moved)
    if watch.state == "sound" and watch.version == profile.version and profile.caution and not rollback:
        return profile.model_copy(update={"caution": 0})
    return profile
