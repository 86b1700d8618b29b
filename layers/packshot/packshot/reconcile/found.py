"""The ways in which a drop can be stuck, what was found of them, and the notes kept from round to round."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from packshot.records import Record


class State(StrEnum):
    """How a drop can be stuck."""

    NOT_CLOSED = "not closed"  # due, but nobody closes it
    NOT_STARTED = "not started"  # closed without an execution
    NOT_DECIDED = "not decided"  # verdicts that nobody counted, or a decision that woke nobody
    STOPPED = "stopped"  # no execution runs, and lots or photos are on their way
    NOT_REPORTED = "not reported"  # everything ended, the drop is not done
    UNRECORDED = "unrecorded"  # a photo lies in S3 and nobody recorded it
    STALLED = "stalled"  # its execution runs and nothing moves
    PLAN_GONE = "plan gone"  # the lots' plans have expired: nothing can resume them


class Finding(Record):
    """One way in which a drop is stuck, and what was done."""

    state: State
    repaired: bool
    did: str = Field(description="in words")


class Reconciled(Record):
    """What was found in one drop."""

    drop: str
    found: list[Finding] = Field(default_factory=list)

    @property
    def stuck(self) -> list[Finding]:
        """What could not be mended."""
        return [finding for finding in self.found if not finding.repaired]


class Round(Record):
    """What was found in all drops."""

    drops: int = 0
    reconciled: list[Reconciled] = Field(default_factory=list, description="drops in which something was found")
    expired_leases: int = Field(default=0, description="claimed tasks past their lease; the next claim takes them")

    @property
    def repaired(self) -> int:
        """How many findings were mended."""
        return sum(len(drop.found) - len(drop.stuck) for drop in self.reconciled)

    @property
    def stuck(self) -> int:
        """How many were not."""
        return sum(len(drop.stuck) for drop in self.reconciled)


class Notes(Record):
    """What earlier rounds did for a drop."""

    number: int = Field(default=0, description="resumes so far; makes each one's name its own")
    tries: int = Field(default=0, description="resumes since the last progress")
    left: int = Field(default=0, description="what was on its way at the last resume")
    at: str = Field(default="", description="when the last resume was started")
    woken: list[str] = Field(default_factory=list, description="lots whose gate was woken from here")
    told: list[State] = Field(default_factory=list, description="what people know of")
