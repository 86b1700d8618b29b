"""What moto keeps for ever is let go; the gaps of moto as it comes are still there."""

from __future__ import annotations

import copy
from pathlib import Path

from moto.dynamodb.models.dynamo_type import Item
from moto.s3.models import FakeKey
from moto.sqs.models import sqs_backends
from small import Bench, until

from packshot_local.stack import retention
from packshot_local.stack.buffers import DiskBuffer, save_object

REGION = "eu-central-1"


def key(value: bytes = b"body") -> FakeKey:
    return FakeKey(name="k", bucket_name="b", value=value, account_id="123456789012", region_name=REGION)


def test_moto_as_it_comes_keeps_every_object_and_copies_bodies() -> None:
    kept = len(FakeKey.instances_tracked)
    first = key()
    assert len(FakeKey.instances_tracked) == kept + 1
    assert copy.deepcopy(first).value == b"body" and "__deepcopy__" not in vars(FakeKey)
    FakeKey.instances_tracked[kept:] = []
    first.dispose()


def test_what_is_replaced_is_not_kept(bench: Bench) -> None:
    tracked = [len(kind.instances_tracked) for kind in (Item, FakeKey)]
    for _ in range(3):
        bench.put("again.bin", b"x" * 100_000)
        bench.stack.invoke("Worker", {"do": "record", "key": "again"}).value()
    assert [len(kind.instances_tracked) for kind in (Item, FakeKey)] == tracked


def test_listing_versions_leaves_the_objects_whole(bench: Bench) -> None:
    body = b"y" * 200_000
    bench.put("listed.bin", body)
    s3 = bench.stack.client("s3")
    versions = s3.list_object_versions(Bucket=bench.bucket, Prefix="listed.bin")["Versions"]
    etag = s3.head_object(Bucket=bench.bucket, Key="listed.bin")["ETag"]
    assert [(v["Size"], v["ETag"]) for v in versions] == [(len(body), etag)]
    assert s3.get_object(Bucket=bench.bucket, Key="listed.bin")["Body"].read() == body


def test_records_of_a_stream_are_let_go_when_they_were_read(bench: Bench) -> None:
    bench.stack.invoke("Worker", {"do": "record", "key": "streamed"}).value()
    assert bench.stack.wait_idle(10)
    streams = [source for source in bench.stack._sources if hasattr(source, "_shard")]
    assert streams and until(lambda: all(set(source._shard.items) == {None} for source in streams))


def test_receipts_of_deleted_messages_are_forgotten_in_time(bench: Bench) -> None:
    queue = next(iter(sqs_backends["123456789012"][REGION].queues.values()))
    queue.deleted_messages = {str(n) for n in range(retention.KEPT_RECEIPTS + 1)}
    retention.tidy(REGION)
    assert queue.deleted_messages == set()


def test_objects_come_home_as_they_are_now(bench: Bench, tmp_path: Path) -> None:
    home = tmp_path / "home.bin"
    for body in (b"small", b"z" * 300_000, b"a" * 5000):
        bench.put("home.bin", body)
        assert save_object(bench.bucket, "home.bin", home) and home.read_bytes() == body
    home.write_bytes(b"changed at home")
    assert bench.stack.client("s3").get_object(Bucket=bench.bucket, Key="home.bin")["Body"].read() == b"a" * 5000
    bench.stack.client("s3").delete_object(Bucket=bench.bucket, Key="home.bin")
    assert not save_object(bench.bucket, "home.bin", home) and not save_object(bench.bucket, "never.bin", home)


def test_an_object_whose_file_has_just_gone_is_not_taken_for_nothing(tmp_path: Path) -> None:
    buffer = DiskBuffer(10)
    buffer.write(b"more than ten bytes")
    assert buffer._path is not None
    buffer._path.unlink()
    assert not buffer.save(tmp_path / "gone") and not (tmp_path / "gone").exists()
