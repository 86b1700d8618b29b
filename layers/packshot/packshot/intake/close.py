"""A drop is complete: settle its photos, close it, start its one execution. Called twice, it does it once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from packshot import keys
from packshot.intake import settle
from packshot.intake.contest import DUPLICATE, Contest, Latecomer, Losers, Ranks
from packshot.intake.events import heal
from packshot.intake.receive import fresh_catalog
from packshot.reasons import reason
from packshot.records import DropRecord, DropStatus, PhotoRecord, Status, now, told
from packshot.settings import CloseSettings
from packshot.store import Conflict, Store
from packshot.store.abreast import each
from packshot.store.clock import s3_time
from packshot.store.objects import Listed
from packshot.store.tables import SHARDS

HEAL_AFTER_S = 60  # an event slower than this is taken for lost (S3: seconds, rarely over a minute)
GIVE_UP_AFTER_S = 1800  # an object that intake could not record for this long is recorded as failed
MOST_HEALED = 10_000  # events re-sent in one call
CALL_S = 900  # longest call; nobody else closes the drop meanwhile
SPARE_S = 60  # time left at which a call hands over to the next
_Change = tuple[PhotoRecord, PhotoRecord]  # a record as it is, and as it should be


class Outcome(StrEnum):
    """What closing came to."""

    STARTED = "started"  # closed (now or before), and its execution runs
    NOT_DUE = "not due"  # neither ready nor quiet
    MISSING = "missing"  # photos are not recorded yet
    CHANGING = "changing"  # a photo arrived while the drop was being settled
    SETTLING = "settling"  # the call's time is over; the next goes on
    BUSY = "busy"  # another call is closing it
    UNKNOWN = "unknown"  # no such drop, or the one that never closes


@dataclass(frozen=True)
class CloseResult:
    """What ``close`` did. ``again`` says whether to call it once more in a while, with ``first``."""

    drop: str
    outcome: Outcome
    photos: int = 0
    missing: int = 0
    healed: int = 0
    written: int = 0
    execution: str = ""
    first: int = 0

    @property
    def again(self) -> bool:
        """Whether the drop waits for something that will come without another event."""
        return self.outcome in (Outcome.MISSING, Outcome.CHANGING, Outcome.SETTLING)


def close(
    store: Store,
    settings: CloseSettings,
    drop_id: str,
    first: int = 0,
    remaining_s: Callable[[], float] = lambda: CALL_S,
    message: str = "",
) -> CloseResult:
    """Close a drop that is ready or quiet, and start its execution, exactly once whatever crashes or repeats.

    Every object below the drop's prefix has a record before it closes; lost events are sent again. A drop with more
    to write than a call has time for is settled in several: each finds the winners anew and goes on with partition
    ``first`` of the drop's photos. Only a call that has gone through all of them closes the drop. ``message`` is the
    id of the message that asks: delivered again, it goes on where a worker died.
    """
    drop = store.drops.get(drop_id)
    if drop is None or drop.prefix == keys.DropKey("", "", "").prefix:
        return CloseResult(drop_id, Outcome.UNKNOWN)
    if drop.status is not DropStatus.OPEN:
        return _start(store, drop, CloseResult(drop_id, Outcome.STARTED))
    moment = s3_time(store.incoming)  # before the listing: what is uploaded later is late, or recorded while still open
    if not due(drop, settings, moment):
        return CloseResult(drop_id, Outcome.NOT_DUE)
    if not store.drops.take_closing(drop_id, CALL_S, message or uuid.uuid4().hex):
        return CloseResult(drop_id, Outcome.BUSY)
    try:
        return _Closing(store, drop, moment, remaining_s).run(first, 0 if drop.ready else settings.quiet_minutes * 60)
    finally:
        store.drops.leave_closing(drop_id)


def due(drop: DropRecord, settings: CloseSettings, moment: dt.datetime) -> bool:
    """Whether an open drop is complete: the user said so, or nothing came for a while."""
    return drop.ready or _since(drop.last_event_at, moment) >= settings.quiet_minutes * 60


def close_due(store: Store, settings: CloseSettings) -> list[str]:
    """Ask for the closing of every drop that is due, or closed without an execution (a crash in between)."""
    asked = []
    moment = s3_time(store.incoming)
    for status in (DropStatus.OPEN, DropStatus.CLOSED):
        for drop in store.drops.by_status(status):
            waiting = due(drop, settings, moment) if status is DropStatus.OPEN else not drop.execution
            if waiting and drop.drop != keys.drop_id(""):
                store.close_queue.send({"drop": drop.drop})
                asked.append(drop.drop)
    return asked


def _since(then: str, moment: dt.datetime) -> float:
    return (moment - dt.datetime.fromisoformat(then)).total_seconds()


def _start(store: Store, drop: DropRecord, result: CloseResult) -> CloseResult:
    """Start the drop's execution if nobody noted one; its name makes a second start harmless."""
    execution = drop.execution
    if not execution:
        execution = store.workflow.start(drop.drop, {"drop": drop.drop})
        for status in (DropStatus.CLOSED, DropStatus.DONE):  # a short workflow may be done already
            if store.drops.move(drop.drop, status, execution=execution):
                break
    return replace(result, outcome=Outcome.STARTED, execution=execution)


