"""The tables' conditional writes: who is second does not overwrite who was first."""

from __future__ import annotations

import time

import pytest
from cloud import Cloud

from packshot.reasons import reason
from packshot.records import DropStatus, LotRecord, PhotoRecord, Status, TaskRecord, TaskState
from packshot.store import Conflict, Store


def lot(**fields: object) -> LotRecord:
    return LotRecord(**{"drop": "d", "lot": "l", "segment": "general", "size": 3, "chunks": 1, **fields})


def task(name: str, due: str = "2026-01-01T00:00:00Z") -> TaskRecord:
    return TaskRecord(
        task_id=name, drop="d", lot="l", photo_id=f"{name}-photo", sku="A", view="front", file="A_front.jpg",
        segment="general", why="sample", due_at=due,
    )  # fmt: skip


class TestPhotos:
    def test_a_record_comes_back_as_it_was(self, cloud: Cloud) -> None:
        record = cloud.accept("d", "A", error_score=0.25, flags=["fringe"], source_metadata={"iso": 100, "f": 2.8})
        assert cloud.store.photos.get("d", record.photo_id) == record

    def test_older_news_do_not_overwrite_newer(self, cloud: Cloud) -> None:
        record = cloud.accept("d", "A", sequencer="0065B")
        older = record.model_copy(update={"sequencer": "0065A"})
        assert not cloud.store.photos.receive(older)
        assert cloud.photo(record).sequencer == "0065B"

    @pytest.mark.parametrize(("later", "written"), [("0065A1", True), ("0065A", True), ("00659F", False)])
    def test_sequencers_compare_as_s3_says(self, cloud: Cloud, later: str, written: bool) -> None:
        record = cloud.accept("d", "A", sequencer="0065A")
        assert cloud.store.photos.receive(record.model_copy(update={"sequencer": later})) is written

    def test_an_end_is_written_once(self, cloud: Cloud) -> None:
        record = cloud.accept("d", "A")
        cloud.store.photos.update("d", record.photo_id, expect={Status.ACCEPTED}, status=Status.FAILED)
        with pytest.raises(Conflict):
            cloud.store.photos.update("d", record.photo_id, expect={Status.ACCEPTED}, status=Status.EXPORTED)
        assert cloud.photo(record).status == Status.FAILED

    def test_nothing_is_written_for_a_photo_that_is_not_there(self, cloud: Cloud) -> None:
        with pytest.raises(Conflict):
            cloud.store.photos.update("d", "0123456789abcdef", status=Status.FAILED)
        with pytest.raises(Conflict):
            cloud.store.photos.begin("d", "0123456789abcdef", "process", "one")
        assert list(cloud.store.photos.of_drop("d")) == []

    def test_attempts_that_did_not_come_back_are_known(self, cloud: Cloud) -> None:
        head = cloud.accept("d", "A").photo_id
        photos = cloud.store.photos
        assert photos.begin("d", head, "process", "one") == (True, set())
        photos.come_back("d", head, "process", {"one"})
        assert photos.begin("d", head, "process", "two") == (False, set())
        assert photos.begin("d", head, "process", "three") == (False, {"two"})
        assert photos.begin("d", head, "export", "four") == (True, set())
        photos.come_back("d", head, "process", {"two", "three", "unknown"})
        assert photos.begin("d", head, "process", "five") == (False, set())

    def test_what_is_held_against_a_photo_adds_up(self, cloud: Cloud) -> None:
        photo = cloud.accept("d", "A").photo_id
        photos = cloud.store.photos
        assert photos.suspect("d", photo, set()) == 0
        assert photos.suspect("d", photo, {"one"}) == photos.suspect("d", photo, {"one"}) == 1
        assert photos.suspect("d", photo, {"two"}) == 2
        photos.clear("d", photo, {"one"})
        assert photos.suspect("d", photo, set()) == 1
        photos.update("d", photo, killed=None)
        assert photos.suspect("d", photo, set()) == 0

    @pytest.mark.parametrize("status", [Status.REJECTED, Status.EXPORTED, Status.FAILED])
    def test_an_ended_photo_is_not_worked_on(self, cloud: Cloud, status: Status) -> None:
        record = cloud.accept("d", "A", status=status)
        for names in (set(), {"one"}):
            with pytest.raises(Conflict):
                cloud.store.photos.suspect("d", record.photo_id, names)

    def test_a_drop_is_streamed_in_the_same_order_whatever_the_writes(self, cloud: Cloud) -> None:
        made = [cloud.accept("d", f"SKU-{n}") for n in range(40)]
        cloud.accept("other", "SKU-1")
        found = [photo.photo_id for photo in cloud.store.photos.of_drop("d")]
        assert found == sorted(photo.photo_id for photo in made)

    def test_none_removes_a_field(self, cloud: Cloud) -> None:
        record = cloud.accept("d", "A", status=Status.HELD, reason=reason("LOT_HELD"))
        after = cloud.store.photos.update("d", record.photo_id, reason=None)
        assert after.reason is None and cloud.photo(record) == after


