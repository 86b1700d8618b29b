"""Keeps the token of a lot that waits for a person; counts what comes through the table's stream."""

import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if "Records" in event:
        for record in event["Records"]:
            key = record["dynamodb"]["Keys"]["pk"]["S"]
            if key.startswith("watch#"):
                table.put_item(Item={"pk": "seen#" + key, "kind": record["eventName"]})
            if key.startswith("poison#"):
                raise ValueError(key)
        return
    table.put_item(Item={"pk": "token#" + event["lot"], "token": event["token"]})
    return
