"""A photo that kills its worker must not do so for ever: attempts are counted before they begin."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from packshot.reasons import reason
from packshot.records import Reason
from packshot.store import Store

ATTEMPTS = 2
"""How often a photo may kill its worker before it is set aside."""


def attempt(store: Store, drop: str, photo: str, work: Callable[[], Reason | None]) -> Reason | None:
    """Work on a photo; the reason why it comes to an end, or None.

    An attempt that comes back, by an answer or an error, is counted off again: what remains are those in which
    the worker was killed (memory, time, a decoder's crash). Raises Conflict when the photo has ended before.
    """
    name = uuid.uuid4().hex[:12]
    if store.photos.attempt(drop, photo, name) > ATTEMPTS:
        store.photos.forget_attempts(drop, photo)
        return reason("WORKER_CRASHED")
    try:
        return work()
    finally:
        store.photos.attempt_over(drop, photo, name)
