"""Receiving one object: what it becomes, and that the same news twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from packshot.records import DropStatus, Status

from .conftest import CATALOG, World

Photo = Callable[..., bytes]
COMPLETE = {"title": "Mug", "category": "Kitchen"}


def test_a_sound_photo_with_metadata_is_accepted(world: World, photo: Photo) -> None:
    record = world.drop("incoming/autumn/MUG-01_Front_2.jpg", photo(), COMPLETE)
    assert record is not None
    assert (record.status, record.sku, record.view, record.n) == (Status.ACCEPTED, "MUG-01", "front", 2)
    assert (record.width, record.height) == (640, 480)
    assert record.preflight is not None
    assert record.catalog is not None and record.catalog.category == "Kitchen"
    assert world.photos("autumn")["MUG-01_Front_2.jpg"] == record


def test_a_photo_before_its_catalog_waits_and_one_after_it_does_not(world: World, photo: Photo) -> None:
    early = world.drop("incoming/autumn/MUG-01_front.jpg", photo(1))
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    late = world.drop("incoming/autumn/MUG-02_front.jpg", photo(2))
    assert early is not None and early.status is Status.WAITING
    assert late is not None and late.status is Status.ACCEPTED
    assert late.catalog is not None and late.catalog.title == "Blue mug"


def test_ready_marks_the_drop_and_asks_for_its_closing(world: World) -> None:
    assert world.drop("incoming/autumn/_READY", b"") is None
    drop = world.store.drops.get("autumn")
    assert drop is not None and drop.ready and drop.status is DropStatus.OPEN
    assert world.messages("close") == [{"drop": "autumn"}]


def test_a_photo_outside_of_any_drop_is_rejected(world: World, photo: Photo) -> None:
    record = world.drop("incoming/MUG-01_front.jpg", photo())
    assert record is not None and record.reason is not None
    assert (record.status, record.reason.code, record.drop) == (Status.REJECTED, "NO_DROP", "_loose")
    told = world.rejection(record)
    assert told is not None and told["reason"]["cure"]


def test_the_same_news_twice_reads_the_photo_once(world: World, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    event = world.put("incoming/autumn/MUG-01_front.jpg", photo(), COMPLETE)
    reads: list[str] = []
    real = world.store.incoming.get

    def counted(key: str, *args: Any, **kwargs: Any) -> Any:
        reads.append(key)
        return real(key, *args, **kwargs)

    monkeypatch.setattr(world.store.incoming, "get", counted)
    first, second = world.take(event), world.take(event)
    assert first == second
    assert reads == ["incoming/autumn/MUG-01_front.jpg"]
