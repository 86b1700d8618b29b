"""The one clock that dates photos: S3's."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

from packshot.store.objects import Bucket


def s3_time(bucket: Bucket) -> dt.datetime:
    """The time of day by S3's clock, which dates its objects, to the second; one's own where S3 does not tell."""
    answer = bucket.client.list_objects_v2(Bucket=bucket.name, MaxKeys=1)
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(told) if told else dt.datetime.now(dt.UTC)
