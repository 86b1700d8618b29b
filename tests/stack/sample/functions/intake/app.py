"""Records every photo; refuses those with `bad` in their key."""

import json
import os

import boto3
from shared import tell

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
s3 = boto3.client("s3")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        notice = json.loads(record["body"])
        photo = notice["detail"]["object"]
        tell("photo", key=photo["key"], event=notice["id"], sequencer=photo["sequencer"])
        try:
            keep(notice)
        except ValueError:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def keep(notice):
    photo = notice["detail"]["object"]
    if "bad" in photo["key"]:
        raise ValueError(photo["key"])
    bucket = notice["detail"]["bucket"]["name"]
    head = s3.head_object(Bucket=bucket, Key=photo["key"], VersionId=photo["version-id"])
    table.put_item(
        Item={
            "pk": "photo#" + photo["key"],
            "event": notice["id"],
            "sequencer": photo["sequencer"],
            "etag": photo["etag"],
            "size": photo["size"],
            "version": photo["version-id"],
            "metadata": head["Metadata"],
            "quality": os.environ["QUALITY"],
        }
    )
