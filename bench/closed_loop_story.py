"""The stream of lots of the closed loop: photos that were measured once, a drift, and a reviewer."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOT_SIZE = 80
DRIFT_AT, BAD_VERSION_AT = 15, 40
CALM_RATE, DRIFT_RATE, BIAS_PX = 0.04, 0.20, 2.0
EDGE_DAMAGES = ("dilate", "halo")


@dataclass(frozen=True)
class Reviewer:
    """A person of stated accuracy."""

    sees: float = 0.95
    cries: float = 0.02
    mends: float = 0.8

    def decide(self, photo: Photo, dice: random.Random) -> tuple[bool, dict[str, Any]]:
        """(rejected, override). A biased edge is mended by an override, other defects are refused."""
        if photo.bias and dice.random() < self.mends * min(1.0, abs(photo.bias)):
            return False, {"edge_shift_px": round(photo.shift - photo.bias + dice.gauss(0, 0.4), 1)}
        return dice.random() < (self.sees if photo.defect else self.cries), {}


@dataclass(frozen=True)
class Photo:
    """One photo of the stream: its measurements, truth, and how far its edge is off under the profile in
    force.
    """

    photo_id: str
    measurements: dict[str, float]
    score: float
    defect: bool
    bias: float
    shift: float


@dataclass(frozen=True)
class Measured:
    """One measured example: what the checks see, and the score of a model that had not seen the product."""

    measurements: dict[str, float]
    score: float


@dataclass
class Pool:
    """Examples to draw from."""

    good: list[Measured] = field(default_factory=list)
    edge: list[Measured] = field(default_factory=list)
    other: list[Measured] = field(default_factory=list)


def read_pool(path: Path) -> Pool:
    """Examples from gzipped JSON lines (``python -m bench.quality --replay``).

    Of the usable photos two thirds are good ones and a third lies in the band below the limits, as among the mattes
    that process makes. Raises ValueError when a kind is missing.
    """
    pool, band = Pool(), list[Measured]()
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        one = json.loads(line)
        measured = Measured(one["measurements"], one["score"])
        if one["unusable"]:
            (pool.edge if one["damage"] in EDGE_DAMAGES else pool.other).append(measured)
        else:
            (pool.good if one["good"] else band).append(measured)
    if not (pool.good and band and pool.edge and pool.other):
        raise ValueError(f"{path} lacks good, nearly good, edge-spoiled or otherwise spoiled examples")
    share = len(band) / (len(pool.good) / 2)
    pool.good = pool.good * max(1, round(share)) + band * max(1, round(1 / share))
    return pool


def make_lot(pool: Pool, number: int, shift: float, dice: random.Random) -> list[Photo]:
    """One lot of the story, photographed and cut out under a profile with this edge shift."""
    drifted = number >= DRIFT_AT
    bias = (BIAS_PX if drifted else 0.0) + shift
    random_rate = CALM_RATE * (1.5 if drifted else 1.0)
    edge_rate = (DRIFT_RATE - 1.5 * CALM_RATE) * min(2.0, abs(bias) / BIAS_PX)
    photos = []
    for i in range(LOT_SIZE):
        place = dice.random()
        if place < edge_rate:
            source, defect = pool.edge, True
        elif place < edge_rate + random_rate:
            source, defect = pool.other, True
        else:
            source, defect = pool.good, False
        drawn = dice.choice(source)
        photos.append(Photo(f"{number}-{i}", drawn.measurements, drawn.score, defect, bias, shift))
    return photos
