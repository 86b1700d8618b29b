"""S3 to EventBridge to SQS to a function; streams; schedules; asynchronous calls."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from small import Bench, until

from packshot_local.stack.sources import QueueSource


def dead_letters(bench: Bench) -> list[dict[str, Any]]:
    url = bench.stack.physical("DeadLetters")
    answer = bench.stack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_photo_reaches_its_function_with_its_metadata(bench: Bench) -> None:
    # given keys that need quoting in a URL
    keys = [f"incoming/drop 1/Schuh+rot_{number}%2F ü.jpg" for number in range(3)]

    # when they are put with metadata
    answers = {key: bench.put(key, key.encode(), Metadata={"sku": "A1"}) for key in keys}

    # then each is handed over plain, with size, etag, version, and the metadata is there already
    assert bench.stack.wait_idle(20)
    for key, answer in answers.items():
        item = bench.item(f"photo#{key}")
        assert item is not None
        assert item["etag"]["S"] == answer["ETag"].strip('"')
        assert item["version"]["S"] == answer["VersionId"]
        assert int(item["size"]["N"]) == len(key.encode())
        assert item["metadata"]["M"] == {"sku": {"S": "A1"}}
        assert item["quality"]["S"] == "best"


def told(bench: Bench, key: str) -> list[dict[str, Any]]:
    """What intake logged of a photo, one entry for every time it saw it."""
    return [line.fields for line in bench.lines if line.fields and line.fields.get("key") == key]


def test_events_have_ids_and_rising_sequencers(bench: Bench) -> None:
    bench.put("incoming/twice.jpg")
    bench.put("incoming/twice.jpg")
    assert bench.stack.wait_idle(20)
    first, second = sorted(told(bench, "incoming/twice.jpg"), key=lambda fields: fields["sequencer"])
    assert first["event"] != second["event"]
    assert first["sequencer"] < second["sequencer"]
    assert len(first["sequencer"]) == len(second["sequencer"])


def test_a_large_upload_in_parts_is_one_event(bench: Bench) -> None:
    s3 = bench.stack.client("s3")
    upload = s3.create_multipart_upload(Bucket=bench.bucket, Key="incoming/large.jpg")["UploadId"]
    place = {"Bucket": bench.bucket, "Key": "incoming/large.jpg", "UploadId": upload}
    part = s3.upload_part(**place, PartNumber=1, Body=b"y" * 100)
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert bench.stack.wait_idle(20)
    assert len(told(bench, "incoming/large.jpg")) == 1


def test_a_bad_photo_goes_to_the_dead_letters_and_the_good_ones_of_its_batch_do_not(bench: Bench) -> None:
    for name in ("good-1", "bad-1", "good-2"):
        bench.put(f"incoming/{name}.jpg")
    assert bench.stack.wait_idle(20)
    assert bench.item("photo#incoming/good-1.jpg") and bench.item("photo#incoming/good-2.jpg")
    assert [letter["detail"]["object"]["key"] for letter in dead_letters(bench)] == ["incoming/bad-1.jpg"]
    assert len(told(bench, "incoming/bad-1.jpg")) == 2, "maxReceiveCount is two"
    assert len(told(bench, "incoming/good-1.jpg")) == 1


def test_deleting_announces_nothing(bench: Bench) -> None:
    bench.put("incoming/gone.jpg")
    bench.stack.client("s3").delete_object(Bucket=bench.bucket, Key="incoming/gone.jpg")
    assert bench.stack.wait_idle(20)
    assert len(told(bench, "incoming/gone.jpg")) == 1


def test_table_changes_reach_the_stream_reader_through_its_alias(bench: Bench) -> None:
    bench.stack.client("dynamodb").put_item(TableName=bench.table, Item={"pk": {"S": "watch#1"}})
    item = until(lambda: bench.item("seen#watch#1"))
    assert item["kind"]["S"] == "INSERT"


def test_a_poisonous_change_is_given_up_and_the_stream_goes_on(bench: Bench) -> None:
    dynamodb = bench.stack.client("dynamodb")
    dynamodb.put_item(TableName=bench.table, Item={"pk": {"S": "poison#1"}})
    until(lambda: [line for line in bench.lines if "poison#1" in line.text])
    until(bench.stack.idle)
    dynamodb.put_item(TableName=bench.table, Item={"pk": {"S": "watch#2"}})
    assert until(lambda: bench.item("seen#watch#2"))
    assert len([line for line in bench.lines if "ERROR" in line.text and "poison#1" in line.text]) == 2


def test_schedules_fire_at_will(bench: Bench) -> None:
    bench.stack.fire_schedule("WorkerTick")
    bench.stack.fire_schedule("WorkerNightly")
    assert until(lambda: bench.item("record#tick"))["count"]["N"] == "1"
    assert until(lambda: bench.item("record#night"))["count"]["N"] == "1"


def test_a_rule_calls_a_function_directly_and_again_after_errors(bench: Bench) -> None:
    detail = json.dumps({"do": "fail", "key": "direct"})
    entry = {"Source": "test.direct", "DetailType": "anything", "Detail": detail}
    before = len(bench.lines)
    bench.stack.client("events").put_events(Entries=[entry])
    assert until(lambda: sum("bad photo" in line.text for line in bench.lines[before:]) == 3)


def test_what_the_template_says_of_bucket_and_table_is_set(bench: Bench) -> None:
    s3 = bench.stack.client("s3")
    assert s3.get_bucket_versioning(Bucket=bench.bucket)["Status"] == "Enabled"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bench.bucket)["Rules"]
    assert [(rule["ID"], rule["Expiration"]["Days"]) for rule in rules] == [("tidy", 30)]
    ttl = bench.stack.client("dynamodb").describe_time_to_live(TableName=bench.table)
    assert ttl["TimeToLiveDescription"]["AttributeName"] == "expires"
    assert bench.stack.outputs["PhotosBucket"] == bench.bucket


@pytest.mark.parametrize(("waiting", "wanted"), [(30, [10, 10, 5, 3, 1, 1]), (12, [6, 3, 2, 1]), (1, [1])])
def test_readers_of_a_queue_share_what_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, waiting: int, wanted: list[int]
) -> None:
    source = next(source for source in bench.stack._sources if isinstance(source, QueueSource))
    alike = copy.copy(source)
    alike._queue, alike._readers = SimpleNamespace(messages=list(range(waiting))), 2  # type: ignore[assignment]
    alike.mapping = replace(source.mapping, batch_size=10, window_seconds=0.0)
    handled: list[int] = []

    def receive(count: int, _wait: float) -> list[Any]:
        taken, alike._queue.messages = alike._queue.messages[:count], alike._queue.messages[count:]
        return taken

    monkeypatch.setattr(alike, "_receive", receive)
    monkeypatch.setattr(alike, "_handle", lambda batch: handled.append(len(batch)))
    while alike._queue.messages:
        alike._poll()
    assert handled == wanted
