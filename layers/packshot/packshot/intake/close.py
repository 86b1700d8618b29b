"""A drop is complete: settle its photos, close it, start its one execution. Called twice, it does it once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum

from packshot import keys
from packshot.intake import settle
from packshot.intake.events import heal
from packshot.intake.receive import fresh_catalog
from packshot.reasons import reason
from packshot.records import DropRecord, DropStatus, PhotoRecord, Status, now
from packshot.settings import CloseSettings
from packshot.store import Conflict, Store
from packshot.store.objects import Listed

HEAL_AFTER_S = 60  # an event slower than this is taken for lost (S3: seconds, rarely over a minute)
GIVE_UP_AFTER_S = 1800  # an object that intake could not record for this long is recorded as failed
MOST_HEALED = 10_000  # events re-sent in one call
_Change = tuple[PhotoRecord, PhotoRecord]  # a record as it is, and as it should be
WRITERS = 16  # writes at once; the store keeps 32 connections


class Outcome(StrEnum):
    """What closing came to."""

    STARTED = "started"  # closed (now or before), and its execution runs
    NOT_DUE = "not due"  # neither ready nor quiet
    MISSING = "missing"  # photos are not recorded yet
    CHANGING = "changing"  # a photo arrived while the drop was being settled
    UNKNOWN = "unknown"  # no such drop, or the one that never closes


@dataclass(frozen=True)
class CloseResult:
    """What ``close`` did. ``again`` says whether to call it once more in a while."""

    drop: str
    outcome: Outcome
    photos: int = 0
    missing: int = 0
    healed: int = 0
    written: int = 0
    execution: str = ""

    @property
    def again(self) -> bool:
        """Whether the drop waits for something that will come without another event."""
        return self.outcome in (Outcome.MISSING, Outcome.CHANGING)


def close(store: Store, settings: CloseSettings, drop_id: str) -> CloseResult:
    """Close a drop that is ready or quiet, and start its execution, exactly once whatever crashes or repeats.

    Every object below the drop's prefix has a record before it closes; lost events are sent again.
    """
    drop = store.drops.get(drop_id)
    if drop is None or drop.prefix == keys.DropKey("", "", "").prefix:
        return CloseResult(drop_id, Outcome.UNKNOWN)
    if drop.status is not DropStatus.OPEN:
        return _start(store, drop, CloseResult(drop_id, Outcome.STARTED))
    if not due(drop, settings):
        return CloseResult(drop_id, Outcome.NOT_DUE)
    closed_at = now()  # before the listing: what is uploaded later is late, or recorded while still open
    return _Closing(store, drop).run(closed_at)


def due(drop: DropRecord, settings: CloseSettings) -> bool:
    """Whether an open drop is complete: the user said so, or nothing came for a while."""
    return drop.ready or _age(drop.last_event_at) >= settings.quiet_minutes * 60


def close_due(store: Store, settings: CloseSettings) -> list[str]:
    """Ask for the closing of every drop that is due, or closed without an execution (a crash in between)."""
    asked = []
    for status in (DropStatus.OPEN, DropStatus.CLOSED):
        for drop in store.drops.by_status(status):
            waiting = due(drop, settings) if status is DropStatus.OPEN else not drop.execution
            if waiting and drop.drop != keys.drop_id(""):
                store.close_queue.send({"drop": drop.drop})
                asked.append(drop.drop)
    return asked


def _age(moment: str) -> float:
    return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(moment)).total_seconds()


def _start(store: Store, drop: DropRecord, result: CloseResult) -> CloseResult:
    """Start the drop's execution if nobody noted one; its name makes a second start harmless."""
    execution = drop.execution
    if not execution:
        execution = store.workflow.start(drop.drop, {"drop": drop.drop})
        for status in (DropStatus.CLOSED, DropStatus.DONE):  # a short workflow may be done already
            if store.drops.move(drop.drop, status, execution=execution):
                break
    return CloseResult(
        drop.drop, Outcome.STARTED, result.photos, result.missing, result.healed, result.written, execution
    )


