"""How a photo comes to an end other than export: recorded once, and failures also as a dead letter."""

from __future__ import annotations

from packshot.reasons import end
from packshot.records import ENDS, Reason, Status, now
from packshot.store import Conflict, Store

UNENDED = frozenset(Status) - ENDS


def end_photo(store: Store, drop: str, photo: str, why: Reason, *, stage: str) -> bool:
    """Record a photo's end with its reason, unless it has come to another end already; whether recorded.

    A photo that waits for review counts as held and may still come to another end. A failed photo also
    becomes a message in the dead-letter queue; delivered twice it is the same message.
    """
    status = end(why.code)
    open_to = set(UNENDED) | {Status.HELD}
    try:
        store.photos.update(drop, photo, expect=open_to, status=status, reason=why, ended_at=now(), letter=False)
    except Conflict:
        return False
    if status == Status.FAILED:
        send_letter(store, drop, photo, why, stage=stage)
    return True


def send_letter(store: Store, drop: str, photo: str, why: Reason, *, stage: str) -> None:
    """Send a failed photo's dead letter, and note that: where a worker died in between, the report sends it."""
    store.failed_queue.send({"drop": drop, "photo_id": photo, "stage": stage, "reason": why.model_dump(mode="json")})
    store.photos.update(drop, photo, letter=True)