class TestLostAnswers:
    """A write whose answer got lost is made again by the client: it must not be taken for somebody else's."""

    @pytest.fixture
    def twice(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Store:
        client = cloud.clients["dynamodb"]
        for name in ("put_item", "update_item"):
            write = getattr(client, name)
            monkeypatch.setattr(client, name, lambda write=write, **request: (write(**request), write(**request))[1])
        return cloud.store

    def test_an_end_is_ours(self, cloud: Cloud, twice: Store) -> None:
        record = cloud.accept("d", "A")
        after = twice.photos.update("d", record.photo_id, expect={Status.ACCEPTED}, status=Status.FAILED)
        assert after.status == Status.FAILED
        with pytest.raises(Conflict):
            twice.photos.update("d", record.photo_id, expect={Status.ACCEPTED}, status=Status.EXPORTED)

    def test_an_attempt_is_one(self, cloud: Cloud, twice: Store) -> None:
        record = cloud.accept("d", "A")
        assert twice.photos.begin("d", record.photo_id, "process", "one") == (True, set())
        twice.photos.come_back("d", record.photo_id, "process", {"one"})
        assert twice.photos.begin("d", record.photo_id, "process", "two") == (False, set())

    def test_a_lot_is_decided_by_us(self, twice: Store) -> None:
        twice.lots.plan(lot())
        assert twice.lots.decide("d", "l", 0, decision="accept")
        assert not twice.lots.decide("d", "l", 0, decision="hold")

    def test_a_drop_is_closed_by_us(self, twice: Store) -> None:
        twice.drops.open("d", "incoming/d/")
        assert twice.drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)
        assert not twice.drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)

    def test_a_task_is_claimed_and_decided_by_us(self, twice: Store) -> None:
        assert twice.tasks.create(task("t")) and not twice.tasks.create(task("t"))
        assert twice.tasks.claim("t", "ann", 60).owner == "ann"
        assert twice.tasks.decide("t", "ann", decision="approve").decision == "approve"
        assert [entry["what"] for entry in twice.tasks.trail("t")] == ["claimed", "approve"]
        with pytest.raises(Conflict):
            twice.tasks.decide("t", "ann", decision="reject")

    def test_what_is_learnt_is_written_by_us(self, twice: Store) -> None:
        assert twice.profiles.add("general", "a", 1) and not twice.profiles.add("general", "a", 2)
        assert twice.profiles.replace("general", "a", 3, 1) and not twice.profiles.replace("general", "a", 4, 1)
        assert twice.profiles.get("general", "a") == (3, 2)


class TestDrops:
    def test_opening_again_changes_nothing(self, cloud: Cloud) -> None:
        drops = cloud.store.drops
        drops.open("d", "incoming/d/")
        assert drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)
        drops.open("d", "incoming/other/")
        found = drops.get("d")
        assert found is not None and (found.status, found.prefix) == (DropStatus.CLOSED, "incoming/d/")

    def test_a_drop_moves_only_from_where_it_is(self, cloud: Cloud) -> None:
        drops = cloud.store.drops
        drops.open("d", "incoming/d/")
        assert not drops.move("d", DropStatus.CLOSED, status=DropStatus.DONE)
        assert drops.touch("d", ready=True)
        assert drops.move("d", DropStatus.OPEN, status=DropStatus.CLOSED)
        assert not drops.touch("d", ready=False)
        found = drops.get("d")
        assert found is not None and found.ready

    def test_open_drops_are_found_by_status(self, cloud: Cloud) -> None:
        for name in ("a", "b", "c"):
            cloud.store.drops.open(name, f"incoming/{name}/")
        cloud.store.drops.move("b", DropStatus.OPEN, status=DropStatus.CLOSED)
        assert {drop.drop for drop in cloud.store.drops.by_status(DropStatus.OPEN)} == {"a", "c"}


