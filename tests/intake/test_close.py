"""Closing a drop: exactly once, with every photo settled, whatever crashed or came late."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from packshot import keys
from packshot.intake import receive
from packshot.intake.close import Outcome, close, close_due
from packshot.intake.contest import Contest, Ranks
from packshot.records import DropStatus, PhotoRecord, Status, now
from packshot.settings import CloseSettings

from .conftest import CATALOG, World

Photo = Callable[..., bytes]
SETTINGS = CloseSettings(quiet_minutes=10)


def test_a_drop_that_is_neither_ready_nor_quiet_stays_open(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo())
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.NOT_DUE
    assert world.started == []


def test_quiet_is_what_s3_says_of_the_last_upload_whatever_intakes_clock_says(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(), {"title": "Mug", "category": "Kitchen"})
    world.store.drops.move("autumn", DropStatus.OPEN, last_event_at="2020-01-01T00:00:00Z")
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.NOT_DUE
    listed = world.store.incoming.list
    world.store.incoming.list = lambda prefix: (  # type: ignore[method-assign]
        replace(entry, last_modified=entry.last_modified - 601) for entry in listed(prefix)
    )
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED


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
    world.drop("incoming/autumn/c/mug-01_back.jpg", photo(4))  # the same name to a marketplace
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    world.drop("incoming/autumn/_READY", b"")
    close(world.store, SETTINGS, "autumn")
    found = {file: (r.status, r.reason.code if r.reason else "") for file, r in world.photos("autumn").items()}
    assert found == {
        "MUG-01_front.jpg": (Status.ACCEPTED, ""),
        "MUG-02_front.jpg": (Status.REJECTED, "DUPLICATE"),
        "a/MUG-01_back.jpg": (Status.ACCEPTED, ""),
        "b/MUG-01_back.jpg": (Status.REJECTED, "NAME_COLLISION"),
        "c/mug-01_back.jpg": (Status.REJECTED, "NAME_COLLISION"),
    }


def test_the_inner_view_stands_beside_the_front_and_counts_as_a_duplicate(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1))
    inner = world.drop("incoming/autumn/MUG-01_inner.jpg", photo(2))
    world.drop("incoming/autumn/MUG-02_inner.jpg", photo(1))
    world.drop("incoming/autumn/catalog.csv", CATALOG)
    world.drop("incoming/autumn/_READY", b"")
    close(world.store, SETTINGS, "autumn")
    photos = world.photos("autumn")
    assert inner is not None and any("inner view" in note for note in inner.notes)
    assert photos["MUG-01_inner.jpg"].status is Status.ACCEPTED
    refused = photos["MUG-02_inner.jpg"].reason
    assert refused is not None and refused.code == "DUPLICATE" and "MUG-01_front.jpg" in refused.measured


def test_an_unreadable_catalog_is_the_reason_only_of_photos_that_need_it(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1))
    world.drop("incoming/autumn/MUG-02_front.jpg", photo(2), {"title": "Mug", "category": "Kitchen"})
    world.drop("incoming/autumn/catalog.csv", b"PK\x03\x04 a spreadsheet")
    world.drop("incoming/autumn/_READY", b"")
    close(world.store, SETTINGS, "autumn")
    photos = world.photos("autumn")
    refused = photos["MUG-01_front.jpg"].reason
    assert refused is not None and refused.code == "CATALOG_UNREADABLE"
    assert photos["MUG-02_front.jpg"].status is Status.ACCEPTED
    drop = world.store.drops.get("autumn")
    assert drop is not None and drop.catalog_errors


def test_after_the_close_same_bytes_are_no_news_others_a_note_new_keys_late(
    world: World, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"title": "Mug", "category": "Kitchen"}
    before = world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), headers)
    slow = world.put("incoming/autumn/MUG-02_front.jpg", photo(2), headers)
    world.drop("incoming/autumn/_READY", b"")
    world.store.drops.move("autumn", DropStatus.OPEN, status=DropStatus.CLOSED, closed_at=now())
    assert world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), headers) == before
    newer = world.drop("incoming/autumn/MUG-01_front.jpg", photo(3), headers)
    assert newer is not None and newer.status is Status.ACCEPTED and "newer version" in newer.notes[-1]
    member = world.take(slow)  # it lay there when the drop closed; only its news was slow
    assert member is not None and member.status is Status.ACCEPTED
    world.store.drops.move("autumn", DropStatus.CLOSED, closed_at="2020-01-01T00:00:00Z")
    late = world.drop("incoming/autumn/MUG-03_front.jpg", photo(4), headers)
    assert late is not None and late.reason is not None and late.reason.code == "LATE"
    assert world.rejection(late) is not None


def test_a_new_photo_just_after_the_close_is_late_although_the_drop_was_open_a_moment_ago(
    world: World, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "OPEN_FOR_S", 1e9)
    headers = {"title": "Mug", "category": "Kitchen"}
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), headers)
    seen = world.store.drops.get("autumn", 1e9)
    world.store.drops.move("autumn", DropStatus.OPEN, status=DropStatus.CLOSED, closed_at="2020-01-01T00:00:00Z")
    assert world.store.drops.get("autumn", 1e9) == seen, "what it closes is not told to who saw it open"
    late = world.drop("incoming/autumn/MUG-02_front.jpg", photo(2), headers)
    assert late is not None and late.status is Status.REJECTED and late.reason is not None
    assert late.reason.code == "LATE" and world.rejection(late) is not None


def test_a_photo_that_intake_never_takes_does_not_hold_up_its_drop(world: World, photo: Photo) -> None:
    world.put("incoming/autumn/MUG-01_front.jpg", photo(1))
    world.drop("incoming/autumn/_READY", b"")
    world.store.drops.move("autumn", DropStatus.OPEN, last_event_at="2020-01-01T00:00:00Z")
    listed = world.store.incoming.list
    old = [replace(entry, last_modified=0.0) for entry in listed("incoming/autumn/")]
    world.store.incoming.list = lambda prefix: iter(e for e in old if e.key.startswith(prefix))  # type: ignore[method-assign]
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.MISSING
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED
    (failed,) = world.photos("autumn").values()
    assert failed.status is Status.FAILED
    assert failed.reason is not None and failed.reason.code == "INTAKE_ERROR"


def test_the_loose_drop_never_closes(world: World, photo: Photo) -> None:
    world.drop("incoming/MUG-01_front.jpg", photo(1))
    world.drop("incoming/_READY", b"")
    assert close(world.store, SETTINGS, "_loose").outcome is Outcome.UNKNOWN
    assert close_due(world.store, SETTINGS) == []


def test_a_drop_without_photos_closes_too(world: World) -> None:
    world.drop("incoming/empty/_READY", b"")
    result = close(world.store, SETTINGS, "empty")
    assert (result.outcome, result.photos) == (Outcome.STARTED, 0)
    assert world.started == ["empty"]


def test_winners_of_a_drop_of_200000_photos_are_found_in_seconds() -> None:
    ranks = Ranks()
    names = [keys.photo_id(f"incoming/big/SKU-{i:07d}_front.jpg") for i in range(200_000)]
    for name in names:
        ranks.add(name, 1)
    contest = Contest(ranks)
    base = PhotoRecord(drop="big", photo_id="0" * 16, key="k", file="f", view="front")
    for i in random.Random(1).sample(range(200_000), 200_000):
        base.photo_id, base.sku, base.sha256 = names[i], f"SKU-{i}", names[i - i % 1000 if i < 5000 else i]
        contest.enter(base, True)
    start = time.process_time()
    losers = contest.losers()
    assert time.process_time() - start < 2
    assert len(losers) == 4995
    assert {losers.of(name)[1] for name in names[:5000]} == {"", *(names[i] for i in range(0, 5000, 1000))}
    assert all(losers.of(names[i]) == ("", "") for i in (0, 1000, 5000, 199_999))


HEADERS = {"title": "Mug", "category": "Kitchen"}


def test_a_drop_too_large_for_one_call_is_settled_in_several(world: World, photo: Photo) -> None:
    """Every call has time for a few records only; the drop closes when one has gone through all without a write."""
    body = photo(1)
    for n in range(12):
        world.drop(f"incoming/autumn/SKU-{n:02d}_front.jpg", body + bytes([n]), HEADERS if n % 2 else None)
    world.drop("incoming/autumn/_READY", b"")
    partitions = [0]
    while len(partitions) == 1 or partitions[-1] != 0:
        looks = iter([100.0] * 4)
        result = close(world.store, SETTINGS, "autumn", partitions[-1], lambda: next(looks, 0.0))  # noqa: B023
        assert result.outcome is Outcome.SETTLING and result.again and world.started == []
        partitions.append(result.first)
    assert len(partitions) > 5 and partitions[:-1] == sorted(partitions[:-1])
    last = close(world.store, SETTINGS, "autumn", partitions[-1])
    assert (last.outcome, last.written) == (Outcome.STARTED, 0)
    found = [record.status for _, record in sorted(world.photos("autumn").items())]
    assert found == [Status.REJECTED, Status.ACCEPTED] * 6
    assert world.started == ["autumn"]


def test_only_one_call_closes_a_drop_at_a_time(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), HEADERS)
    world.drop("incoming/autumn/_READY", b"")
    assert world.store.drops.take_closing("autumn", 900, "one")
    busy = close(world.store, SETTINGS, "autumn")
    assert (busy.outcome, busy.again) == (Outcome.BUSY, False)
    world.store.drops.leave_closing("autumn")
    assert world.store.drops.take_closing("autumn", -1, "two"), "a lease that ran out is as good as none"
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED


def test_a_message_that_comes_again_goes_on_where_a_worker_died(world: World, photo: Photo) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), HEADERS)
    world.drop("incoming/autumn/_READY", b"")
    assert world.store.drops.take_closing("autumn", 900, "one")  # and nobody gives it back
    assert close(world.store, SETTINGS, "autumn", message="two").outcome is Outcome.BUSY
    assert close(world.store, SETTINGS, "autumn", message="one").outcome is Outcome.STARTED


def test_a_photo_that_came_after_the_contest_is_not_judged_without_one(
    world: World, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.drop("incoming/autumn/MUG-01_front.jpg", photo(1), HEADERS)
    world.drop("incoming/autumn/_READY", b"")
    held = Contest.losers

    def slow(contest: Contest) -> object:
        found = held(contest)
        monkeypatch.setattr(Contest, "losers", held)
        world.drop("incoming/autumn/MUG-02_front.jpg", photo(1), HEADERS)
        return found

    monkeypatch.setattr(Contest, "losers", slow)
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.CHANGING
    assert close(world.store, SETTINGS, "autumn").outcome is Outcome.STARTED
    assert world.photos("autumn")["MUG-02_front.jpg"].status is Status.REJECTED
