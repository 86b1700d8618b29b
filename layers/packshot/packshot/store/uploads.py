"""Addresses that let a browser put a drop's files straight into the incoming bucket, large ones in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from packshot.store.objects import Bucket, Missing

PART_BYTES = 16 * 1024 * 1024
MULTIPART_FROM = 48 * 1024 * 1024


@dataclass(frozen=True)
class Parts:
    """A multipart upload that was begun: PUT part n to ``urls[n - 1]``, then complete it."""

    upload_id: str
    part_bytes: int
    urls: list[str]


def put_url(bucket: Bucket, key: str, seconds: int) -> str:
    """An address that takes one object by PUT for a while. Never log it."""
    return bucket.client.generate_presigned_url(
        "put_object", Params={"Bucket": bucket.name, "Key": key}, ExpiresIn=seconds
    )


def get_url(bucket: Bucket, key: str, version: str, seconds: int) -> str:
    """An address that reads one version of an object for a while. Never log it."""
    params = {"Bucket": bucket.name, "Key": key} | ({"VersionId": version} if version else {})
    return bucket.client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)


def begin(bucket: Bucket, key: str, size: int, seconds: int) -> Parts:
    """Begin a multipart upload of ``size`` bytes."""
    upload_id = bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    count = max(1, -(-size // PART_BYTES))
    urls = [
        bucket.client.generate_presigned_url(
            "upload_part",
            Params={"Bucket": bucket.name, "Key": key, "UploadId": upload_id, "PartNumber": n},
            ExpiresIn=seconds,
        )
        for n in range(1, count + 1)
    ]
    return Parts(upload_id, PART_BYTES, urls)


def complete(bucket: Bucket, key: str, upload_id: str) -> int:
    """Join the parts that arrived, as S3 lists them; their number. Raises Missing for an unknown upload."""
    try:
        parts: list[Any] = []
        for page in bucket.client.get_paginator("list_parts").paginate(Bucket=bucket.name, Key=key, UploadId=upload_id):
            parts += [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in page.get("Parts", [])]
        bucket.client.complete_multipart_upload(
            Bucket=bucket.name, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchUpload", "MalformedXML", "InvalidPart"}:
            raise Missing(f"upload of {key}") from error
        raise
    return len(parts)
