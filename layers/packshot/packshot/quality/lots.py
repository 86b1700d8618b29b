"""What becomes of a lot: canary, sample, rework, hold, recall, fuse. Decided here, done by the stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from packshot.quality.sampling import Plan
from packshot.records import Verdict

CanaryDecision = Literal["go", "stop"]
LotDecision = Literal["wait", "accept", "rework", "hold"]
Mode = Literal["gate", "advisory"]
Action = Literal["wait", "export", "rework", "hold", "recall"]

FUSE_SHARE = 0.2
FUSE_LEAST = 3


def decide_canary(verdicts: Sequence[Verdict]) -> CanaryDecision:
    """Whether the rest of the lot is worth its cost: stop when more than half of the first photos fail
    outright.

    Raises:
        ValueError: no verdict was given; a canary of nothing proves nothing.
    """
    if not verdicts:
        raise ValueError("a canary needs at least one verdict")
    failed = sum(v == Verdict.FAIL for v in verdicts)
    return "stop" if 2 * failed > len(verdicts) else "go"


class LotNumbers(Protocol):
    """What a decision needs of a lot; ``LotRecord`` has it."""

    @property
    def sample_size(self) -> int:
        """Photos that were really drawn: fewer than the plan's n where fewer passed, more to hit each
        stratum.
        """
        ...


def decide_lot(lot: LotNumbers, defects: int, decided: int, plan: Plan, attempt: int) -> LotDecision:
    """The lot's decision from its sample so far.

    Refused as soon as the defects pass the acceptance number (rework on the first pass, hold after it);
    accepted as soon as no outcome of the open tasks could refuse it; else wait. An empty sample is
    accepted: nothing passed the checks, so nothing leaves without a person's look.

    Args:
        lot: gives the size of the sample that was drawn.
        defects: sampled photos that a reviewer refused.
        decided: sampled photos that were decided.
        plan: the plan in force, for its acceptance number.
        attempt: 0 = first pass, 1 = reworked once.

    Raises:
        ValueError: the numbers contradict each other.
    """
    if not 0 <= defects <= decided <= lot.sample_size:
        raise ValueError(f"{defects} defects of {decided} decided of {lot.sample_size} sampled cannot be")
    if defects > plan.ac:
        return "rework" if attempt == 0 else "hold"
    if defects + (lot.sample_size - decided) <= plan.ac:
        return "accept"
    return "wait"


def act(decision: LotDecision, mode: Mode, exported: bool) -> Action:
    """What to do now. In advisory mode export does not wait; a lot that fails after it left is recalled."""
    if decision in ("rework", "hold"):
        return "recall" if exported else decision
    if exported or (decision == "wait" and mode == "gate"):
        return "wait"
    return "export"


def fuse(failed: int, size: int, share: float = FUSE_SHARE, least: int = FUSE_LEAST) -> bool:
    """True when so many of the lot's photos failed technically that something is broken: stop the lot.

    At least ``least`` failures are needed, so that one bad file does not stop a small lot.
    """
    if not 0 <= failed <= size:
        raise ValueError(f"{failed} failed of {size} cannot be")
    return failed >= min(least, size) and failed > share * size
