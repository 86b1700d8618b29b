"""Closing a drop: exactly once, with every photo settled, whatever crashed or came late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from packshot.intake.close import Outcome, close, close_due
from packshot.records import DropStatus, Status
from packshot.settings import CloseSettings

from .conftest import CATALOG, World

Photo = Callable[..., bytes]
SETTINGS = CloseSettings(quiet_minutes=10)


def test_a_drop_that_is_neither_ready_nor_quiet_stays_open(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo())
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.NOT_DUE
    assert world.started == []


def test_a_ready_drop_is_settled_closed_and_started_once(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1))
    world.drop("incoming/autumn/MUG-09_front.jpg", photo(2))
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    world.drop("incoming/autumn/_READY", b"")
    first = close(world.store, SETTINGS, "autumn")
    second = close(world.store, SETTINGS, "autumn")
    assert (first.outcome, second.outcome) == (Outcome.STARTED, Outcome.STARTED)
    assert first.execution and first.execution == second.execution
    assert world.started == ["autumn"]
    photos = world.photos("autumn")
    assert photos["MUG-01_front.jpg"].status is Status.ACCEPTED
    refused = photos["MUG-09_front.jpg"]
    assert refused.reason is not None and refused.reason.code == "METADATA_INCOMPLETE"
    assert "title, category missing" in refused.reason.measured
    told = world.rejection(refused)
    assert told is not None and told["reason"]["code"] == "METADATA_INCOMPLETE"
    drop = world.store.drops.get("autumn")
    assert drop is not None and drop.status is DropStatus.CLOSED and drop.closed_at


def test_a_drop_waits_for_a_photo_whose_news_did_not_come(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    late = world.put("incoming/autumn/MUG-01_front.jpg", photo(1))
    world.drop("incoming/autumn/_READY", b"")
    waiting = close(world.store, SETTINGS, "autumn")
    assert (waiting.outcome, waiting.missing, waiting.again) == (Outcome.MISSING, 1, True)
    world.take(late)
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED


def test_a_crash_between_closing_and_starting_is_healed(
    world: World, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.drop("incoming/autumn/_READY", b"")

    def crash(*args: object, **kwargs: object) -> str:
        raise ConnectionError("the function died here")

    with monkeypatch.context() as broken:
        broken.setattr(world.store.workflow, "start", crash)
        with pytest.raises(ConnectionError):
            close(world.store, SETTINGS, "autumn")
    world.messages("close")
    assert close_due(world.store, SETTINGS) == ["autumn"]
    assert world.messages("close") == [{"drop": "autumn"}]
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED
    assert world.started == ["autumn"]


def test_same_bytes_and_same_names_lose_to_the_lowest_key(world: World, photo: Photo) -> None:
    same = photo(1)
    world.drop("incoming/autumn/MUG-02_front.jpg", same)
    world.drop("incoming/autumn/MUG-01_front.jpg", same)
    world.drop("incoming/autumn/b/MUG-01_back.jpg", photo(3))
    world.drop("incoming/autumn/a/MUG-01_back.jpg", photo(2))
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    world.drop("incoming/autumn/_READY", b"")
    close(world.store, SETTINGS, "autumn")
    found = {
        file: (r.status, r.reason.code if r.reason else "") for file, r in world.photos("autumn").items()
    }
    assert found == {
        "MUG-01_front.jpg": (Status.ACCEPTED, ""),
        "MUG-02_front.jpg": (Status.REJECTED, "DUPLICATE"),
        "a/MUG-01_back.jpg": (Status.ACCEPTED, ""),
        "b/MUG-01_back.jpg": (Status.REJECTED, "NAME_COLLISION"),
    }
