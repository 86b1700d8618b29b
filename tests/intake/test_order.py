"""Events come twice and in any order: the records are the same."""

from __future__ import annotations

import copy
import random
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from packshot.intake.close import Outcome, close
from packshot.intake.events import ObjectEvent
from packshot.records import PhotoRecord, Status
from packshot.settings import CloseSettings

from .conftest import CATALOG, World, encoded, make_world, product

ONE, TWO, THREE = (encoded(product((480, 360), seed=seed)) for seed in (1, 2, 3))
UPLOADS: list[tuple[str, bytes]] = [
    ("MUG-01_front.jpg", ONE),
    ("MUG-01_front.jpg", TWO),  # the same name again: the newer one counts
    ("MUG-02_front.jpg", TWO),  # the same bytes as the newer MUG-01
    ("sub/MUG-02_front.png", THREE),  # the same SKU and view
    ("MUG-09_front.jpg", encoded(product((480, 360), seed=4))),  # not in the catalogue
    ("broken_front.jpg", ONE[:2000]),
    ("catalog.csv", b"sku;title\n"),  # mended by the next
    ("catalog.csv", CATALOG),
    ("_READY", b""),
]
WANTED = {
    "MUG-01_front.jpg": (Status.ACCEPTED, ""),
    "MUG-02_front.jpg": (Status.REJECTED, "DUPLICATE"),
    "sub/MUG-02_front.png": (Status.ACCEPTED, ""),
    "MUG-09_front.jpg": (Status.REJECTED, "METADATA_INCOMPLETE"),
    "broken_front.jpg": (Status.REJECTED, "TRUNCATED"),
}


def facts(record: PhotoRecord) -> dict[str, Any]:
    """All of a record but the moments at which it was written and the version ids that moto draws by lot."""
    return record.model_dump(exclude={"received_at", "ended_at", "version", "catalog_etag"})


def ends(photos: dict[str, PhotoRecord]) -> dict[str, tuple[Status, str]]:
    return {file: (photo.status, photo.reason.code if photo.reason else "") for file, photo in photos.items()}


def drop_in_order(order: list[int], close_after: set[int]) -> tuple[World, dict[str, dict[str, Any]]]:
    """Upload everything, deliver the news in this order (trying to close in between), then close."""
    world = make_world()
    events: list[ObjectEvent] = [world.put(f"incoming/autumn/{file}", body) for file, body in UPLOADS]
    for step, which in enumerate(order):
        world.take(events[which])
        if step in close_after:
            close(world.store, CloseSettings(), "autumn")
    assert close(world.store, CloseSettings(), "autumn").outcome is Outcome.STARTED
    assert world.started == ["autumn"]
    photos = world.photos("autumn")
    assert ends(photos) == WANTED
    for photo in photos.values():
        assert (world.rejection(photo) is not None) == (photo.status is Status.REJECTED)
    return world, {file: facts(photo) for file, photo in photos.items()}


@cache
def plain() -> dict[str, dict[str, Any]]:
    """The records when all news comes once and in order."""
    with mock_aws():
        return drop_in_order(list(range(len(UPLOADS))), set())[1]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(list(range(len(UPLOADS))) * 2), st.sets(st.integers(0, 17), max_size=3))
def test_any_order_of_repeated_news_gives_the_same_records(order: list[int], close_after: set[int]) -> None:
    with mock_aws():
        _, shuffled = drop_in_order(order, close_after)
    assert shuffled == plain()


def test_the_same_drop_again_changes_nothing() -> None:
    with mock_aws():
        world, first = drop_in_order(list(range(len(UPLOADS))), set())
        for file, body in UPLOADS:
            if file != "MUG-01_front.jpg" or body == TWO:
                world.drop(f"incoming/autumn/{file}", body)
        again = {file: facts(photo) for file, photo in world.photos("autumn").items()}
        assert again == first
        assert world.started == ["autumn"]


def test_lost_news_is_healed_and_comes_to_the_same_end() -> None:
    wanted = copy.deepcopy(plain())
    with mock_aws():
        world = make_world()
        events = [world.put(f"incoming/autumn/{file}", body) for file, body in UPLOADS]
        chosen = random.Random(7)
        for event in events:
            if event.key.endswith(("_READY", "catalog.csv")) or chosen.random() < 0.5:
                world.take(event)
        world.store.drops.touch("autumn")
        past = "2020-01-01T00:00:00Z"
        world.store.drops.move("autumn", world.store.drops.get("autumn").status, last_event_at=past)  # type: ignore[union-attr]
        waited = _closed_later(world)
        healed = [message["detail"]["object"] for message in world.messages("intake")]
        assert waited == len(healed) > 0
        for told in healed:
            world.take(ObjectEvent.model_validate(told))
        assert close(world.store, CloseSettings(), "autumn").outcome is Outcome.STARTED
        found = {file: facts(photo) for file, photo in world.photos("autumn").items()}
        for photo in (*found.values(), *wanted.values()):
            photo.pop("sequencer")
        assert found == wanted


def _closed_later(world: World) -> int:
    """Close as if two minutes had passed since the uploads; how many photos were missing."""
    listed = world.store.incoming.list

    def older(prefix: str) -> Any:
        from dataclasses import replace

        return (replace(entry, last_modified=entry.last_modified - 120) for entry in listed(prefix))

    world.store.incoming.list = older  # type: ignore[method-assign]
    result = close(world.store, CloseSettings(), "autumn")
    world.store.incoming.list = listed  # type: ignore[method-assign]
    assert result.outcome is Outcome.MISSING
    assert result.healed == result.missing
    return result.missing
