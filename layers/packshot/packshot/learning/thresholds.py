"""The thresholds of flags and of the fast way learn from false alarms and from misses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from packshot.learning.profiles import Moved, Profile

SCORE_FLAG = "error_score"
WANTED_ESCAPES = 0.02  # of what passed: the promise
BEYOND_CHANCE = 0.1  # of so many misses though the promise is kept: reviewers err, too
WANTED_PRECISION = 0.15  # a flag that is right less often than one in seven wastes people's time
LEAST_MISSES = 2
FLAG_DOWN, FLAG_UP = 0.8, 1.15
FLAG_BOUNDS = (0.05, 0.8)
FAST_UP, FAST_DOWN = 0.7, 1.1
"""Factors of the doubt that is let pass at a first look."""
FAST_BOUNDS = (0.95, 0.999)


class Decided(Protocol):
    """What the thresholds need of an outcome."""

    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def flags(self) -> list[str]: ...  # noqa: D102
    @property
    def way(self) -> str: ...  # noqa: D102
    @property
    def rejected(self) -> bool: ...  # noqa: D102
    @property
    def defect(self) -> bool: ...  # noqa: D102


def moved_thresholds(profile: Profile, outcomes: Sequence[Decided], least: int) -> list[Moved]:
    """What the decisions ask of both thresholds; empty when they ask nothing or say too little."""
    return [m for m in (_flag(profile, outcomes, least), _fast(profile, outcomes, least)) if m]


def _flag(profile: Profile, outcomes: Sequence[Decided], least: int) -> Moved | None:
    """Down after misses among what had passed (sample, complaints), up when flags by score are mostly wrong.

    A miss is a refusal; a photo that was mended and approved is for the dials. A flag is right when the photo
    was refused or mended.
    """
    passed = [o for o in outcomes if o.why in ("sample", "complaint")]
    misses = sum(o.rejected for o in passed)
    by_score = [o for o in outcomes if o.why == "flag" and o.flags == [SCORE_FLAG]]
    right = sum(o.defect for o in by_score)
    now = profile.flag_threshold
    if len(passed) >= least and misses >= LEAST_MISSES and _chance(misses, len(passed)) < BEYOND_CHANCE:
        after, note = now * FLAG_DOWN, f"{misses} defects among {len(passed)} that had passed"
    elif (
        len(by_score) >= 2 * least
        and right < WANTED_PRECISION * len(by_score)
        and len(passed) >= 2 * least
        and misses <= WANTED_ESCAPES * len(passed)
    ):
        after, note = now * FLAG_UP, f"only {right} of {len(by_score)} flags by score were right"
    else:
        return None
    after = round(min(FLAG_BOUNDS[1], max(FLAG_BOUNDS[0], after)), 4)
    if after == now:
        return None
    votes = len(passed) + len(by_score)
    return Moved(field="flag_threshold", before=now, after=after, votes=votes, wanted=after, note=note)


def _chance(misses: int, passed: int) -> float:
    """Chance of at least so many misses among so many photos if the promise is just kept (binomial)."""
    fewer = sum(math.comb(passed, k) * WANTED_ESCAPES**k * (1 - WANTED_ESCAPES) ** (passed - k) for k in range(misses))
    return 1 - fewer


def _fast(profile: Profile, outcomes: Sequence[Decided], least: int) -> Moved | None:
    """Up when photos that were looked at once are refused clearly more often than others, down when never."""
    fast = [o for o in outcomes if o.way == "fast" and o.why == "sample"]
    slow = [o for o in outcomes if o.way == "accurate" and o.why == "sample"]
    bad_fast, bad_slow = sum(o.rejected for o in fast), sum(o.rejected for o in slow)
    now = profile.fast_certainty
    worse = bad_fast >= LEAST_MISSES and bad_fast * max(1, len(slow)) > 2 * max(1, bad_slow) * len(fast)
    if len(fast) >= least and worse:
        after, note = (
            1 - FAST_UP * (1 - now),
            f"{bad_fast} of {len(fast)} fast refused, {bad_slow} of {len(slow)} others",
        )
    elif len(fast) >= 5 * least and bad_fast == 0:
        after, note = 1 - FAST_DOWN * (1 - now), f"none of {len(fast)} fast ones refused"
    else:
        return None
    after = round(min(FAST_BOUNDS[1], max(FAST_BOUNDS[0], after)), 4)
    if after == now:
        return None
    votes = len(fast) + len(slow)
    return Moved(field="fast_certainty", before=now, after=after, votes=votes, wanted=after, note=note)
