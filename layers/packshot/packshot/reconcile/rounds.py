"""One round over all drops that may be stuck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice

from packshot.reconcile.found import Round
from packshot.reconcile.mender import age, reconcile_drop
from packshot.records import DropRecord, DropStatus, TaskState
from packshot.settings import CloseSettings
from packshot.store import Store
from packshot.store.paging import newest_drops

RECENT_S = 3600  # drops done within this time are looked at again
MOST_DONE = 50
MOST_TASKS = 10_000


def reconcile(store: Store, settings: CloseSettings) -> Round:
    """Look through all drops that are open or closed, and the latest that are done.

    An error in one drop does not keep the others waiting; all errors are raised together at the end.
    """
    answer = Round(expired_leases=_expired_leases(store))
    errors = []
    for drop in _candidates(store):
        answer.drops += 1
        try:
            result = reconcile_drop(store, drop.drop, settings)
        except Exception as error:  # noqa: BLE001 - raised below
            error.add_note(f"while reconciling drop {drop.drop}")
            errors.append(error)
            continue
        if result.found:
            answer.reconciled.append(result)
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {answer.drops} drops could not be looked at", errors)
    return answer


def _candidates(store: Store) -> Iterator[DropRecord]:
    for status in (DropStatus.OPEN, DropStatus.CLOSED):
        yield from store.drops.by_status(status)
    for drop in islice(newest_drops(store.drops, DropStatus.DONE), MOST_DONE):
        if age(drop.done_at) < RECENT_S:
            yield drop


def _expired_leases(store: Store) -> int:
    moment = dt.datetime.now(dt.UTC).timestamp()
    return sum(task.lease_until < moment for task in store.tasks.by_state(TaskState.CLAIMED, MOST_TASKS))
