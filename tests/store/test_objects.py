"""Buckets: what is there, what is not, and who may write first."""

from __future__ import annotations

import datetime as dt

import pytest
from cloud import Cloud

from packshot.settings import StoreSettings
from packshot.store import Store
from packshot.store.clock import s3_time
from packshot.store.objects import Missing


def test_missing_objects_and_versions_have_one_name(cloud: Cloud) -> None:
    bucket = cloud.store.incoming
    with pytest.raises(Missing):
        bucket.get("incoming/d/none.jpg")
    bucket.put("incoming/d/a.jpg", b"one", "image/jpeg")
    first = bucket.get("incoming/d/a.jpg").version
    bucket.put("incoming/d/a.jpg", b"two", "image/jpeg")
    assert bucket.get("incoming/d/a.jpg", first).body == b"one"
    cloud.clients["s3"].delete_object(Bucket="incoming", Key="incoming/d/a.jpg", VersionId=first)
    with pytest.raises(Missing):
        bucket.get("incoming/d/a.jpg", first)
    assert cloud.store.output.metadata("exports/none") is None


def test_no_more_is_read_than_was_asked_for(cloud: Cloud) -> None:
    cloud.store.work.put("big", b"x" * 1000, "text/plain")
    cloud.store.work.put("empty", b"", "text/plain")
    assert len(cloud.store.work.get("big", most_bytes=10).body) == 10
    assert cloud.store.work.get("empty", most_bytes=10).body == b""


def test_of_two_new_objects_of_one_name_only_the_first_is_written(cloud: Cloud) -> None:
    output = cloud.store.output
    assert output.put_new("exports/a", b"first", "image/jpeg", {"photo-id": "1"})
    assert not output.put_new("exports/a", b"second", "image/jpeg", {"photo-id": "2"})
    assert output.get("exports/a").body == b"first" and output.metadata("exports/a") == {"photo-id": "1"}


def test_keys_are_remembered_after_deletion(cloud: Cloud) -> None:
    bucket = cloud.store.incoming
    for key in ("incoming/d/ü +%2F.jpg", "incoming/d/b.jpg", "incoming/d/b.jpg", "incoming/e/c.jpg"):
        bucket.put(key, b"x", "image/jpeg")
    bucket.delete("incoming/d/b.jpg")
    assert [entry.key for entry in bucket.list("incoming/d/")] == ["incoming/d/ü +%2F.jpg"]
    assert sorted(bucket.keys_ever("incoming/d/")) == ["incoming/d/b.jpg", "incoming/d/ü +%2F.jpg"]


def test_the_same_value_is_the_same_json_bytes(cloud: Cloud) -> None:
    cloud.store.work.put_json("a", {"b": 1, "a": [1.5, "ü"]})
    cloud.store.work.put_json("b", {"a": [1.5, "ü"], "b": 1})
    assert cloud.store.work.get("a").body == cloud.store.work.get("b").body


def test_a_function_reaches_only_what_it_was_given() -> None:
    store = Store(StoreSettings(photos_table="photos"), lambda _name: None)
    with pytest.raises(LookupError, match="PACKSHOT_LOTS_TABLE"):
        _ = store.lots


def test_the_time_of_day_is_s3s(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    told = {"ResponseMetadata": {"HTTPHeaders": {"date": "Wed, 25 Nov 2026 21:00:07 GMT"}}}
    monkeypatch.setattr(cloud.store.incoming.client, "list_objects_v2", lambda **_: told)
    assert s3_time(cloud.store.incoming) == dt.datetime(2026, 11, 25, 21, 0, 7, tzinfo=dt.UTC)
