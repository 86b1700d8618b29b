"""How the command says that a drop is complete, sees that it is through, and ends."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from packshot.records import DropStatus
from packshot_local import drop as drops
from packshot_local.stack import LogLine


class Incoming:
    """Takes what is put, and what intake had seen by then."""

    def __init__(self, progress: drops.Progress) -> None:
        self.progress, self.puts = progress, []

    def put(self, key: str, *_: Any) -> None:
        self.puts.append((key.rsplit("/", 1)[-1], self.progress.done["intake"]))


def said(message: str) -> LogLine:
    return LogLine("AnyFunction", message, 0.0, fields={"message": message})


@pytest.fixture
def seen() -> drops.Progress:
    progress = drops.Progress()
    progress.total = 3
    return progress


def test_the_marker_comes_when_intake_has_seen_every_photo(seen: drops.Progress) -> None:
    store: Any = SimpleNamespace(incoming=Incoming(seen))
    busy: Any = SimpleNamespace(idle=lambda: False)
    waits = threading.Thread(target=drops.complete, args=(busy, store, "d", seen))
    waits.start()
    for _ in range(3):
        assert store.incoming.puts == []
        seen.on_log(said("received"))
    waits.join()
    assert store.incoming.puts == [("_READY", 3)]


def test_the_marker_comes_too_when_some_photo_was_never_seen(seen: drops.Progress) -> None:
    store: Any = SimpleNamespace(incoming=Incoming(seen))
    seen.on_log(said("received"))
    idle: Any = SimpleNamespace(idle=lambda: True)
    drops.complete(idle, store, "d", seen)
    assert store.incoming.puts == [("_READY", 1)]


def test_a_report_is_seen_at_once_and_only_a_finished_drop_is_left(seen: drops.Progress) -> None:
    records = [SimpleNamespace(status=DropStatus.CLOSED), SimpleNamespace(status=DropStatus.DONE)]
    asked: list[int] = []

    def get(_drop: str) -> Any:
        asked.append(1)
        return records.pop(0)

    store: Any = SimpleNamespace(drops=SimpleNamespace(get=get))
    busy: Any = SimpleNamespace(idle=lambda: False)
    seen.on_log(said("audited"))  # of a report that somebody asked for meanwhile
    following = drops.follow(busy, store, "d", seen)
    next(following)
    assert len(asked) == 1 and not seen.audited.is_set()
    next(following)
    assert len(asked) == 1, "a busy drop is not asked again so soon"
    seen.on_log(said("audited"))
    assert list(following) == [] and len(asked) == 2
