"""One drop: how it is stuck, and what is safe to do about it.

Everything done here is something that a stage would have done itself, had its message, its worker or its
execution not been lost, and that may be done twice. Nothing here decides about photos.
"""

from __future__ import annotations

import datetime as dt

from packshot import keys
from packshot.ends import UNENDED
from packshot.intake.events import heal
from packshot.reconcile.found import Finding, Notes, Reconciled, State
from packshot.records import DropRecord, DropStatus, LotRecord, LotStatus, TaskState, now, stored
from packshot.review.gate import settle_lot
from packshot.settings import CloseSettings
from packshot.store import Store
from packshot.store.objects import Listed

GRACE_S = 300  # what is younger than this is on its way, not stuck
HOPELESS_S = 3600  # a drop that is due for this long fails to close again and again
STALLED_S = 6 * 3600  # an execution runs, nothing waits for people, and no lot has moved
MOST_TRIES = 3  # resumes without progress
MOST_LOTS = 2000  # lots in one resume: Step Functions takes 256 KB
MOST_HEALED = 1000
BOOK = "reconcile"  # segment of the notebook that the notes are kept in


def reconcile_drop(store: Store, drop: str, settings: CloseSettings | None = None) -> Reconciled:
    """Find how a drop is stuck, mend what is safe to mend, tell people of the rest once.

    Args:
        store: needs the incoming and the work bucket, all tables, the queues of intake and close, the workflow
            and the notices.
        drop: the drop's id.
        settings: when drops close; by default as the environment says.

    Raises LookupError when there is no such drop.
    """
    record = store.drops.get(drop)
    if record is None:
        raise LookupError(f"there is no drop {drop}")
    return Mender(store, record, settings or CloseSettings.read()).run()


def age(moment: str) -> float:
    """Seconds since a moment; without a moment, for ever."""
    if not moment:
        return float("inf")
    return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(moment)).total_seconds()


