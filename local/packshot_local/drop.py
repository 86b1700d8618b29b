"""One drop on the local stack: upload a folder, follow it through, bring the results home."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from packshot import keys
from packshot.records import DropStatus
from packshot.store import Store
from packshot_local.stack import LogLine, Stack

STAGES = ("upload", "intake", "process", "export")
COUNTED = {
    "received": "intake",
    "photo processed": "process",
    "photo exported": "export",
}
STALLED_S = 900.0
AUDITED = "audited"
"""What the last function on a drop's way says at its end."""
SEEN_S = 0.3
ASKED_S = 3.0
"""How often a busy drop is asked how it stands: every question is two processes' work on the same two cores."""

LEARNT_S = 10.0
"""Longest wait for what is learnt from a drop, to be kept with the rest: streams are read a second later."""


class DropError(RuntimeError):
    """The drop cannot be run; the message says what to do."""


@dataclass
class Progress:
    """Photos that passed each stage so far; ``changed`` is called from several threads. ``taken_in`` is set when intake
    has seen all, ``audited`` when a report was written.
    """

    total: int = 0
    done: Counter[str] = field(default_factory=Counter)
    taken_in: threading.Event = field(default_factory=threading.Event)
    audited: threading.Event = field(default_factory=threading.Event)
    changed: Callable[[], None] = lambda: None

    def count(self, stage: str, photos: int = 1) -> None:
        """Note that photos passed a stage."""
        self.done[stage] = min(self.total, self.done[stage] + photos) if self.total else self.done[stage] + photos
        if self.done["intake"] == self.total:
            self.taken_in.set()
        self.changed()

    def on_log(self, line: LogLine) -> None:
        """Count what the functions say."""
        message = str((line.fields or {}).get("message", ""))
        if message in COUNTED:
            self.count(COUNTED[message])
        elif message == AUDITED:
            self.audited.set()


def photos_of(folder: Path) -> list[Path]:
    """Everything in a folder that counts as dropped: all files but hidden ones, catalogue and README."""
    if not folder.is_dir():
        raise DropError(f"{folder} is not a folder. Give a folder with photos and a catalog.csv.")
    found = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _aside(p.relative_to(folder))]
    if not found:
        raise DropError(f"{folder} holds no photos. Put JPEG or PNG files named <SKU>_<view>.jpg there.")
    return found


def _aside(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return hidden or path.name in (keys.CATALOG, keys.READY) or path.stem.upper() == "README"


def drop_name(folder: Path) -> str:
    """A drop's name from the folder's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-_")[:40] or "drop"


def upload(store: Store, folder: Path, drop: str, progress: Progress, *, ready: bool = True) -> None:
    """Put a folder's photos and catalogue below ``incoming/<drop>/``, then the marker that it is complete."""
    photos = photos_of(folder)
    progress.total = len(photos)

    def put(path: Path) -> None:
        key = f"{keys.INCOMING}{drop}/{path.relative_to(folder).as_posix()}"
        with path.open("rb") as file:
            store.incoming.put(key, file, "application/octet-stream")
        progress.count("upload")

    catalogue = folder / keys.CATALOG
    if catalogue.is_file():  # first, so that no record has to wait for it and be written twice
        store.incoming.put(f"{keys.INCOMING}{drop}/{keys.CATALOG}", catalogue.read_bytes(), "text/csv")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, photos))
    if ready:
        say_ready(store, drop)


def say_ready(store: Store, drop: str) -> None:
    """Put the marker that a drop is complete."""
    store.incoming.put(f"{keys.INCOMING}{drop}/{keys.READY}", b"", "text/plain")


def complete(stack: Stack, store: Store, drop: str, progress: Progress) -> None:
    """Put the marker once intake has seen all photos: one that is still on its way lets close wait for 2 s."""
    until = time.monotonic() + STALLED_S
    while not progress.taken_in.wait(SEEN_S) and not stack.idle() and time.monotonic() < until:
        continue
    say_ready(store, drop)


def follow(stack: Stack, store: Store, drop: str, progress: Progress) -> Iterator[None]:
    """Wait until a drop is through, or only waits for people; yields several times a second.

    Raises DropError when nothing has moved for a quarter of an hour.
    """
    last, since = _mark(progress), time.monotonic()
    asked = -ASKED_S
    while True:
        if not (progress.audited.is_set() or stack.idle()) and time.monotonic() - asked < ASKED_S:
            yield
            progress.audited.wait(SEEN_S)
            continue
        progress.audited.clear()
        record, asked = store.drops.get(drop), time.monotonic()
        if record is not None and record.status == DropStatus.DONE:
            return
        if record is not None and record.status == DropStatus.CLOSED and stack.idle():
            # Only gates are left: the report brings the books up to date while people decide.
            stack.invoke("ReportFunction", {"drop": drop}).value()
            return
        if _mark(progress) != last:
            last, since = _mark(progress), time.monotonic()
        elif time.monotonic() - since > STALLED_S:
            raise DropError(f"Nothing has moved in drop {drop} for {STALLED_S / 60:.0f} minutes; see the log.")
        yield
        progress.audited.wait(SEEN_S)


def _mark(progress: Progress) -> tuple[int, ...]:
    return tuple(progress.done[stage] for stage in STAGES)
