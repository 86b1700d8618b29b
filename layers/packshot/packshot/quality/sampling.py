"""How many photos of a lot a person looks at, which ones, and what that proves.

Two kinds of plan: a share of the lot with acceptance number 0, and the single sampling plans of
MIL-STD-105E / ISO 2859-1, general inspection level II. A percentage alone proves little, so each plan has its
operating characteristic: the hypergeometric chance that a lot of stated quality passes.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["normal", "tightened"]

SMALL_LOT = 25  # photos; below, 4 % of a lot is less than one
LETTERS = "ABCDEFGHJKLMNPQR"
SIZES = dict(zip(LETTERS, (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000), strict=True))
LEVEL_II: tuple[tuple[int, str], ...] = (
    (8, "A"),
    (15, "B"),
    (25, "C"),
    (50, "D"),
    (90, "E"),
    (150, "F"),
    (280, "G"),
    (500, "H"),
)
LEVEL_II += ((1200, "J"), (3200, "K"), (10_000, "L"))
# The letter whose plan has acceptance number 0 under normal inspection; the rest of a column follows from it.
ZERO_LETTER = {0.4: "G", 0.65: "F", 1.0: "E", 1.5: "D", 2.5: "C", 4.0: "B"}
NUMBERS: dict[Severity, tuple[int, ...]] = {
    "normal": (1, 2, 3, 5, 7, 10, 14, 21),
    "tightened": (1, 2, 3, 5, 8, 12, 18),
}


@dataclass(frozen=True)
class Plan:
    """Inspect ``n`` photos of the lot, accept it only if at most ``ac`` of them are defective."""

    n: int
    ac: int
    kind: Literal["share", "aql"]
    name: str

    @property
    def re(self) -> int:
        """The number of defectives from which on the lot is refused."""
        return self.ac + 1


def share_plan(lot_size: int, share: float = 0.12, minimum: int = 3) -> Plan:
    """A share of the lot, rounded up, at least ``minimum`` and at most the lot; acceptance number 0.

    Raises:
        ValueError: the lot is empty or the share is not in 0..1.
    """
    _require(lot_size >= 1, f"a lot has at least one photo, not {lot_size}")
    _require(0 < share <= 1, f"share must be in 0..1, not {share}")
    n = min(lot_size, max(minimum, math.ceil(share * lot_size - 1e-9)))
    return Plan(n, 0, "share", f"{share:.0%} of the lot")


def aql_plan(lot_size: int, aql: float, severity: Severity = "normal") -> Plan:
    """The single sampling plan of general level II; the arrows of the tables are resolved.

    An arrow takes both n and Ac of the row that it points to; where n reaches the lot, the whole lot is
    inspected and Ac stays.

    Raises:
        ValueError: lot or AQL is outside the tables (1..10,000; 0.4, 0.65, 1.0, 1.5, 2.5, 4.0).
    """
    _require(1 <= lot_size <= LEVEL_II[-1][0], f"lots of 1 to 10,000 photos have a plan, not {lot_size}")
    _require(aql in ZERO_LETTER, f"AQL {aql} has no plan here; choose one of {sorted(ZERO_LETTER)}")
    letter = next(letter for most, letter in LEVEL_II if lot_size <= most)
    letter, ac = _resolve(letter, aql, severity)
    return Plan(min(lot_size, SIZES[letter]), ac, "aql", f"AQL {aql:g} {severity}, letter {letter}")


def _resolve(letter: str, aql: float, severity: Severity) -> tuple[str, int]:
    """Follow the arrows of one column: zero plan, arrows to it, arrows to Ac 1, then the growing numbers."""
    zero = LETTERS.index(ZERO_LETTER[aql]) + (severity == "tightened")
    row = LETTERS.index(letter)
    first_one = zero + 3
    turns_up = zero + 1 if severity == "normal" else zero  # normal: the first arrow below Ac 0 points back up
    if row <= turns_up:
        return LETTERS[zero], 0
    row = max(row, first_one)
    return LETTERS[row], NUMBERS[severity][row - first_one]


def plan_for(
    lot_size: int,
    kind: Literal["share", "aql"],
    severity: Severity = "normal",
    share: float = 0.12,
    minimum: int = 3,
    aql: float = 2.5,
) -> Plan:
    """The plan in force. A tightened share plan takes twice the share, as the tables' tightened ones do
    about.
    """
    if kind == "aql":
        return aql_plan(lot_size, aql, severity)
    return share_plan(lot_size, min(1.0, share * (2 if severity == "tightened" else 1)), minimum)


def draw(lot_id: str, passed: Iterable[tuple[str, str]], n: int) -> list[str]:
    """Draw ``n`` photo ids from ``(photo_id, stratum)`` pairs: stratified, and the same on every retry.

    Each photo's rank is the SHA-256 of lot id and photo id: no state, no clock, no order of arrival, and a
    larger n keeps what a smaller one drew. Places are given out by largest remainder; each stratum gets at
    least one, for which the draw grows where n is smaller than the number of strata.
    """
    strata: dict[str, list[str]] = defaultdict(list)
    for photo, stratum in dict(passed).items():
        strata[stratum].append(photo)
    total = sum(len(photos) for photos in strata.values())
    n = min(total, max(n, len(strata)))
    if n <= 0:
        return []
    places = _places({name: len(photos) for name, photos in strata.items()}, n)
    ranked = {name: sorted(photos, key=lambda photo: _rank(lot_id, photo)) for name, photos in strata.items()}
    return sorted(photo for name, photos in ranked.items() for photo in photos[: places[name]])


def _rank(lot_id: str, photo: str) -> bytes:
    return hashlib.sha256(f"{lot_id}\x00{photo}".encode()).digest()


def _places(sizes: dict[str, int], n: int) -> dict[str, int]:
    """Largest remainder over the strata, at least one and at most its size each."""
    total = sum(sizes.values())
    places = dict.fromkeys(sizes, 1)
    while sum(places.values()) < n:
        open_ = [name for name in sizes if places[name] < sizes[name]]
        # The stratum furthest below its fair share; the name breaks ties, so that order does not matter.
        places[max(open_, key=lambda name: (sizes[name] * n / total - places[name], name))] += 1
    return places


def p_accept(lot_size: int, defective: int, n: int, ac: int) -> float:
    """Chance that ``n`` photos drawn without replacement show at most ``ac`` of the lot's ``defective``
    ones.
    """
    _require(0 <= defective <= lot_size and 0 <= n <= lot_size, "defective and n must lie within the lot")
    ways = sum(
        math.comb(defective, k) * math.comb(lot_size - defective, n - k)
        for k in range(min(ac, n, defective) + 1)
        if n - k <= lot_size - defective
    )
    return ways / math.comb(lot_size, n)


def oc(plan: Plan, lot_size: int) -> list[tuple[float, float]]:
    """The operating characteristic: (share defective, chance of acceptance) for every whole number of
    defectives up to 30 % of the lot (at least up to 5)."""
    most = min(lot_size, max(5, math.ceil(0.3 * lot_size)))
    n = min(plan.n, lot_size)
    return [(d / lot_size, p_accept(lot_size, d, n, plan.ac)) for d in range(most + 1)]


def slip_chance(plan: Plan, lot_size: int, share: float) -> float:
    """Chance that a lot with this share of defectives (rounded to whole photos) slips through the plan."""
    return p_accept(lot_size, min(lot_size, round(share * lot_size)), min(plan.n, lot_size), plan.ac)


def explain(plan: Plan, lot_size: int) -> str:
    """The plan and what it lets through, in words for the reviewer; small lots are spoken of in whole photos."""
    n = min(plan.n, lot_size)
    look = f"look at {n} of {lot_size}" if n < lot_size else "look at every photo"
    rule = (
        "none of the sample is"
        if plan.ac == 0
        else f"at most {plan.ac} of the sample {'is' if plan.ac == 1 else 'are'}"
    )
    if lot_size < SMALL_LOT:
        slips = [(f"with {d} defective", p_accept(lot_size, d, n, plan.ac)) for d in range(1, min(3, lot_size) + 1)]
        said = "A lot passes " + ", ".join(f"{what} {chance:.0%} of the time" for what, chance in slips)
    else:
        four, eight, twenty = (f"{slip_chance(plan, lot_size, share):.0%}" for share in (0.04, 0.08, 0.2))
        said = f"A lot that is 4 % bad passes {four} of the time, 8 % {eight}, 20 % {twenty}"
    return f"{plan.name}: {look}, accept only if {rule} defective. {said}."


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