class Mender:
    """One look at one drop."""

    def __init__(self, store: Store, drop: DropRecord, settings: CloseSettings) -> None:
        self.store, self.drop, self.settings = store, drop, settings
        self.found: list[Finding] = []
        body, self.rev = store.profiles.get(BOOK, drop.drop)
        self.notes = stored(Notes, body) if body else Notes()

    def run(self) -> Reconciled:
        """Look once, mend, tell."""
        if self.drop.drop != keys.drop_id(""):  # photos outside of any drop are rejected; theirs never closes
            if self.drop.status is DropStatus.OPEN:
                self._open()
            else:
                self._closed()
        self._forget()
        return Reconciled(drop=self.drop.drop, found=self.found)

    def _open(self) -> None:
        quiet = 0.0 if self.drop.ready else self.settings.quiet_minutes * 60
        late = age(self.drop.last_event_at) - quiet
        if late < GRACE_S:
            return
        self.store.close_queue.send({"drop": self.drop.drop})
        if late < HOPELESS_S:
            self._note(State.NOT_CLOSED, "asked again for its closing")
        else:
            self._tell(State.NOT_CLOSED, f"It is due for {late / 3600:.0f} h and does not close. It was asked again.")

    def _closed(self) -> None:
        if age(self.drop.closed_at) < GRACE_S:
            return
        if not self.drop.execution:
            self.store.close_queue.send({"drop": self.drop.drop})
            self._note(State.NOT_STARTED, "asked again for its execution")
            return
        running = self._running()
        lots = list(self.store.lots.of_drop(self.drop.drop))
        woken = sum([self._count(lot, running) for lot in lots])
        if running:
            self._still(lots)
        elif not woken:
            self._resume(list(self.store.lots.of_drop(self.drop.drop)))

    def _running(self) -> bool:
        """Whether anything runs for the drop; its own execution is asked first, that is one call."""
        workflow = self.store.workflow
        return workflow.status(self.drop.execution) == "RUNNING" or any(workflow.running(self.drop.drop))

    def _count(self, lot: LotRecord, running: bool) -> bool:
        """Count verdicts and wake the gate, where whoever gave the last verdict could not; whether it was woken."""
        expired = lot.status is LotStatus.HELD and not lot.decision  # decided too late, it goes on all the same
        if age(lot.updated_at) < GRACE_S or (_through(lot) and not expired) or lot.lot in self.notes.woken:
            return False
        if not lot.token and (running or lot.decision):
            return False  # its gate has not opened yet and will ask, or was answered
        if not lot.decision:
            mine = set(lot.task_ids)
            tasks = [task for task in self.store.tasks.of_lot(lot.lot) if task.task_id in mine]
            decided = sum(task.state is TaskState.DECIDED for task in tasks)
            if not decided or decided == lot.decided < len(mine):
                return False
        decision = settle_lot(self.store, self.drop.drop, lot.lot)
        if decision == "wait" or not lot.token:
            return False
        # Once: should its token be dead and the execution that went on for it die too, it is resumed as any other.
        self._write(woken=[*self.notes.woken, lot.lot][-MOST_LOTS:])
        self._note(State.NOT_DECIDED, f"lot {lot.lot}: {decision}; what waits for it was woken")
        return True

    def _still(self, lots: list[LotRecord]) -> None:
        moved = max([self.drop.closed_at, *(lot.updated_at for lot in lots)])
        for_people = any(lot.status is LotStatus.REVIEW for lot in lots)
        if not for_people and age(moved) > STALLED_S:
            self._tell(State.STALLED, f"Its execution runs, but no lot has moved since {moved}.")

    def _resume(self, lots: list[LotRecord]) -> None:
        """Nothing runs: go on with the lots on their way, or report once more."""
        unended, absent = self._photos()
        if absent:
            self._heal(absent)
        review = LotStatus.REVIEW
        waiting = {lot.lot for lot in lots if not _through(lot) and lot.status is not review}
        left = len(waiting) + len(unended)
        if not left and (self.drop.status is DropStatus.DONE or any(lot.status is review for lot in lots)):
            return
        state = State.STOPPED if left else State.NOT_REPORTED
        if not self._planned(lots):
            self._start(state, left, [])
            return
        # With nothing left a lot that is through already leads to the report soonest; the smallest does it.
        least = [min(lots, key=lambda lot: lot.size).lot] if lots else []
        names = sorted(waiting | {lot for lot in unended if lot}) or least
        if self._gone(names):
            self._tell(State.PLAN_GONE, "The plans of its lots have expired, so its photos cannot go on.")
            return
        self._start(state, left, names[:MOST_LOTS])

    def _photos(self) -> tuple[list[str], list[Listed]]:
        """The lot (or "") of each photo that has not ended, and the objects that nobody recorded."""
        absent = {}
        for entry in self.store.incoming.list(self.drop.prefix):
            key = keys.parse(entry.key)
            if key is not None and key.drop == self.drop.drop and key.is_photo:
                absent[key.photo_id] = entry
        unended = []
        for photo in self.store.photos.of_drop(self.drop.drop):
            absent.pop(photo.photo_id, None)
            if photo.status in UNENDED:
                unended.append(photo.lot)
        return unended, list(absent.values())

    def _heal(self, absent: list[Listed]) -> None:
        moment = dt.datetime.now(dt.UTC).timestamp()
        old = [entry for entry in absent if moment - entry.last_modified > GRACE_S]
        for entry in old[:MOST_HEALED]:
            self.store.intake_queue.send(heal(entry, self.store.incoming.name))
        if any(moment - entry.last_modified > HOPELESS_S for entry in old):
            self._tell(State.UNRECORDED, f"{len(old)} photos lie in S3 and intake does not record them.")
        elif old:
            self._note(State.UNRECORDED, f"sent {len(old)} events again")

    def _planned(self, lots: list[LotRecord]) -> bool:
        """Whether the plan was finished or lots have moved; else the same photos may be planned from the start."""
        if any(lot.status is not LotStatus.PLANNED or lot.attempt for lot in lots):
            return True
        run = self.drop.execution.rsplit(":", 1)[-1]
        return self.store.work.metadata(keys.lots_key(self.drop.drop, run)) is not None

    def _gone(self, lots: list[str]) -> bool:
        return any(self.store.work.metadata(keys.lot_key(self.drop.drop, lot)) is None for lot in lots)

    def _start(self, state: State, left: int, lots: list[str]) -> None:
        """Start an execution of a new name for lots of the drop (none: for all of it), a few times at most."""
        notes = self.notes
        if age(notes.at) < GRACE_S:
            self._note(state, "resumed a moment ago")
            return
        tries = 0 if left < notes.left else notes.tries
        if tries >= MOST_TRIES:
            self._tell(state, f"{left} lots and photos are on their way, {tries} resumes did not bring them on.")
            return
        # Noted first: if starting fails, a number is left out; noted after, a name might be used twice.
        if not self._write(number=notes.number + 1, tries=tries + 1, left=left, at=now()):
            return
        payload = {"drop": self.drop.drop, "lots": lots} if lots else {"drop": self.drop.drop}
        self.store.workflow.start(f"{self.drop.drop}-mend{notes.number + 1}", payload)
        self._note(state, f"resumed {len(lots)} lots" if lots else "started its execution again")

    def _note(self, state: State, did: str, *, repaired: bool = True) -> None:
        self.found.append(Finding(state=state, repaired=repaired, did=did))

    def _tell(self, state: State, text: str) -> None:
        """Tell people, unless they know. Noted first, so that two rounds at once tell once."""
        self._note(state, text, repaired=False)
        if state in self.notes.told:
            return
        before = self.notes.told
        if not self._write(told=[*before, state]):
            return
        try:
            self.store.notices.people(
                f"packshot: drop {self.drop.drop} is stuck ({state})",
                f"Drop {self.drop.drop} is stuck ({state}). {text}\nWhat to do: docs/runbooks/stuck-drops.md",
            )
        except Exception:
            self._write(told=before)
            raise

    def _forget(self) -> None:
        """What is no longer stuck may be told of anew, should it come again."""
        present = {finding.state for finding in self.found if not finding.repaired}
        if set(self.notes.told) - present:
            self._write(told=[state for state in self.notes.told if state in present])

    def _write(self, **fields: object) -> bool:
        """Write the notes; False when another round was first."""
        notes = self.notes.model_copy(update=fields)
        if not self.store.profiles.replace(BOOK, self.drop.drop, notes.model_dump(mode="json"), self.rev):
            return False
        self.notes, self.rev = notes, self.rev + 1
        return True


def _through(lot: LotRecord) -> bool:
    """Whether settle has been here: it writes a lot's end after its photos', with a reason unless it left."""
    if lot.status in (LotStatus.EXPORTED, LotStatus.FAILED):
        return True
    return lot.status in (LotStatus.HELD, LotStatus.RECALLED) and lot.reason is not None