class TestLots:
    def test_a_planned_lot_stays_as_it_is(self, cloud: Cloud) -> None:
        cloud.store.lots.plan(lot())
        cloud.store.lots.update("d", "l", decision="accept")
        cloud.store.lots.plan(lot(size=99))
        found = cloud.store.lots.get("d", "l")
        assert found is not None and (found.size, found.decision) == (3, "accept")

    def test_a_lot_is_decided_once_for_each_attempt(self, cloud: Cloud) -> None:
        lots = cloud.store.lots
        lots.plan(lot())
        assert not lots.decide("d", "l", 1, decision="accept"), "not this attempt"
        assert lots.decide("d", "l", 0, decision="rework")
        assert not lots.decide("d", "l", 0, decision="accept")
        lots.update("d", "l", attempt=1, decision="")
        assert lots.decide("d", "l", 1, decision="hold")

    def test_a_spent_token_does_not_take_the_next_one_with_it(self, cloud: Cloud) -> None:
        lots = cloud.store.lots
        lots.plan(lot())
        lots.update("d", "l", token="second")
        lots.spend_token("d", "l", "first")
        assert (found := lots.get("d", "l")) is not None and found.token == "second"
        lots.spend_token("d", "l", "second")
        assert (found := lots.get("d", "l")) is not None and found.token == ""


class TestTasks:
    def test_a_task_is_created_once(self, cloud: Cloud) -> None:
        assert cloud.store.tasks.create(task("t"))
        cloud.store.tasks.claim("t", "ann", 60)
        assert not cloud.store.tasks.create(task("t"))
        found = cloud.store.tasks.get("t")
        assert found is not None and found.owner == "ann"

    def test_of_two_who_claim_one_gets_it(self, cloud: Cloud) -> None:
        tasks = cloud.store.tasks
        tasks.create(task("t"))
        tasks.claim("t", "ann", 60)
        with pytest.raises(Conflict):
            tasks.claim("t", "ben", 60)
        assert tasks.claim("t", "ann", 600).lease_until > time.time() + 500, "one's own lease is prolonged"

    def test_a_lease_that_ran_out_is_free_and_its_owner_decides_no_more(self, cloud: Cloud) -> None:
        tasks = cloud.store.tasks
        tasks.create(task("t"))
        tasks.claim("t", "ann", -10)
        with pytest.raises(Conflict):
            tasks.decide("t", "ann", decision="approve")
        assert tasks.claim("t", "ben", 60).owner == "ben"
        assert tasks.decide("t", "ben", decision="approve").state == TaskState.DECIDED
        with pytest.raises(Conflict):
            tasks.decide("t", "ben", decision="reject")

    def test_a_stale_version_writes_nothing(self, cloud: Cloud) -> None:
        tasks = cloud.store.tasks
        tasks.create(task("t"))
        seen = tasks.claim("t", "ann", 60)
        tasks.update("t", seen.version, override={"edge_shift_px": 1})
        with pytest.raises(Conflict):
            tasks.update("t", seen.version, override={})
        with pytest.raises(Conflict):
            tasks.decide("t", "ann", version=seen.version, decision="approve")
        found = tasks.get("t")
        assert found is not None and found.override == {"edge_shift_px": 1}

    def test_the_trail_keeps_who_did_what(self, cloud: Cloud) -> None:
        tasks = cloud.store.tasks
        tasks.create(task("t"))
        tasks.claim("t", "ann", 60)
        tasks.decide("t", "ann", decision="reject", reasons=["HALO"])
        tasks.reopen("t", "ann", 60)
        assert [(e["who"], e["what"]) for e in tasks.trail("t")] == [
            ("ann", "claimed"), ("ann", "reject HALO"), ("ann", "undone"),
        ]  # fmt: skip

    def test_the_most_urgent_come_first(self, cloud: Cloud) -> None:
        for name, due in (("b", "2026-01-02"), ("a", "2026-01-03"), ("c", "2026-01-01")):
            cloud.store.tasks.create(task(name, due))
        cloud.store.tasks.claim("a", "ann", 60)
        assert [t.task_id for t in cloud.store.tasks.by_state(TaskState.OPEN)] == ["c", "b"]
        assert {t.task_id for t in cloud.store.tasks.of_lot("l")} == {"a", "b", "c"}


def test_a_photo_record_keeps_every_kind_of_number(cloud: Cloud) -> None:
    record = cloud.accept("d", "A")
    changed = PhotoRecord.model_validate({**record.model_dump(), "error_score": 1e-6, "width": 12_000})
    cloud.store.photos.receive(changed)
    assert cloud.photo(record) == changed


def test_what_a_newer_version_writes_besides_is_left_out_at_any_depth(cloud: Cloud) -> None:
    """While an upgrade takes over, two versions read each other's records."""
    record = cloud.accept("d", "A", reason=reason("BLURRED"))
    cloud.store.photos.client.update_item(
        TableName=cloud.store.photos.name,
        Key={"pk": {"S": f"d#{record.photo_id[0]}"}, "sk": {"S": record.photo_id}},
        UpdateExpression="SET later = :v, reason.later = :v",
        ExpressionAttributeValues={":v": {"S": "of the next version"}},
    )
    assert cloud.photo(record) == record
    with pytest.raises(ValueError, match="later"):
        PhotoRecord.model_validate({**record.model_dump(), "later": "a slip of ours"})
