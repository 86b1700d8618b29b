"""Drops, audit, retries, uploads, metrics and escalation."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from studio import Call, Studio

from packshot import keys
from packshot.learning.complaints import read_complaints
from packshot.reasons import reason
from packshot.records import LotStatus, PhotoRecord, Status, TaskRecord, TaskState
from packshot.report import report_drop
from packshot.report.rejections import rejected_csv
from packshot.review import metrics, owners
from packshot.settings import ReportSettings
from packshot.store import uploads
from packshot.store.paging import tasks_from

LOT = "spring-general-001"


def end(studio: Studio, drop: str, status: Status, code: str = "") -> list[str]:
    """Bring all photos of a drop to an end; their ids."""
    photos = list(studio.store.photos.of_drop(drop))
    for photo in photos:
        studio.store.photos.update(drop, photo.photo_id, status=status, reason=reason(code) if code else None)
    return [photo.photo_id for photo in photos]


def test_drops_come_newest_first_and_in_pages(studio: Studio, call: Call) -> None:
    for i in range(5):
        studio.store.drops.open(f"d{i}", f"incoming/d{i}/")
        studio.store.drops.touch(f"d{i}")
        studio.store.drops._update({"pk": f"d{i}"}, {"last_event_at": f"2026-01-01T00:00:0{i // 2}Z"})
    seen, cursor = [], ""
    while True:
        page = call("GET", "/v1/drops", limit="2", cursor=cursor).json
        seen += [line["drop"] for line in page["drops"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert sorted(seen) == [f"d{i}" for i in range(5)]
    assert seen[0] == "d4" and set(seen[-2:]) == {"d0", "d1"}


def test_a_drop_is_counted_by_status_segment_and_stage(studio: Studio, call: Call) -> None:
    studio.drop(photos=6, tasks=4)
    detail = call("GET", "/v1/drops/spring").json
    assert detail["by_status"] == {"held": 4, "accepted": 2}
    says = "The photo waits for people to decide on its lot's sample."
    assert detail["reasons"] == [{"code": "AWAITING_REVIEW", "says": says, "photos": 4}]
    assert detail["stages"] == {"received": 6, "planned": 6, "processed": 6, "ended": 4}
    assert [lot["lot"] for lot in detail["lots"]] == [LOT]


def test_the_audit_balances_only_when_every_photo_has_ended(studio: Studio, call: Call) -> None:
    studio.drop(photos=6, tasks=4)
    assert call("GET", "/v1/drops/spring/audit").json["balanced"] is False
    end(studio, "spring", Status.EXPORTED)
    studio.store.incoming.put("incoming/spring/_READY", b"", "text/plain")
    said = call("GET", "/v1/drops/spring/audit").json
    assert (said["balanced"], said["says"]) == (
        True,
        "0 rejected + 6 exported + 0 held + 0 failed = 6 dropped",
    )
    studio.store.incoming.put("incoming/spring/LOST_front.jpg", b"x", "image/jpeg")
    assert call("GET", "/v1/drops/spring/audit").json["balanced"] is False


def test_rejections_download_as_csv_with_their_cures(studio: Studio, call: Call) -> None:
    studio.drop(photos=3, tasks=0)
    end(studio, "spring", Status.REJECTED, "TOO_SMALL")
    answer = call("GET", "/v1/drops/spring/rejected.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    report_drop(studio.store, ReportSettings(), {}, "spring")
    written = studio.store.output.get(keys.report_key("spring", "rejected.csv")).body
    assert answer.text.encode() == written, "the desk and the report give the same file"
    assert {row["code"] for row in rows} == {"TOO_SMALL"} and all(row["cure"] for row in rows)


@pytest.mark.parametrize("name", ["=1+1.jpg", "+A.jpg", "-A.jpg", "@A.jpg"])
def test_a_file_name_is_never_a_spreadsheets_formula(name: str) -> None:
    photo = PhotoRecord(drop="d", photo_id="0" * 16, key="k", file=name, reason=reason("BAD_NAME"))
    photo.status = Status.REJECTED
    row = next(csv.DictReader(io.StringIO(rejected_csv([photo]).decode("utf-8-sig"))))
    assert row["file"] == f"'{name}"


def test_photos_page_through_all_shards(studio: Studio, call: Call) -> None:
    studio.drop(photos=40, tasks=0)
    seen, cursor = [], ""
    while True:
        page = call("GET", "/v1/drops/spring/photos", status="accepted", limit="7", cursor=cursor).json
        seen += [photo["photo_id"] for photo in page["photos"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 40
    assert call("GET", "/v1/drops/spring/photos", status="lost").status == 422


def test_a_failed_photo_is_retried_by_resuming_its_lot_once(studio: Studio, call: Call) -> None:
    studio.drop(photos=3, tasks=0)
    photo = end(studio, "spring", Status.FAILED, "PROCESSING_ERROR")[0]
    studio.store.lots.update("spring", LOT, status=LotStatus.EXPORTED)
    again = call("POST", f"/v1/drops/spring/photos/{photo}/retry").json
    assert (again["status"], again["retry"], again["reason"]) == ("accepted", False, None)
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").status == 409
    client, machine = studio.client("stepfunctions"), studio.env["PACKSHOT_STATE_MACHINE_ARN"]
    started = client.list_executions(stateMachineArn=machine)["executions"]
    assert [run["name"] for run in started] == [f"spring-retry1-{photo}"]
    sent = client.describe_execution(executionArn=started[0]["executionArn"])["input"]
    assert json.loads(sent) == {"drop": "spring", "lots": [LOT]}


def test_retrying_a_photo_of_a_held_lot_opens_the_lot_for_another_attempt(studio: Studio, call: Call) -> None:
    studio.drop(photos=3, tasks=0)
    photo, other, _ = end(studio, "spring", Status.HELD, "LOT_HELD")
    held = {"decision": "hold", "status": LotStatus.HELD, "attempt": 1}
    studio.store.lots.update("spring", LOT, **held)
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").json["title"] == "Not yet", "settle is at work"
    studio.store.lots.update("spring", LOT, reason=reason("LOT_HELD"))
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").status == 200
    lot = studio.store.lots.get("spring", LOT)
    assert lot is not None and (lot.attempt, lot.decision, lot.status) == (2, "", LotStatus.PLANNED)
    assert call("POST", f"/v1/drops/spring/photos/{other}/retry").json["title"] == "Not yet", "one gate at a time"


def test_nothing_is_retried_while_its_lot_is_on_its_way(studio: Studio, call: Call) -> None:
    studio.drop(photos=3, tasks=0)
    photo = end(studio, "spring", Status.HELD, "CHECKS_FAILED")[0]
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").json["title"] == "Not yet", "the lot is in review"
    shown = call("GET", "/v1/drops/spring/photos", status="held").json["photos"]
    assert not any(line["retry"] for line in shown)
    studio.store.lots.update("spring", LOT, status=LotStatus.EXPORTED)
    shown = call("GET", "/v1/drops/spring/photos", status="held").json["photos"]
    assert all(line["retry"] for line in shown)


def test_a_photo_that_waits_for_its_reviewer_is_not_retried(studio: Studio, call: Call) -> None:
    photo = studio.drop()[0].rsplit(".", 1)[1]
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").json["title"] == "Nothing to retry"


def test_a_retry_that_cannot_start_leaves_the_photo_as_it_was(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.drop(photos=1, tasks=0)
    photo = end(studio, "spring", Status.FAILED, "PROCESSING_ERROR")[0]
    held = {"decision": "hold", "status": LotStatus.HELD, "reason": reason("LOT_HELD"), "task_ids": ["t"]}
    before = studio.store.lots.update("spring", LOT, **held)

    def refuse(**_: Any) -> None:
        raise ConnectionError("no workflow today")

    monkeypatch.setattr(studio.client("stepfunctions"), "start_execution", refuse)
    assert call("POST", f"/v1/drops/spring/photos/{photo}/retry").status == 500
    record = studio.store.photos.get("spring", photo)
    assert record is not None and record.status == Status.FAILED
    assert record.reason is not None and record.reason.code == "PROCESSING_ERROR"
    lot = studio.store.lots.get("spring", LOT)
    assert lot is not None and lot.model_copy(update={"updated_at": before.updated_at}) == before


def test_small_files_upload_by_one_put_and_large_ones_in_parts(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.review.uploads.MULTIPART_FROM", 6_000_000)
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * 1024 * 1024)
    files = [{"name": "Ä B+%2F_front.jpg", "bytes": 10}, {"name": "BIG_front.png", "bytes": 6_000_000}]
    plan = call("POST", "/v1/uploads", body={"drop": "Été 26", "files": files}).json
    assert plan["drop"] == keys.drop_id("Été 26")
    small, big = plan["targets"]
    assert small["url"] and not small["part_urls"]
    assert len(big["part_urls"]) == 2 and big["part_bytes"] == 5 * 1024 * 1024

    s3 = studio.client("s3")
    for n, size in ((1, 5 * 1024 * 1024), (2, 100)):
        s3.upload_part(
            Bucket="incoming",
            Key="incoming/Été 26/BIG_front.png",
            UploadId=big["upload_id"],
            PartNumber=n,
            Body=b"x" * size,
        )
    done = {"drop": "Été 26", "name": "BIG_front.png", "upload_id": big["upload_id"]}
    assert call("POST", "/v1/uploads/complete", body=done).json == {"parts": 2}
    assert len(studio.store.incoming.get("incoming/Été 26/BIG_front.png").body) == 5 * 1024 * 1024 + 100
    assert call("POST", "/v1/uploads/complete", body=done).status == 404


@pytest.mark.parametrize("name", ["../x.jpg", "a/b.jpg", "a\\b.jpg", "..", "a\n.jpg", " a.jpg", "_READY", "x" * 1200])
def test_an_upload_name_that_leaves_its_drop_is_refused(studio: Studio, call: Call, name: str) -> None:
    body = {"drop": "d", "files": [{"name": name, "bytes": 1}]}
    assert call("POST", "/v1/uploads", body=body).status == 422


def test_no_upload_into_a_closed_drop_or_beyond_the_byte_limit(studio: Studio, call: Call) -> None:
    studio.drop()
    studio.store.drops._update({"pk": "spring"}, {"status": "closed"})
    body = {"drop": "spring", "files": [{"name": "A_front.jpg", "bytes": 1}]}
    assert call("POST", "/v1/uploads", body=body).json["title"] == "Drop is closed"
    huge = {"drop": "new", "files": [{"name": "A_front.jpg", "bytes": 10**9}]}
    assert call("POST", "/v1/uploads", body=huge).status == 413


def test_metrics_count_lots_decisions_and_the_queue(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    studio.store.lots.update("spring", LOT, acceptance_number=1)
    version = call("POST", f"/v1/tasks/{task}/claim").json["task"]["version"]
    body = {"decision": "reject", "reasons": ["FRINGE", "HOLES"], "version": version}
    call("POST", f"/v1/tasks/{task}/decision", body=body)
    numbers = call("GET", "/v1/metrics").json
    assert numbers["defects"] == {"FRINGE": 1, "HOLES": 1}
    assert numbers["by_segment"] == {"general": {"rejected": 1, "overridden": 0}}
    assert numbers["queue"] == {"general": {"open": 3, "overdue": 0}}
    assert [(lot["defects"], lot["sample_size"]) for lot in numbers["lots"]] == [(1, 3)]


@pytest.mark.parametrize("moves_after", [1, 2])
@pytest.mark.parametrize("begins", ["open", "claimed"])
def test_a_task_that_is_claimed_or_let_go_meanwhile_waits_once(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch, begins: str, moves_after: int
) -> None:
    task = studio.drop()[0]
    if begins == "claimed":
        call("POST", f"/v1/tasks/{task}/claim")
    reads = []

    def read(tasks: Any, state: TaskState) -> list[TaskRecord]:
        found = list(tasks_from(tasks, state))
        reads.append(state)
        if len(reads) == moves_after:
            call("POST", f"/v1/tasks/{task}/{'release' if begins == 'claimed' else 'claim'}")
        return found

    monkeypatch.setattr(metrics, "tasks_from", read)
    counts = metrics.metrics(studio.store).queue["general"]
    assert counts.get("open", 0) + counts.get("claimed", 0) == 4
    assert len(reads) > moves_after


def test_complaints_lie_where_learning_takes_them_up(studio: Studio, call: Call) -> None:
    body = {"complaints": [{"sku": "SKU000", "view": "front", "reason": "FRINGE", "comment": "halo, ugly"}]}
    assert call("POST", "/v1/complaints", body=body).json == {"taken": 1}
    assert call("POST", "/v1/complaints", body=body).status == 200
    files = list(studio.store.incoming.list("complaints/"))
    assert len(files) == 1, "delivered twice, it is one file"
    read, errors = read_complaints(studio.store.incoming.get(files[0].key).body)
    assert (errors, [(c.sku, c.comment) for c in read]) == ([], [("SKU000", "halo, ugly")])
    assert call("POST", "/v1/complaints", body={"complaints": [{"sku": ""}]}).status == 422


def test_overdue_tasks_escalate_once(studio: Studio) -> None:
    studio.drop("one", segment="exception")
    studio.drop("two")
    sqs, sns = studio.client("sqs"), studio.client("sns")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=studio.env["PACKSHOT_TOPIC_ARN"], Protocol="sqs", Endpoint=arn)
    store = studio.store

    assert owners.escalate(store, "2026-01-01T00:00:00Z") == 0
    assert owners.escalate(store, "2099-01-01T00:00:01Z") == 4
    assert owners.escalate(store, "2099-01-01T00:00:01Z") == 0
    assert owners.escalate(store, "2099-01-02T00:00:00Z") == 4
    letters = [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]]
    assert {letter["Subject"] for letter in letters} == {
        "packshot: 2 review tasks overdue (Lead retoucher)",
        "packshot: 2 review tasks overdue (Catalogue desk)",
    }


def test_who_holds_an_overdue_task_may_still_decide_it(studio: Studio) -> None:
    first, *_ = studio.drop()
    store = studio.store
    held = store.tasks.claim(first, "ann", 900)
    assert owners.escalate(store, "2099-02-01T00:00:00Z") == 4
    decided = store.tasks.decide(first, "ann", version=held.version, decision="approve")
    assert decided.escalated
    assert [entry["what"] for entry in store.tasks.trail(first)] == ["claimed", "escalated", "approve"]


def test_an_escalation_that_cannot_be_sent_is_tried_again(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.drop()
    store = studio.store

    def silent(_subject: str, _text: str) -> None:
        raise ConnectionError("no topic today")

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(store.notices, "people", silent)
        owners.escalate(store, "2099-02-01T00:00:00Z")
    assert owners.escalate(store, "2099-02-01T00:00:00Z") == 4


def test_due_times_follow_the_segments_owner() -> None:
    assert owners.due_at("exception", "2026-11-23T20:00:00Z") == "2026-11-24T04:00:00Z"
    assert owners.due_at("general", "2026-11-23T20:00:00Z") == "2026-11-24T20:00:00Z"
