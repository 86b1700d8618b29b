"""Stage export: the same bytes under the same names however often it runs, and nobody's file is overwritten."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud import Cloud

from packshot import attempts, keys
from packshot.attempts import ATTEMPTS
from packshot.export import chunk
from packshot.export.chunk import ExportDone, OutOfTime
from packshot.reasons import reason
from packshot.records import Status
from report.planned import Bench


@pytest.fixture
def bench(cloud: Cloud) -> Bench:
    return Bench(cloud)


def test_running_again_gives_the_same_bytes(bench: Bench) -> None:
    assert bench.run() == ExportDone(exported=2)
    files = bench.files()
    assert len(files) == 2 and all(key.startswith("exports/google/d/") for key in files)
    assert bench.now(0).status == Status.EXPORTED and bench.now(0).exports["google"] in files

    assert bench.run() == ExportDone(skipped=2) and bench.files() == files
    for photo in bench.photos:  # the worker died after it wrote and before it said so
        bench.store.photos.update("d", photo.photo_id, status=Status.ACCEPTED, exports={})
    assert bench.run() == ExportDone(exported=2) and bench.files() == files


def test_metadata_that_could_not_be_read_is_told_on_the_photo(bench: Bench) -> None:
    bench.store.photos.update("d", bench.photos[0].photo_id, source_metadata={"xmp": "<x:xmpmeta"})
    assert bench.run() == ExportDone(exported=2)
    assert [note.split(" (")[0] for note in bench.now(0).notes] == ["XMP is unreadable"]
    assert bench.now(0).notes[0].endswith("and was dropped") and bench.now(1).notes == []


def test_a_name_that_another_photo_owns_is_left_alone(bench: Bench) -> None:
    bench.run()
    key = bench.now(0).exports["google"]
    bench.store.photos.update("d", bench.photos[0].photo_id, status=Status.ACCEPTED, exports={})
    bench.store.output.put(key, b"another photo's", "image/jpeg", {"photo-id": "somebody"})

    assert bench.run() == ExportDone(skipped=1, ended=1)
    held = bench.now(0)
    assert held.status == Status.HELD and held.reason is not None and held.reason.code == "EXPORT_COLLISION"
    assert bench.store.output.get(key).body == b"another photo's"


@pytest.mark.parametrize(
    ("held", "verdicts", "wanted"),
    [
        ("", ["reject"], "REVIEW_REJECTED"),
        ("AWAITING_REVIEW", ["approve"], None),
        ("AWAITING_REVIEW", [], None),
        ("CHECKS_FAILED", [], "CHECKS_FAILED"),
        ("CHECKS_FAILED", ["approve"], None),
        ("AWAITING_REVIEW", ["reject", "approve"], None),
        ("AWAITING_REVIEW", ["approve", "reject"], "REVIEW_REJECTED"),
    ],
)
def test_what_people_said_last_counts(bench: Bench, held: str, verdicts: list[str], wanted: str | None) -> None:
    if held:
        bench.store.photos.update("d", bench.photos[0].photo_id, status=Status.HELD, reason=reason(held))
    for attempt, verdict in enumerate(verdicts):
        bench.task(0, attempt, verdict)

    bench.run()
    photo = bench.now(0)
    assert (photo.status, photo.reason.code if photo.reason else None) == (
        (Status.EXPORTED, None) if wanted is None else (Status.HELD, wanted)
    )
    assert bench.now(1).status == Status.EXPORTED


def test_a_verdict_that_the_index_does_not_show_yet_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.task(0, 0)
    shown = bench.store.tasks.of_lot(bench.lot)
    name = shown[0].task_id
    bench.store.tasks.claim(name, "ann", 60)
    bench.store.tasks.decide(name, "ann", decision="reject", reasons=["HALO"])
    monkeypatch.setattr(bench.store.tasks, "of_lot", lambda lot: shown)  # an index lags behind its table

    bench.run()
    assert bench.now(0).status == Status.HELD and bench.files().keys() == {bench.now(1).exports["google"]}


def test_a_working_file_that_is_gone_fails_one_photo(bench: Bench) -> None:
    bench.store.work.delete(keys.photo_key("d", bench.photos[0].photo_id, "master.png"))
    assert bench.run() == ExportDone(exported=1, ended=1)
    lost = bench.now(0)
    assert lost.status == Status.FAILED and lost.reason is not None and lost.reason.code == "EXPORT_ERROR"
    assert [letter["photo_id"] for letter in bench.cloud.letters()] == [lost.photo_id]


def test_an_error_of_aws_is_no_photos_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_down(*_args: Any, **_more: Any) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "PutObject")

    with monkeypatch.context() as patched:
        patched.setattr(bench.store.output, "put_new", slow_down)
        with pytest.raises(ClientError):
            bench.run()
    assert bench.now(0).status == Status.ACCEPTED
    assert bench.run() == ExportDone(exported=2)


def test_a_call_without_time_leaves_the_rest_to_the_retry(bench: Bench) -> None:
    with pytest.raises(OutOfTime):
        bench.run(seconds=chunk.SPARE_S - 1)
    assert bench.files() == {}


def test_a_photo_that_kills_its_worker_spoils_only_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_args: Any, **_more: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "end_worker", lambda: None)
        patched.setattr(chunk, "export_photo", too_much)
        for _ in range(ATTEMPTS):
            with pytest.raises(MemoryError):
                bench.run()
    assert bench.run() == ExportDone(exported=1, ended=1)
    aside = bench.now(0)
    assert aside.status == Status.FAILED and aside.reason is not None and aside.reason.code == "WORKER_CRASHED"


def test_without_a_channel_nothing_leaves(bench: Bench) -> None:
    assert bench.run(channels=()) == ExportDone(ended=2)
    assert bench.now(0).reason is not None and bench.now(0).status == Status.HELD
