"""``packshot up``: the local stack that stays, takes drops, and serves the review desk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from packshot.records import DropStatus, LotStatus
from packshot.store import Store
from packshot_local import drop as drops
from packshot_local import results
from packshot_local.stack import Stack

SETTLED_S = 5.0
Say = Callable[[str], None]


@dataclass
class Watcher:
    """Takes every subfolder of a folder as a drop, once its files have stopped changing."""

    folder: Path
    store: Store
    say: Say
    seen: dict[Path, tuple[float, tuple[tuple[str, int, int], ...]]] = field(default_factory=dict)
    taken: set[Path] = field(default_factory=set)

    def look(self) -> None:
        """Upload the subfolders that are complete."""
        for folder in sorted(p for p in self.folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
            if folder in self.taken:
                continue
            files = tuple(
                (str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()
            )
            since, before = self.seen.get(folder, (0.0, ()))
            if files != before:
                self.seen[folder] = (time.monotonic(), files)
            elif files and time.monotonic() - since >= SETTLED_S:
                self.taken.add(folder)
                self._take(folder)

    def _take(self, folder: Path) -> None:
        try:
            drops.upload(self.store, folder, drops.drop_name(folder), drops.Progress())
        except drops.DropError as error:
            self.say(str(error))
            return
        self.say(f"{folder.name}: uploaded as drop {drops.drop_name(folder)}")


@dataclass
class Collector:
    """Brings home what drops leave, whenever their books change."""

    stack: Stack
    store: Store
    source: Path | None
    out: Path
    say: Say
    written: dict[str, str] = field(default_factory=dict)
    told: set[tuple[str, int]] = field(default_factory=set)

    def look(self) -> None:
        """Collect every drop that has ended, again when a later decision moved something; say which lots wait."""
        for record in self.store.drops.by_status(DropStatus.CLOSED):
            self._call_people(record.drop)
        for record in self.store.drops.by_status(DropStatus.DONE):
            mark = self._mark(record.drop)
            if self.written.get(record.drop) == mark:
                continue
            self.written[record.drop] = mark
            folder = self.out / record.drop
            report = results.collect(self.store, record.drop, self._source(record.drop), folder)
            numbers = report["audit"]
            words = ", ".join(f"{numbers[n]} {n}" for n in ("exported", "held", "rejected", "failed"))
            self.say(f"{record.drop}: {words}. See {folder / 'report.html'}")

    def _call_people(self, drop: str) -> None:
        for lot in self.store.lots.of_drop(drop):
            if lot.status == LotStatus.REVIEW and lot.task_ids and (lot.lot, lot.attempt) not in self.told:
                self.told.add((lot.lot, lot.attempt))
                again = " once more" if lot.attempt else ""
                self.say(f"{drop}: {len(lot.task_ids)} of {lot.size} {lot.segment} photos wait on the desk{again}")

    def _mark(self, drop: str) -> str:
        lots = ",".join(f"{lot.lot}:{lot.status}:{lot.attempt}" for lot in self.store.lots.of_drop(drop))
        return f"{drop}|{lots}"

    def _source(self, drop: str) -> Path | None:
        folder = self.source / drop if self.source else None
        return folder if folder and folder.is_dir() else None
