"""Stage plan: lots in S3 and on record, written alike however often it runs."""

from __future__ import annotations

import pytest
from cloud import Cloud

from packshot import keys
from packshot.plan.stage import plan_drop, read_lot
from packshot.records import LotStatus, Status
from packshot.settings import PlanSettings
from packshot.store.objects import Missing

SETTINGS = PlanSettings(lot_max=4, chunk_size=2, canary_size=1, lot_concurrency=5)


def test_a_plan_is_where_the_map_looks_for_it(cloud: Cloud) -> None:
    photos = [cloud.accept("d", f"SKU-{n}") for n in range(6)]
    cloud.accept("d", "REFUSED", status=Status.REJECTED)
    cloud.accept("d", "UNSURE", status=Status.WAITING)

    planned = plan_drop(cloud.store, SETTINGS, "d", "run-1")

    assert (planned.lots, planned.lot_concurrency, planned.bucket) == (2, 5, "work")
    items = cloud.store.work.get_json(planned.key)
    assert [entry["drop"] for entry in items] == ["d", "d"]
    planned_photos = [ref.photo_id for entry in items for ref in read_lot(cloud.store, "d", entry["lot"]).photos]
    assert sorted(planned_photos) == sorted(photo.photo_id for photo in photos)
    assert all(lot.status == LotStatus.PLANNED and lot.size == 3 for lot in cloud.store.lots.of_drop("d"))


def test_planning_again_writes_the_same_and_leaves_lots_alone(cloud: Cloud) -> None:
    photos = [cloud.accept("d", f"SKU-{n}") for n in range(6)]
    first = plan_drop(cloud.store, SETTINGS, "d", "run-1")
    before = {entry.key: entry.etag for entry in cloud.store.work.list("plans/")}
    lot = next(iter(cloud.store.lots.of_drop("d")))
    cloud.store.lots.update("d", lot.lot, decision="accept")
    cloud.store.photos.update("d", photos[0].photo_id, status=Status.EXPORTED)  # the first run was fast

    second = plan_drop(cloud.store, SETTINGS, "d", "run-1")

    assert second == first
    assert {entry.key: entry.etag for entry in cloud.store.work.list("plans/")} == before
    kept = cloud.store.lots.get("d", lot.lot)
    assert kept is not None and kept.decision == "accept"


def test_an_empty_drop_has_an_empty_plan(cloud: Cloud) -> None:
    cloud.accept("d", "REFUSED", status=Status.REJECTED)
    planned = plan_drop(cloud.store, SETTINGS, "d", "run-1")
    assert planned.lots == 0 and cloud.store.work.get_json(planned.key) == []


def test_a_resume_takes_only_its_lots_in_the_attempt_that_they_are_in(cloud: Cloud) -> None:
    for n in range(6):
        cloud.accept("d", f"SKU-{n}")
    plan_drop(cloud.store, SETTINGS, "d", "run-1")
    lot = next(iter(cloud.store.lots.of_drop("d"))).lot
    cloud.store.lots.update("d", lot, attempt=1)

    resumed = plan_drop(cloud.store, SETTINGS, "d", "run-2", [lot, lot])

    items = cloud.store.work.get_json(keys.lots_key("d", "run-2"))
    assert resumed.lots == 1 and [(entry["lot"], entry["attempt"]) for entry in items] == [(lot, 1)]


def test_a_lot_that_was_never_planned_cannot_be_resumed(cloud: Cloud) -> None:
    with pytest.raises(Missing):
        plan_drop(cloud.store, SETTINGS, "d", "run-2", ["d-general-00000000"])


def test_a_plan_of_the_next_version_is_read_by_this_one(cloud: Cloud) -> None:
    cloud.accept("d", "A")
    (entry,) = cloud.store.work.get_json(plan_drop(cloud.store, SETTINGS, "d", "run-1").key)
    name = keys.lot_key("d", entry["lot"])
    told = cloud.store.work.get_json(name)
    before = read_lot(cloud.store, "d", entry["lot"])
    told["chunks"][0][0]["later"] = told["later"] = 1
    cloud.store.work.put_json(name, told)
    assert read_lot(cloud.store, "d", entry["lot"]) == before
