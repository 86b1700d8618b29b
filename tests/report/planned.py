"""A planned lot of processed photos, on its way to export."""

from __future__ import annotations

import boxes
import numpy as np
from cloud import Cloud

from packshot import keys
from packshot.export.chunk import ExportChunk, ExportDone, export_chunk
from packshot.export.press import Press
from packshot.imaging.png import encode_png
from packshot.plan.stage import plan_drop
from packshot.records import PhotoRecord, TaskRecord
from packshot.settings import PlanSettings

SIDE = 1100


class Bench:
    """A planned lot of two processed photos."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.store = cloud, cloud.store
        self.photos = [cloud.accept("d", f"SKU-{n}") for n in range(2)]
        plan_drop(self.store, PlanSettings(), "d", "run")
        self.lot = next(iter(self.store.lots.of_drop("d"))).lot
        for n, photo in enumerate(self.photos):
            rgb, matte = boxes.draw(n, SIDE)
            master = np.dstack([np.where(matte[..., None] > 0, rgb, 0), matte]).astype(np.uint8)
            self.store.work.put(keys.photo_key("d", photo.photo_id, "master.png"), encode_png(master), "image/png")

    def run(self, seconds: float = 600.0, channels: tuple[str, ...] = ("google",)) -> ExportDone:
        order = ExportChunk(drop="d", lot=self.lot, chunk=0)
        return export_chunk(self.store, Press(list(channels)), order, lambda: seconds)

    def files(self) -> dict[str, bytes]:
        return {entry.key: self.store.output.get(entry.key).body for entry in self.store.output.list("exports/")}

    def now(self, n: int) -> PhotoRecord:
        return self.cloud.photo(self.photos[n])

    def task(self, n: int, attempt: int, decision: str = "") -> None:
        photo = self.photos[n]
        self.store.tasks.create(
            TaskRecord(
                task_id=f"{self.lot}.{attempt}.{photo.photo_id}",
                drop="d",
                lot=self.lot,
                photo_id=photo.photo_id,
                sku=photo.sku,
                view="front",
                file=photo.file,
                segment="general",
                why="sample",
                due_at="2026-01-01T00:00:00Z",
                decision=decision,
                reasons=["HALO"] if decision == "reject" else [],
            )
        )
