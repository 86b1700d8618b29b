"""Bringing in a catalogue that lies in S3 already: a manifest of keys becomes copies below ``incoming/<drop>/``.

Nothing else is needed: S3 copies within itself, each copy is announced like an upload, and intake's queue and its
limit of concurrent calls take the rest. The manifest is read row by row; in memory are the rows that are under way.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from packshot import keys
from packshot.store.abreast import in_order

SKIPPED = {"IsLatest": "false", "IsDeleteMarker": "true"}


class BulkError(RuntimeError):
    """The manifest cannot be read; the message says why."""


@dataclass(frozen=True)
class Row:
    """One object to bring in; ``number`` is its place in the manifest, from 1."""

    number: int
    bucket: str
    key: str
    version: str = ""


@dataclass
class Brought:
    """What became of the rows; the failed ones by their number."""

    copied: int = 0
    failed: dict[int, str] = field(default_factory=dict)


def rows(lines: Iterable[str], columns: list[str] | None = None) -> Iterator[Row]:
    """The objects of a manifest: CSV (``bucket,key[,version]``, keys URL-quoted, as S3 itself writes them), or one JSON
    object a line with ``bucket``, ``key`` and ``version`` (keys plain).

    ``columns`` are those of an S3 Inventory. Folder markers, old versions and delete markers are left out. Raises
    BulkError naming the row.
    """
    source = iter(lines)
    first = next(source, "")
    again = _chain(first, source)
    for number, row in enumerate(_json(again) if first.lstrip().startswith("{") else _csv(again, columns), 1):
        if not row.get("key") or not row.get("bucket"):
            raise BulkError(f"row {number} of the manifest names no bucket and key")
        if not row["key"].endswith("/") and all(row.get(name, "") != value for name, value in SKIPPED.items()):
            yield Row(number, row["bucket"], row["key"], row.get("version", ""))


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _json(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(lines, 1):
        try:
            yield {str(name): str(value) for name, value in json.loads(line).items()}
        except (ValueError, AttributeError) as error:
            raise BulkError(f"row {number} of the manifest is no JSON object: {error}") from error


def _csv(lines: Iterator[str], columns: list[str] | None) -> Iterator[dict[str, str]]:
    known = {"Bucket": "bucket", "Key": "key", "VersionId": "version"}
    names = [known.get(name, name) for name in columns or ["Bucket", "Key", "VersionId"]]
    for cells in csv.reader(lines):
        row = dict(zip(names, cells, strict=False))
        if row.get("key", "").lower() == "key":
            continue  # a header
        yield {**row, "key": unquote_plus(row.get("key", ""))}


def manifest(s3: Any, bucket: str, key: str) -> Iterator[Row]:
    """The objects of a manifest in S3: an Inventory's ``manifest.json``, or a CSV or JSONL file, gzipped or not."""
    if not key.endswith("manifest.json"):
        yield from rows(_lines(s3, bucket, key))
        return
    told = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    if told.get("fileFormat") != "CSV":
        raise BulkError(f"the inventory is {told.get('fileFormat')}; ask S3 for one in CSV")
    columns = [name.strip() for name in told["fileSchema"].split(",")]
    before = 0
    for file in told["files"]:
        last = 0
        for row in rows(_lines(s3, bucket, file["key"]), columns):
            last = row.number
            yield Row(before + row.number, row.bucket, row.key, row.version)
        before += last


def _lines(s3: Any, bucket: str, key: str) -> Iterator[str]:
    body: Any = s3.get_object(Bucket=bucket, Key=key)["Body"]
    raw = gzip.GzipFile(fileobj=body) if key.endswith(".gz") else io.BufferedReader(body)
    yield from io.TextIOWrapper(raw, "utf-8-sig", newline="")


def bring(
    s3: Any,
    incoming: str,
    drop: str,
    wanted: Iterable[Row],
    skip: int = 0,
    tell: Callable[[Brought], None] | None = None,
) -> Brought:
    """Copy objects below ``incoming/<drop>/``, folders and all, several at once. Those that cannot be copied are noted
    and the rest goes on; again, or from a row on (``skip``), it does no harm: a copy of the same bytes is no news.
    """

    def copy(row: Row) -> tuple[Row, str]:
        source = {"Bucket": row.bucket, "Key": row.key} | ({"VersionId": row.version} if row.version else {})
        try:
            s3.copy_object(Bucket=incoming, Key=f"{keys.INCOMING}{drop}/{row.key}", CopySource=source)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ExpiredToken", "NoSuchBucket", "InvalidAccessKeyId"):
                raise  # it would be the same with every row
            return row, str(error.response["Error"]["Code"])
        return row, ""

    done = Brought()
    for row, failed in in_order((row for row in wanted if row.number > skip), copy):
        if failed:
            done.failed[row.number] = f"s3://{row.bucket}/{row.key}: {failed}"
        else:
            done.copied += 1
        if tell is not None and row.number % 1000 == 0:
            tell(done)
    return done