class _Closing:
    """One attempt to settle and close a drop, at a moment by S3's clock: what it decides by S3's dates, no clock of
    a worker shall spoil.
    """

    def __init__(self, store: Store, drop: DropRecord, moment: dt.datetime, remaining_s: Callable[[], float]) -> None:
        self.store, self.drop, self.moment, self.remaining_s = store, drop, moment, remaining_s
        self.ranks = Ranks()
        self.newest = 0.0  # upload
        self.catalog = fresh_catalog(store, drop.prefix)

    def run(self, first: int, quiet_s: float) -> CloseResult:
        """Settle from partition ``first`` on, and close; not while the last upload is younger than ``quiet_s``."""
        losers = self._meet()
        if self.moment.timestamp() - self.newest < quiet_s:
            return CloseResult(self.drop.drop, Outcome.NOT_DUE, len(self.ranks))
        result = CloseResult(self.drop.drop, Outcome.STARTED, len(self.ranks))
        if absent := self.ranks.unmet():
            missing, healed = self._seek(absent)
            return replace(result, outcome=Outcome.MISSING, missing=missing, healed=healed)
        written = 0
        for shard in range(first, len(SHARDS)):
            try:
                written += each(self._changes(SHARDS[shard], losers), lambda change: settle.apply(self.store, *change))
            except (Conflict, Latecomer):  # a photo, or a newer version of one, came in between
                return replace(result, outcome=Outcome.CHANGING)
            if self._short():
                return replace(result, outcome=Outcome.SETTLING, written=written, first=shard)
        if first:  # what came meanwhile into the partitions before was not looked at
            return replace(result, outcome=Outcome.SETTLING, written=written)
        errors = self.catalog.errors
        self.store.drops.move(
            self.drop.drop,
            DropStatus.OPEN,
            status=DropStatus.CLOSED,
            closed_at=told(self.moment),
            catalog_errors=errors,
        )
        current = self.store.drops.get(self.drop.drop)
        if current is None:
            raise LookupError(f"drop {self.drop.drop} vanished while it was closed")
        return _start(self.store, current, replace(result, written=written))

    def _short(self) -> bool:
        return self.remaining_s() < SPARE_S

    def _meet(self) -> Losers:
        """Hold what S3 lists against what is on record, and find who stays of photos with the same bytes or name."""
        for entry in self._listed():
            self.ranks.add(keys.photo_id(entry.key), entry.bytes)
            self.newest = max(self.newest, entry.last_modified)
        contest = Contest(self.ranks)
        for record in self.store.photos.of_drop(self.drop.drop, only=settle.NEEDED):
            self.ranks.meet(record.photo_id, record.bytes)
            if settle.open_to_settling(record):
                contest.enter(record, settle.complete(record, self.catalog))
        return contest.losers()

    def _seek(self, absent: set[str]) -> tuple[int, int]:
        """How many photos lie in S3 without a record of them, and how many events were sent again."""
        missing = healed = 0
        for entry in self._listed():
            if keys.photo_id(entry.key) not in absent:
                continue
            missing += 1
            silent = min(_since(self.drop.last_event_at, self.moment), self.moment.timestamp() - entry.last_modified)
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

    def _changes(self, shard: str, losers: Losers) -> Iterator[_Change]:
        """The records of a partition that are not yet what they are in the complete drop; until time runs out."""
        for record in self.store.photos.of_drop(self.drop.drop, shard, only=settle.NEEDED):
            if self._short():
                return
            if not settle.open_to_settling(record):
                continue
            code, winner = losers.of(record.photo_id)
            change = self._pair(record, code, winner) if code else (record, settle.judge(record, self.catalog))
            if change[0] != change[1]:
                yield change

    def _pair(self, record: PhotoRecord, code: str, winner: str) -> _Change:
        first = self._get(winner)
        if code == DUPLICATE and first.sha256 != record.sha256:
            code = ""  # 64 bits of two hashes agree and the rest does not
        return record, settle.judge(record, self.catalog, code, first.file)

    def _get(self, photo: str) -> PhotoRecord:
        record = self.store.photos.get(self.drop.drop, photo)
        if record is None:
            raise LookupError(f"photo {photo} vanished while its drop was closed")
        return record
