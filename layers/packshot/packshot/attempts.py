"""A photo that kills its worker must not do so for ever: attempts are counted before they begin.

Counted are a call's attempts at a chunk, on the record of the chunk's first photo: two writes a call, not two a
photo. Only when an attempt has not come back is it asked which photo it died of: the next call suspects every photo
that it works on, until that has come back alive. Of what dies while it is suspected, the attempts add up.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aws_lambda_powertools import Logger

from packshot.reasons import reason
from packshot.records import Reason
from packshot.store import Store

logger = Logger(child=True)
ATTEMPTS = 2
"""How often a photo may kill its worker before it is set aside."""


class Attempt:
    """One call's attempt at a chunk: a context manager, in force while the call works.

    An attempt that comes back, by an answer or an error, is counted off again: what remains are those in which
    the worker was killed (memory, time, a decoder's crash), or ended itself because an allocation failed: it would
    spoil every photo after this one. ``head``: the chunk's first photo. Entering raises Conflict when that is gone.
    """

    def __init__(self, store: Store, drop: str, head: str, stage: str) -> None:
        self.store, self.drop, self.head, self.stage = store, drop, head, stage
        self.name = uuid.uuid4().hex[:12]
        self.first = False
        """Whether no call has been at this chunk before, so that nothing can be done yet."""

    def __enter__(self) -> Self:
        self.first, self._dead = self.store.photos.begin(self.drop, self.head, self.stage, self.name)
        self._noted = {self.name} | self._dead
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, MemoryError):
            self.store.photos.come_back(self.drop, self.head, self.stage, self._noted)

    def at(self, photo: str, work: Callable[[], Reason | None]) -> Reason | None:
        """Work on a photo; the reason why it comes to an end, or None. Raises Conflict when it has ended before."""
        if not self.first and self._kills(photo) >= ATTEMPTS:
            self.store.photos.update(self.drop, photo, killed=None)  # a person who retries it starts anew
            self._dead = set()
            return reason("WORKER_CRASHED")
        try:
            why = work()
        except MemoryError:
            logger.exception("out of memory, this worker ends", extra={"drop": self.drop, "photo_id": photo})
            end_worker()
            raise
        except Exception:
            self._alive(photo)
            raise
        self._alive(photo)
        return why

    def _kills(self, photo: str) -> int:
        """How many attempts died of this photo, if it was this one. They are noted in one place at a time."""
        if self._dead & self._noted:
            self.store.photos.come_back(self.drop, self.head, self.stage, self._dead)
            self._noted = {self.name}
        return self.store.photos.suspect(self.drop, photo, self._dead)

    def _alive(self, photo: str) -> None:
        if self._dead:
            self.store.photos.clear(self.drop, photo, self._dead)


def out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed; OpenCV and onnxruntime say so in errors of their own."""
    return isinstance(error, MemoryError) or "Failed to allocate" in str(error)


def end_worker() -> None:
    """End this process, so that the retry gets a new one."""
    sys.stdout.flush()
    os._exit(1)
