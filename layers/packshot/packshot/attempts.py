"""A photo that kills its worker must not do so for ever: attempts are counted before they begin."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable

from aws_lambda_powertools import Logger

from packshot.reasons import reason
from packshot.records import Reason
from packshot.store import Store

logger = Logger(child=True)
ATTEMPTS = 2
"""How often a photo may kill its worker before it is set aside."""


def attempt(store: Store, drop: str, photo: str, work: Callable[[], Reason | None]) -> Reason | None:
    """Work on a photo; the reason why it comes to an end, or None.

    An attempt that comes back, by an answer or an error, is counted off again: what remains are those in which
    the worker was killed (memory, time, a decoder's crash), or ended itself because an allocation failed: it would
    spoil every photo after this one. Raises Conflict when the photo has ended before.
    """
    name = uuid.uuid4().hex[:12]
    if store.photos.attempt(drop, photo, name) > ATTEMPTS:
        store.photos.forget_attempts(drop, photo)
        return reason("WORKER_CRASHED")
    try:
        return work()
    except MemoryError:
        logger.exception("out of memory, this worker ends", extra={"drop": drop, "photo_id": photo})
        name = ""
        end_worker()
        raise
    finally:
        if name:
            store.photos.attempt_over(drop, photo, name)


def out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed; OpenCV and onnxruntime say so in errors of their own."""
    return isinstance(error, MemoryError) or "Failed to allocate" in str(error)


def end_worker() -> None:
    """End this process, so that the retry gets a new one."""
    sys.stdout.flush()
    os._exit(1)
