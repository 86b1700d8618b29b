"""From checks and score to a verdict: pass, flag (a person looks), fail (a stronger way, then held)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packshot.quality.limits import Limits, load_limits
from packshot.records import Check, Verdict

SCORE_FLAG = "error_score"
EXCEPTION_FLAG = "exception_segment"


class Thresholds(Protocol):
    """What a verdict needs of the segment's profile."""

    @property
    def flag_threshold(self) -> float:
        """Error score from which on a photo is flagged, 0..1."""
        ...


def verdict(
    checks: Sequence[Check], score: float, segment: str, profile: Thresholds, limits: Limits | None = None
) -> tuple[Verdict, list[str]]:
    """The verdict and what raised it: names of failed checks, ``error_score``, ``exception_segment``.

    A fatal value (``limits.yaml``) fails the photo; a broken limit, a score at the profile's threshold or
    the segment ``exception`` flags it; else it passes.

    Raises:
        ValueError: the score is not in 0..1.
    """
    if not 0 <= score <= 1:
        raise ValueError(f"an error score lies in 0..1, not {score}")
    limits = limits or load_limits()
    broken = [check for check in checks if not check.passed]
    flags = [check.name for check in broken]
    if score >= profile.flag_threshold:
        flags.append(SCORE_FLAG)
    if segment == "exception":
        flags.append(EXCEPTION_FLAG)
    if any(limits.fatal(check.name, check.value, segment) for check in broken):
        return Verdict.FAIL, flags
    return (Verdict.FLAG if flags else Verdict.PASS), flags


def escalate(outcome: Verdict, way: str) -> str | None:
    """The stronger way to try for a failed photo; None when there is none left (it is held) or no need."""
    return {"fast": "accurate", "auto": "accurate"}.get(way) if outcome == Verdict.FAIL else None
