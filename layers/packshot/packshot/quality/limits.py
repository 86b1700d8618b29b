"""The limits of the checks: YAML beside this file, validated at load."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from packshot.documents import from_yaml

LIMITS_FILE = Path(__file__).with_name("limits.yaml")


class Strict(BaseModel):
    """Unknown fields are errors, so that a typo in a limit cannot switch a check off."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(Strict):
    """One segment's own bounds; what is not said stays as in the check."""

    limit: float
    fatal: float | None = None


class Rule(Strict):
    """One check: a measurement, its limit, and what to say."""

    of: str = Field(description="name of the measurement")
    limit: float
    fatal: float | None = None
    at_least: bool = False
    segments: dict[str, float | Bounds | None] = Field(default_factory=dict)
    says: str

    @model_validator(mode="after")
    def _sound(self) -> Rule:
        self.says.format(value=0.0, limit=0.0)
        if self.fatal is not None and (self.fatal < self.limit) != self.at_least:
            raise ValueError(f"fatal {self.fatal} must lie beyond limit {self.limit}")
        return self

    def bounds(self, segment: str) -> Bounds | None:
        """The bounds for a segment; None where the check is not made."""
        own = self.segments.get(segment, self.limit)
        if own is None or isinstance(own, Bounds):
            return own
        return Bounds(limit=own, fatal=self.fatal)

    def beyond(self, value: float, bound: float) -> bool:
        """Whether a value breaks a bound."""
        return value < bound if self.at_least else value > bound


class Limits(RootModel[dict[str, Rule]]):
    """All checks by name, in the order in which the reviewer sees them."""

    model_config = ConfigDict(frozen=True)

    def fatal(self, name: str, value: float, segment: str) -> bool:
        """Whether a check's value makes the result useless, not merely doubtful."""
        rule = self.root[name]
        bounds = rule.bounds(segment)
        return bounds is not None and bounds.fatal is not None and rule.beyond(value, bounds.fatal)


@lru_cache(maxsize=4)
def load_limits(path: Path = LIMITS_FILE) -> Limits:
    """Read limits from YAML; raises pydantic.ValidationError naming the entry that is wrong."""
    return Limits.model_validate(from_yaml(path.read_text("utf-8")))
