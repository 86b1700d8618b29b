"""A lot of photos as process leaves it, and what may become of it."""

from __future__ import annotations

import boxes
from cloud import Cloud

from packshot import keys
from packshot.plan.stage import plan_drop
from packshot.quality.stage import inspect_lot
from packshot.records import LotRecord, LotStatus, PhotoRecord, Status
from packshot.review.gate import open_gate, settle_lot
from packshot.settings import InspectSettings, PlanSettings
from packshot.settle import Settlement, end_lot

GATE, ADVISORY = InspectSettings(), InspectSettings(gate_mode="advisory")


class Lot:
    """A planned lot of processed photos; the first ``bad`` ones lost their product."""

    def __init__(self, cloud: Cloud, size: int = 6, bad: int = 0, missing: int = 0) -> None:
        self.cloud, self.store = cloud, cloud.store
        self.photos = [cloud.accept("d", f"SKU-{n}") for n in range(size)]
        plan_drop(cloud.store, PlanSettings(chunk_size=4), "d", "run")
        self.id = next(iter(cloud.store.lots.of_drop("d"))).lot
        for n, photo in enumerate(self.photos[missing:]):
            self.process(photo, bad=n < bad)

    def process(self, photo: PhotoRecord, *, bad: bool = False, altered: bool = False) -> None:
        key = keys.photo_key("d", photo.photo_id, "measurements.json")
        self.store.work.put_json(key, boxes.result(photo.photo_id, bad=bad, altered=altered))

    def inspect(self, settings: InspectSettings = GATE, attempt: int = 0) -> str:
        return inspect_lot(self.store, settings, "d", self.id, attempt).decision

    def gate(self, token: str = "token-1") -> str:
        self.cloud.flow.waiting.add(token)
        return open_gate(self.store, "d", self.id, token)

    def decide(self, decision: str, task: str) -> str:
        self.store.tasks.claim(task, "ann", 60)
        self.store.tasks.decide(task, "ann", decision=decision, reasons=["HALO"] if decision == "reject" else [])
        return settle_lot(self.store, "d", self.id)

    def settle(self, code: str, status: LotStatus) -> int:
        return end_lot(self.store, Settlement(drop="d", lot=self.id, code=code, status=status)).ended

    @property
    def record(self) -> LotRecord:
        found = self.store.lots.get("d", self.id)
        assert found is not None
        return found

    @property
    def tasks(self) -> list[str]:
        return self.record.task_ids

    def states(self) -> dict[str, Status]:
        return {photo.file: photo.status for photo in self.store.photos.of_drop("d")}
