"""Drops go through whole, whatever happens to their events, their workers and their files."""

from __future__ import annotations

import io
import json
import random
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from bench.line import Line, catalogue, draw, until
from packshot import keys
from packshot.records import LotStatus, Status
from packshot_local.stack.faults import Kind, Rule

pytestmark = pytest.mark.slow


def test_one_photo_from_put_to_export(line: Line) -> None:
    line.drop("one", {"BOX-1": line.photo(1)})

    books = line.books("one")

    assert books.balanced and books.exported == 1
    record = line.records("one")["BOX-1_front.jpg"]
    assert record.verdict is not None and record.way == "auto" and record.exports.keys() == {"google"}
    exported = Image.open(io.BytesIO(next(iter(line.exports("one").values()))))
    pixels = np.asarray(exported.convert("RGB"))
    assert min(exported.size) >= 1000 and (pixels[:5] == 255).all(), "the packshot stands on pure white"
    assert pixels[exported.height // 2, exported.width // 2].max() < 250, "the product is in its middle"
    manifest = line.store.output.get_json(keys.report_key("one", "manifest.json"))
    assert record.exports["google"].rsplit("/", 1)[-1] in json.dumps(manifest)
    stages = [("received", "Intake"), ("photo processed", "Process"), ("photo exported", "Export")]
    said = [[entry["photo_id"] for entry in line.said(what, f"{stage}Function")] for what, stage in stages]
    assert said == [[record.photo_id]] * 3, "one id leads from the event to the export"


def test_every_event_three_times_in_random_order(line: Line) -> None:
    events, sqs = line.stack.client("events"), line.stack.client("sqs")
    copies = sqs.create_queue(QueueName="copies")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=copies, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    events.put_rule(Name="copy", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="copy", Targets=[{"Id": "copies", "Arn": arn}])
    line.drop("thrice", {f"BOX-{n}": line.photo(n) for n in (1, 2, 3)}, ready=False)
    bodies: list[str] = []

    def gathered() -> bool:
        got = sqs.receive_message(QueueUrl=copies, MaxNumberOfMessages=10).get("Messages", [])
        bodies.extend(m["Body"] for m in got if '"incoming/thrice/' in m["Body"])
        return len(bodies) >= 4

    until(gathered)
    events.remove_targets(Rule="copy", Ids=["copies"])
    again = bodies * 2
    random.Random(7).shuffle(again)

    line.put("thrice", keys.READY, b"")
    for body in again:
        sqs.send_message(QueueUrl=line.store.intake_queue.url, MessageBody=body)
    books = line.books("thrice")
    before = (line.records("thrice"), line.exports("thrice"))
    for body in bodies:  # and once more when all is over
        sqs.send_message(QueueUrl=line.store.intake_queue.url, MessageBody=body)
    assert line.stack.wait_idle(30)

    assert books.balanced and (books.dropped, books.exported) == (3, 3)
    assert (line.records("thrice"), line.exports("thrice")) == before
    assert len(line.executions("thrice")) == 1


def test_a_worker_is_killed_in_mid_lot(line: Line) -> None:
    photos = {f"BOX-{n}": line.photo(n) for n in range(10, 17)}
    done = len(line.said("photo processed", "ProcessFunction"))
    line.drop("killed", photos)

    until(lambda: len(line.said("photo processed", "ProcessFunction")) >= done + 3)
    killed = line.stack.kill_worker("ProcessFunction")
    books = line.books("killed")

    assert killed not in [worker.pid for worker in line.stack.workers()]
    assert books.balanced and (books.dropped, books.exported) == (7, 7)
    assert len(line.exports("killed")) == 7
    assert len(line.executions("killed")) == 1


STAGES = [f"{name}Function" for name in ("Plan", "Process", "Inspect", "Export", "Settle", "Report")]


def test_every_stage_loses_a_worker(line: Line) -> None:
    with line.reaper(STAGES, once=True) as killed:
        line.drop("mourned", {f"BOX-{n}": line.photo(n) for n in (80, 81, 82, 83)})
        books = line.books("mourned")
        until(lambda: all(e["status"] == "SUCCEEDED" for e in line.executions("mourned")))

    assert sorted(killed) == sorted(STAGES)
    assert books.balanced and (books.dropped, books.exported) == (4, 4)
    assert len(line.exports("mourned")) == 4 and len(line.executions("mourned")) == 1


def test_a_drop_that_cannot_be_planned_fails_photo_by_photo(line: Line) -> None:
    with line.reaper(["PlanFunction"], once=False) as killed:
        line.drop("unplanned", {f"BOX-{n}": line.photo(n) for n in (90, 91)})
        books = line.books("unplanned")

    assert len(killed) >= 5, "the plan was retried before it was given up"
    assert books.balanced and (books.dropped, books.failed) == (2, 2)
    assert {r.reason.code for r in line.records("unplanned").values() if r.reason} == {"NOT_PLANNED"}
    assert len([letter for letter in line.letters() if letter["drop"] == "unplanned"]) == 2


def test_a_photo_is_read_once_at_the_door_and_once_to_be_cut_out(line: Line) -> None:
    watched = Rule(Kind.SLOW, service="s3", operation="GetObject", about=keys.INCOMING)  # late by nothing: only counted
    with line.stack.faults.injected(watched) as seen:
        line.drop("read", {f"BOX-{n}": line.photo(n) for n in (50, 51, 52)})
        books = line.books("read")

    files = [(call.function, call.text.split("\n")[0].rsplit("/", 1)[-1]) for _, call in seen]
    reads = Counter((function, file) for function, file in files if file.endswith(".jpg"))
    assert books.balanced and books.exported == 3
    assert reads == {
        (function, f"BOX-{n}_front.jpg"): 1 for function in ("IntakeFunction", "ProcessFunction") for n in (50, 51, 52)
    }


def test_corrupt_photos_spoil_only_themselves(line: Line) -> None:
    sound = {f"BOX-{n}": line.photo(n) for n in (20, 21, 22)}
    unlucky, matte = draw(23)
    line.know(unlucky, matte[:100, :100])  # what was kept for it is damaged: processing it ends in an error
    cut_off = line.photo(24)
    line.drop("corrupt", {**sound, "BOX-23": unlucky, "BOX-24": cut_off[: len(cut_off) // 2]})

    books = line.books("corrupt")
    records = line.records("corrupt")

    assert books.balanced
    assert (books.dropped, books.exported, books.failed, books.rejected) == (5, 3, 1, 1)
    failed, rejected = records["BOX-23_front.jpg"], records["BOX-24_front.jpg"]
    assert failed.reason is not None and failed.reason.code == "PROCESSING_ERROR"
    assert rejected.reason is not None and rejected.reason.code == "TRUNCATED" and rejected.reason.cure
    letters = [letter for letter in line.letters() if letter["drop"] == "corrupt"]
    assert [letter["photo_id"] for letter in letters] == [failed.photo_id]
    table = line.store.output.get(keys.report_key("corrupt", "rejected.csv")).body.decode("utf-8-sig")
    assert "BOX-24_front.jpg,BOX-24,front,TRUNCATED" in table


def test_the_catalogue_comes_last_and_no_marker_at_all(line: Line) -> None:
    skus = ["BOX-30", "BOX-31"]
    for n, sku in zip((30, 31), skus, strict=True):
        line.put("late-words", f"{sku}_front.jpg", line.photo(n))
    until(lambda: len(line.records("late-words")) == 2)
    waiting = {record.status for record in line.records("late-words").values()}

    line.put("late-words", keys.CATALOG, catalogue(skus))
    assert line.stack.wait_idle(30)

    def closed() -> bool:
        line.stack.fire_schedule("CloseFunctionQuiet")  # looks for drops in which nothing came for three seconds
        found = line.store.drops.get("late-words")
        return found is not None and bool(found.execution)

    until(closed)
    books = line.books("late-words")

    assert waiting == {Status.WAITING}
    assert books.balanced and books.exported == 2


def test_the_same_drop_twice(line: Line) -> None:
    photos = {f"BOX-{n}": line.photo(n) for n in (40, 41)}
    line.drop("first", photos)
    assert line.books("first").balanced
    records, exports = line.records("first"), line.exports("first")

    line.drop("first", photos)  # the same files into the same drop
    assert line.stack.wait_idle(60)
    line.drop("second", photos)  # and as a drop of another name
    books = line.books("second")

    assert line.records("first") == records and line.exports("first") == exports
    assert books.balanced and line.exports("second") == exports
    lots = list(line.store.lots.of_drop("first"))
    assert [lot.status for lot in lots] == [LotStatus.EXPORTED] and len(line.executions("first")) == 1