class _Closing:
    """One attempt to settle and close a drop."""

    def __init__(self, store: Store, drop: DropRecord) -> None:
        self.store, self.drop = store, drop
        self.ranks = settle.Ranks()
        self.catalog = fresh_catalog(store, drop.prefix)

    def run(self, closed_at: str) -> CloseResult:
        missing, healed = self._missing()
        photos = len(self.ranks)
        if missing:
            return CloseResult(self.drop.drop, Outcome.MISSING, photos, missing, healed)
        try:
            written = self._settle()
        except Conflict:  # a newer version of a photo came in between
            return CloseResult(self.drop.drop, Outcome.CHANGING, photos)
        errors = self.catalog.errors
        self.store.drops.move(
            self.drop.drop,
            DropStatus.OPEN,
            status=DropStatus.CLOSED,
            closed_at=closed_at,
            catalog_errors=errors,
        )
        current = self.store.drops.get(self.drop.drop)
        if current is None:
            raise LookupError(f"drop {self.drop.drop} vanished while it was closed")
        return _start(self.store, current, CloseResult(self.drop.drop, Outcome.STARTED, photos, written=written))

    def _missing(self) -> tuple[int, int]:
        """How many photos lie in S3 without a record of them, and how many events were sent again."""
        for entry in self._listed():
            self.ranks.add(keys.photo_id(entry.key), entry.bytes)
        for record in self.store.photos.of_drop(self.drop.drop):
            self.ranks.meet(record.photo_id, record.bytes)
        absent = self.ranks.unmet()
        if not absent:
            return 0, 0
        missing = healed = 0
        for entry in self._listed():
            if keys.photo_id(entry.key) not in absent:
                continue
            missing += 1
            silent = min(_age(self.drop.last_event_at), time.time() - entry.last_modified)
            if silent >= GIVE_UP_AFTER_S:
                self._give_up(entry)
            elif silent >= HEAL_AFTER_S and healed < MOST_HEALED:
                self.store.intake_queue.send(heal(entry, self.store.incoming.name))
                healed += 1
        return missing, healed

    def _listed(self) -> Iterator[Listed]:
        for entry in self.store.incoming.list(self.drop.prefix):
            key = keys.parse(entry.key)
            if key is not None and key.drop == self.drop.drop and key.is_photo:
                yield entry

    def _give_up(self, entry: Listed) -> None:
        """Record a photo that intake fails on again and again: it must not hold up its whole drop."""
        key = keys.parse(entry.key)
        if key is None:
            raise AssertionError("a listed key lies below incoming/")
        why = reason("INTAKE_ERROR", measured=f"no record after {GIVE_UP_AFTER_S // 60} minutes")
        self.store.photos.receive(
            PhotoRecord(
                drop=self.drop.drop,
                photo_id=key.photo_id,
                key=entry.key,
                file=key.file,
                bytes=entry.bytes,
                status=Status.FAILED,
                reason=why,
                ended_at=now(),
            )
        )

    def _settle(self) -> int:
        """Bring every record to what it is in the complete drop; how many were written."""
        contest = settle.Contest(self.ranks)
        held_back: set[str] = set()
        written = _all(self._alone(contest, held_back), self._apply)
        losers = {photo: (code, winner) for photo, code, winner in contest.losers()}
        undecided = sorted(held_back | losers.keys())
        return written + _all((self._pair(p, *losers.get(p, ("", ""))) for p in undecided), self._apply)

    def _alone(self, contest: settle.Contest, held_back: set[str]) -> Iterator[_Change]:
        """Enter every photo into the contest, and judge it by itself.

        A photo that lost an earlier contest is held back until this one is over: else it would be accepted
        for a moment.
        """
        for record in self.store.photos.of_drop(self.drop.drop):
            if not settle.open_to_settling(record):
                continue
            after = settle.judge(record, self.catalog)
            contest.enter(record, after.reason is None)
            if record.reason is not None and record.reason.code in (settle.DUPLICATE, settle.NAME_COLLISION):
                held_back.add(record.photo_id)
            else:
                yield record, after

    def _pair(self, photo: str, code: str, winner: str) -> _Change:
        record = self._get(photo)
        first = self._get(winner) if winner else record
        if code == settle.DUPLICATE and first.sha256 != record.sha256:
            code = ""  # 64 bits of two hashes agree and the rest does not
        return record, settle.judge(record, self.catalog, code, first.file)

    def _get(self, photo: str) -> PhotoRecord:
        record = self.store.photos.get(self.drop.drop, photo)
        if record is None:
            raise LookupError(f"photo {photo} vanished while its drop was closed")
        return record

    def _apply(self, change: _Change) -> bool:
        return settle.apply(self.store, *change)


def _all(changes: Iterable[_Change], act: Callable[[_Change], bool]) -> int:
    """Apply changes, several at once but never many in memory; how many were written. First error wins."""
    written = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        running: set[Future[bool]] = set()
        for change in changes:
            if change[0] == change[1]:
                continue
            running.add(pool.submit(act, change))
            if len(running) >= 4 * WRITERS:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                written += sum(future.result() for future in done)
        return written + sum(future.result() for future in running)
