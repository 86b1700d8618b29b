"""What a stack keeps between two runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from small import SAMPLE, Bench, until

from packshot_local.stack import Stack, StackError
from packshot_local.stack import state as state_module


def sample_stack(state: Path) -> Stack:
    return Stack(SAMPLE / "template.yaml", python_paths=[SAMPLE / "layer"], state=state)


def test_objects_and_items_come_back_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "SAVE_SECONDS", 0.1)
    large = bytes(range(256)) * 1024
    threads = set(threading.enumerate())

    # given a stack with versions, metadata, a deleted object, a large one, and items of all kinds
    with sample_stack(tmp_path) as stack:
        bench = Bench(stack, [])
        one = bench.put("masters/a b.png", b"one", Metadata={"sku": "A-1"}, ContentType="image/png")["VersionId"]
        two = bench.put("masters/a b.png", large, Metadata={"sku": "A-2"}, Tagging="kind=master")["VersionId"]
        bench.put("gone.txt")
        marker = stack.client("s3").delete_object(Bucket=bench.bucket, Key="gone.txt")["VersionId"]
        bench.put("incoming/photo.jpg")
        assert stack.wait_idle(20)
        item = {
            "pk": {"S": "watch#kept"},
            "bytes": {"B": b"\x00\xff"},
            "n": {"N": "1.5"},
            "l": {"L": [{"NULL": True}]},
        }
        stack.client("dynamodb").put_item(TableName=bench.table, Item=item)
        until(lambda: bench.item("seen#watch#kept"))
        stack.client("dynamodb").delete_item(TableName=bench.table, Key={"pk": {"S": "seen#watch#kept"}})
        index = tmp_path / "index.json"
        until(lambda: index.is_file() and two in index.read_text()), "it is saved while the stack runs, too"

    # when another stack starts with the same folder
    lines: list[str] = []
    with sample_stack(tmp_path) as stack:
        stack._log_book._on_log = lambda line: lines.append(line.text)
        s3, bench = stack.client("s3"), Bench(stack, [])

        # then every version is there under its own id, with what belongs to it
        newest = s3.get_object(Bucket=bench.bucket, Key="masters/a b.png")
        assert (newest["VersionId"], newest["Metadata"]) == (two, {"sku": "A-2"})
        assert newest["Body"].read() == large
        older = s3.get_object(Bucket=bench.bucket, Key="masters/a b.png", VersionId=one)
        assert (older["Body"].read(), older["ContentType"], older["Metadata"]) == (
            b"one",
            "image/png",
            {"sku": "A-1"},
        )
        tags = s3.get_object_tagging(Bucket=bench.bucket, Key="masters/a b.png")["TagSet"]
        assert tags == [{"Key": "kind", "Value": "master"}]
        markers = s3.list_object_versions(Bucket=bench.bucket, Prefix="gone")["DeleteMarkers"]
        assert [entry["VersionId"] for entry in markers] == [marker]
        assert bench.item("watch#kept") == item

        # and nothing of it is announced a second time
        assert stack.wait_idle(20)
        assert bench.item("seen#watch#kept") is None
        assert lines == []
    assert set(threading.enumerate()) <= threads, "a stack that has ended leaves no thread"


def test_a_folder_serves_one_stack_at_a_time(tmp_path: Path) -> None:
    with state_module._locked(tmp_path / "lock"), pytest.raises(StackError, match="in use by another"):
        state_module._locked(tmp_path / "lock")


@pytest.mark.parametrize(("index", "words"), [("{", "cannot be read"), ('{"format": 0}', "another version")])
def test_a_broken_index_is_told_with_its_cure(tmp_path: Path, index: str, words: str) -> None:
    (tmp_path / "index.json").write_text(index)
    folder = state_module.StateFolder(tmp_path, None, None, "eu-central-1")  # type: ignore[arg-type]
    with pytest.raises(StackError, match=f"{words}.*move the folder away"):
        folder.open()
