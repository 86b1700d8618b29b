"""``packshot plan``: what a folder would become, before anything is spent: rejections, lots, time, money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from packshot.documents import from_yaml
from packshot.intake.close import close
from packshot.learning.profiles import default_profile
from packshot.plan.lots import cut
from packshot.records import PhotoRecord, Status
from packshot.settings import CloseSettings, PlanSettings
from packshot.store import Store


class StageCost(BaseModel):
    """One function's share: wall seconds a photo at its memory, as measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float
    memory_mb: int


class Prices(BaseModel):
    """``prices.yaml``: what AWS asks, with the date of reading, and what a photo takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    read_on: dt.date
    currency: str
    lambda_gb_second: float
    lambda_request: float
    step_functions_transition: float
    s3_put: float
    s3_get: float
    s3_gb_month: float
    dynamodb_write: float
    dynamodb_read: float
    transitions_per_photo: float
    puts_per_photo: int
    gets_per_photo: int
    writes_per_photo: int
    reads_per_photo: int
    stages: dict[str, StageCost]
    local_core_seconds: float


@cache
def prices() -> Prices:
    """The price file."""
    return Prices.model_validate(from_yaml(files("packshot_local").joinpath("prices.yaml").read_text("utf-8")))


@dataclass(frozen=True)
class Quote:
    """What a drop would become."""

    photos: int
    rejected: list[PhotoRecord]
    lots: dict[str, list[int]]
    local_minutes: float
    aws_cost: dict[str, float]

    @property
    def total(self) -> float:
        """The whole drop on AWS, in the price file's currency."""
        return sum(self.aws_cost.values())

    def as_dict(self) -> dict[str, object]:
        """The quote for programs."""
        refused = [{"file": p.file, **p.reason.model_dump()} for p in self.rejected if p.reason is not None]
        return {
            "photos": self.photos,
            "rejected": refused,
            "lots": self.lots,
            "local_minutes": round(self.local_minutes, 2),
            "aws_cost": {name: round(value, 6) for name, value in self.aws_cost.items()},
            "aws_total": round(self.total, 6),
            "currency": prices().currency,
        }


class NoStart:
    """Stands in for the workflow while a drop is only quoted: its execution is not started."""

    def start(self, name: str, payload: dict[str, object]) -> str:  # noqa: ARG002 - the workflow's signature
        """Start nothing."""
        return "quoted only"


def settle(store: Store, drop: str) -> None:
    """Settle a drop that intake has seen: metadata, duplicates, collisions; nothing is processed."""
    store.workflow = NoStart()  # type: ignore[assignment]
    store.drops.touch(drop, ready=True)
    close(store, CloseSettings(), drop)


def quote(store: Store, drop: str, settings: PlanSettings, workers: int) -> Quote:
    """The quote of a drop that intake has settled."""
    photos = list(store.photos.of_drop(drop))
    accepted = [p for p in photos if p.status == Status.ACCEPTED]
    lots: dict[str, list[int]] = {}
    for lot in cut(drop, accepted, settings, default_profile):
        lots.setdefault(lot.segment, []).append(len(lot.photos))
    return Quote(
        photos=len(photos),
        rejected=sorted((p for p in photos if p.status == Status.REJECTED), key=lambda p: p.file),
        lots=lots,
        local_minutes=len(accepted) * prices().local_core_seconds / workers / 60,
        aws_cost=cost(len(photos), len(accepted)),
    )


def cost(dropped: int, accepted: int, price: Prices | None = None) -> dict[str, float]:
    """Cost on AWS by stage and service, in the price file's currency, without free tiers."""
    price = price or prices()
    parts: dict[str, float] = {}
    for stage, share in price.stages.items():
        photos = dropped if stage == "intake" else accepted
        seconds = share.seconds * share.memory_mb / 1024
        parts[stage] = photos * (seconds * price.lambda_gb_second + price.lambda_request)
    parts["step functions"] = accepted * price.transitions_per_photo * price.step_functions_transition
    parts["s3"] = accepted * (price.puts_per_photo * price.s3_put + price.gets_per_photo * price.s3_get)
    parts["dynamodb"] = dropped * (
        price.writes_per_photo * price.dynamodb_write + price.reads_per_photo * price.dynamodb_read
    )
    return parts
