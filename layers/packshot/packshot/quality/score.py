"""One number per photo: the chance that a person or the truth would call it defective.

A logistic model over a few measurements that each grow with damage; its coefficients are data
(``coefficients.json``), fitted by ``python -m bench.quality`` from any folder of photos and truths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from packshot.quality.checks import LotStats, against_lot

COEFFICIENTS_FILE = Path(__file__).with_name("coefficients.json")


class Term(BaseModel):
    """One measurement's part: ``weight * min(1, max(0, value - start) / (full - start)) ** power``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    start: float = Field(description="up to here the measurement says nothing")
    full: float = Field(description="from here on it says all it can; below start where less is worse")
    power: float = Field(default=1.0, gt=0)
    weight: float = Field(ge=0, description="log-odds that the full value adds; never negative")
    segments: dict[str, float] = Field(default_factory=dict, description="a segment's own start; full moves along")

    def part(self, value: float, segment: str) -> float:
        """The term before its weight, 0..1."""
        start = self.segments.get(segment, self.start)
        full = self.full + (start - self.start)
        return float(min(1.0, max(0.0, (value - start) / (full - start))) ** self.power)


class Coefficients(BaseModel):
    """The fitted model and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str = Field(description="the command that fits this file")
    fitted_on: str
    base_rate: float = Field(default=0.3, gt=0, lt=1, description="share of defects that the chances are stated for")
    flag_threshold: float = Field(
        default=0.3,
        gt=0,
        lt=1,
        description="the lowest score that flags a quarter of good mattes at most, cross-validated",
    )
    figures: dict[str, float] = Field(default_factory=dict, description="cross-validated figures of the fit")
    intercept: float
    terms: list[Term]


@lru_cache(maxsize=4)
def load_coefficients(path: Path = COEFFICIENTS_FILE) -> Coefficients:
    """Read the coefficients; raises pydantic.ValidationError when the file is not of this form."""
    return Coefficients.model_validate_json(path.read_text("utf-8"))


def error_score(
    measurements: Mapping[str, float],
    segment: str,
    lot: LotStats | None = None,
    coefficients: Coefficients | None = None,
) -> float:
    """The chance of a real defect, 0..1. A measurement that is absent adds nothing.

    Pass the lot's statistics for the shadow's terms to count.
    """
    model = coefficients or load_coefficients()
    numbers = against_lot(measurements, lot)
    odds = model.intercept
    odds += sum(t.weight * t.part(numbers[t.of], segment) for t in model.terms if t.of in numbers)
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))


def explain(measurements: Mapping[str, float], segment: str, lot: LotStats | None = None) -> list[tuple[str, float]]:
    """What raised the score: (measurement, log-odds added), the largest first, those above 0 only."""
    numbers = against_lot(measurements, lot)
    parts = [(t.of, t.weight * t.part(numbers[t.of], segment)) for t in load_coefficients().terms if t.of in numbers]
    return sorted((p for p in parts if p[1] > 0), key=lambda p: -p[1])
