"""The automatic checks: measurements against limits, and against the lot they belong to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from packshot.quality.limits import Limits
from packshot.records import Check

LEAST_FOR_LOT = 3
LEAST_AREA = 0.02  # of the product's area; a smaller shadow has no direction to speak of


@dataclass(frozen=True)
class LotStats:
    """What a lot's shadows have in common; None where too few photos say so."""

    shadow_direction: float | None = None
    shadow_density: float | None = None
    shadow_contact: float | None = None
    photos: int = 0


def lot_stats(measurements: Sequence[Mapping[str, float]]) -> LotStats:
    """Robust medians over the lot's photos that have a shadow (at least 3): a third may be wrong.

    The direction's median is circular: the photo's angle that lies nearest to all others.
    """
    shadows = [m for m in measurements if m.get("shadow_present", 0) >= 0.5]
    angles = [m["shadow_direction"] for m in shadows if m["shadow_area"] >= LEAST_AREA]
    enough = len(shadows) >= LEAST_FOR_LOT
    return LotStats(
        shadow_direction=circular_median(angles) if len(angles) >= LEAST_FOR_LOT else None,
        shadow_density=median(m["shadow_density"] for m in shadows) if enough else None,
        shadow_contact=median(m["shadow_contact"] for m in shadows) if enough else None,
        photos=len(measurements),
    )


def circular_median(angles: Sequence[float]) -> float:
    """The angle of the list (degrees) with the least sum of distances to the others; the smallest on ties."""
    return min(sorted(angles), key=lambda a: sum(turn(a, b) for b in angles))


def turn(a: float, b: float) -> float:
    """The angle between two directions, 0..180 degrees."""
    return abs((a - b + 180) % 360 - 180)


def against_lot(measurements: Mapping[str, float], lot: LotStats | None) -> dict[str, float]:
    """The measurements with what follows from them: the shift without sign, the shadow against the lot's.

    ``edge_shift_abs`` 0..8 px; ``shadow_turn`` 0..180 degrees; ``shadow_density_gap`` and
    ``shadow_contact_gap`` 0..1 (the contact's only where it is less than the lot's).
    """
    numbers = dict(measurements)
    if "edge_shift_px" in numbers:
        numbers["edge_shift_abs"] = abs(numbers["edge_shift_px"])
    if lot is None or numbers.get("shadow_present", 0) < 0.5:
        return numbers
    if lot.shadow_direction is not None and numbers["shadow_area"] >= LEAST_AREA:
        numbers["shadow_turn"] = turn(numbers["shadow_direction"], lot.shadow_direction)
    if lot.shadow_density is not None:
        numbers["shadow_density_gap"] = abs(numbers["shadow_density"] - lot.shadow_density)
    if lot.shadow_contact is not None:
        numbers["shadow_contact_gap"] = max(0.0, lot.shadow_contact - numbers["shadow_contact"])
    return numbers


def check(measurements: Mapping[str, float], segment: str, limits: Limits, lot: LotStats | None = None) -> list[Check]:
    """Every check that applies to the segment and whose measurement is there, in the order of the limits.

    Raises:
        ValueError: a measurement is not finite: it would pass every comparison.
    """
    numbers = against_lot(measurements, lot)
    made = []
    for name, rule in limits.root.items():
        bounds = rule.bounds(segment)
        if bounds is None or rule.of not in numbers:
            continue
        value = float(numbers[rule.of])
        if not math.isfinite(value):
            raise ValueError(f"measurement {rule.of} is {value}")
        says = rule.says.format(value=value, limit=bounds.limit)
        passed = not rule.beyond(value, bounds.limit)
        made.append(Check(name=name, value=round(value, 5), limit=bounds.limit, passed=passed, says=says))
    return made
