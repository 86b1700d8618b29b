"""A catalogue that lies in S3 already: its manifest is streamed, its objects are copied, its bad rows are told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from packshot_local.bulk import BulkError, Row, bring, manifest, rows
from packshot_local.cli import app

KEYS = ["shoes/A 1_front.jpg", "shoes/é+_back.jpg", "B_front.jpg"]
QUOTED = ["shoes/A+1_front.jpg", "shoes/%C3%A9%2B_back.jpg", "B_front.jpg"]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("catalogue", "incoming", "lists"):
            client.create_bucket(Bucket=bucket)
        for key in KEYS:
            client.put_object(Bucket="catalogue", Key=key, Body=key.encode())
        yield client


def listed(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="incoming").get("Contents", [])]


def test_a_list_of_keys_becomes_a_drop(s3: Any) -> None:
    body = "bucket,key\n" + "".join(f'"catalogue","{key}"\n' for key in QUOTED)
    s3.put_object(Bucket="lists", Key="list.csv", Body=body.encode())
    source = ["s3://lists/list.csv", "--incoming", "incoming", "--drop", "all", "--ready"]
    done = CliRunner().invoke(app, ["bulk", *source])
    assert done.exit_code == 0, done.output
    assert "3 copied, 0 failed" in done.output
    assert listed(s3) == sorted([*(f"incoming/all/{key}" for key in KEYS), "incoming/all/_READY"])
    copied = s3.get_object(Bucket="incoming", Key=f"incoming/all/{KEYS[1]}")["Body"].read()
    assert copied == KEYS[1].encode()


def test_an_inventory_is_read_by_its_own_schema_and_leaves_out_what_is_gone(s3: Any) -> None:
    rows_ = [f'"catalogue","{QUOTED[0]}","","true","false","5"', f'"catalogue","{QUOTED[1]}","","false","false","5"']
    more = [f'"catalogue","{QUOTED[2]}","","true","true","5"', '"catalogue","shoes/","","true","false","0"']
    for name, part in (("a", rows_), ("b", more)):
        s3.put_object(Bucket="lists", Key=f"data/{name}.csv.gz", Body=gzip.compress("\n".join(part).encode()))
    told = {
        "fileFormat": "CSV", "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size",
        "files": [{"key": "data/a.csv.gz"}, {"key": "data/b.csv.gz"}],
    }  # fmt: skip
    s3.put_object(Bucket="lists", Key="x/manifest.json", Body=json.dumps(told).encode())
    assert list(manifest(s3, "lists", "x/manifest.json")) == [Row(1, "catalogue", KEYS[0])]
    s3.put_object(Bucket="lists", Key="y/manifest.json", Body=json.dumps({**told, "fileFormat": "ORC"}).encode())
    with pytest.raises(BulkError, match="ORC"):
        list(manifest(s3, "lists", "y/manifest.json"))


def test_json_lines_carry_plain_keys() -> None:
    lines = [json.dumps({"bucket": "catalogue", "key": key, "version": "v1"}) for key in KEYS]
    assert [(row.key, row.version) for row in rows(lines)] == [(key, "v1") for key in KEYS]
    with pytest.raises(BulkError, match="row 2"):
        list(rows([lines[0], "no json"]))
    with pytest.raises(BulkError, match="row 1"):
        list(rows(["catalogue"]))


def test_a_row_that_cannot_be_copied_is_told_and_the_rest_goes_on(s3: Any) -> None:
    wanted = [Row(1, "catalogue", "gone.jpg"), *(Row(n, "catalogue", key) for n, key in enumerate(KEYS, 2))]
    done = bring(s3, "incoming", "all", wanted)
    assert (done.copied, list(done.failed)) == (3, [1])
    assert "NoSuchKey" in done.failed[1]
    assert bring(s3, "incoming", "all", wanted, skip=1).copied == 3
    assert len(listed(s3)) == 3


def test_a_manifest_of_a_million_rows_is_never_held() -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for n in range(1_000_000):
            taken += 1
            yield f"catalogue,K-{n}_front.jpg"

    class Nowhere:
        def copy_object(self, **_: Any) -> None:
            return None

    found = rows(lines())
    first = [next(found) for _ in range(10)]
    assert taken <= 12 and first[-1].number == 10
    done = bring(Nowhere(), "incoming", "all", (row for _, row in zip(range(500), found, strict=False)))
    assert done.copied == 500 and taken < 700
