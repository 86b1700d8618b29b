"""Many calls to AWS, several abreast, few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ABREAST = 16
"""Calls at once; the store keeps 32 connections."""

AHEAD = 4 * ABREAST
"""Calls that are handed out before the first of them is waited for."""

T = TypeVar("T")
R = TypeVar("R")


def in_order(what: Iterable[T], call: Callable[[T], R]) -> Iterator[R]:
    """The answers of ``call`` in the order of ``what``, which is read only as far ahead as calls are under way.

    The first error is raised where its answer would come; calls under way are waited for.
    """
    with ThreadPoolExecutor(ABREAST) as pool:
        running: deque[Future[R]] = deque()
        try:
            for one in what:
                running.append(pool.submit(call, one))
                if len(running) >= AHEAD:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for call_left in running:
                call_left.cancel()


def each(what: Iterable[T], call: Callable[[T], object]) -> int:
    """Call for each; how many answered something true. Raises the first error."""
    return sum(bool(answer) for answer in in_order(what, call))
