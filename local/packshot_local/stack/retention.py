"""What moto keeps for ever, and what of it a stack that runs for hours lets go.

The patches of this room are in force like those of `patches`; `tidy` is called about every second.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
from collections.abc import Iterator
from typing import Any

from moto.core.common_models import BaseModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey
from moto.sqs.models import sqs_backends

from .patching import Patching

KEPT_RECEIPTS = 10_000
"""Receipt handles of deleted messages that a queue remembers; they only make a second deletion no error."""


LARGE_BYTES = 256 * 1024
_MALLOPT = {-3: LARGE_BYTES, -1: LARGE_BYTES, -8: 2}
"""glibc's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_ARENA_MAX."""


def large_blocks_go_back() -> None:
    """Photos pass through some fifty threads, each with a heap of its own that glibc does not give back: let large
    blocks be maps of their own, which end when they are freed. Other C libraries do that anyway."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in _MALLOPT.items():
            mallopt(parameter, value)


@contextlib.contextmanager
def nothing_collected() -> Iterator[None]:
    """Deploying makes a hundred thousand objects that stay: to look for garbage among them takes a third of it."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def apply(patching: Patching) -> None:
    """Put the patches of this room in force."""
    nothing_is_tracked(patching)
    listing_versions_copies_no_bodies(patching)


def nothing_is_tracked(patching: Patching) -> None:
    """moto keeps every object it ever made for its dashboard: each version of each item, message and S3 key, some
    0.5 MB a photo. Nobody looks at the dashboard here."""

    def new(cls: type[BaseModel], *_: Any, **__: Any) -> Any:
        return super(BaseModel, cls).__new__(cls)

    def forget(self: FakeKey) -> None:
        self._value_buffer.close()

    patching.set(BaseModel, "__new__", staticmethod(new))
    patching.set(FakeKey, "__del__", forget)  # which would warn of every object that was replaced


def listing_versions_copies_no_bodies(patching: Patching) -> None:
    """moto lists a bucket's versions by copying the whole bucket, with every body, whatever the prefix."""

    def copy(self: FakeKey, _memo: Any) -> Any:
        copied: Any = FakeKey.__new__(FakeKey)
        if self.etag:  # moto works it out when first asked, from the body
            copied.__dict__.update(self.__dict__, _value_buffer=io.BytesIO(), multipart=None)
        return copied

    patching.add(FakeKey, "__deepcopy__", copy)


def tidy(region: str) -> None:
    """Let go of what no patch can keep from growing."""
    for queue in list(sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.values()):
        if len(queue.deleted_messages) > KEPT_RECEIPTS:
            queue.deleted_messages = set()
