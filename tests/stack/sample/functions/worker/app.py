"""Does what the event says: a function for every kind of trouble."""

import os
import signal
import subprocess
import sys
import time

import boto3

calls = 0
clock = time.time


class Flaky(Exception):
    """Goes away when tried again."""


def record(event):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.update_item(
        Key={"pk": "record#" + event["key"]},
        UpdateExpression="ADD #n :one",
        ExpressionAttributeNames={"#n": "count"},
        ExpressionAttributeValues={":one": 1},
    )


def flaky(event):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    try:
        table.put_item(Item={"pk": "flaky#" + event["key"]}, ConditionExpression="attribute_not_exists(pk)")
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return
    raise Flaky("once")


def handler(event, context):
    global calls
    calls += 1
    match event.get("do"):
        case "record":
            record(event)
        case "flaky":
            flaky(event)
        case "fail":
            raise ValueError("bad photo")
        case "sleep":
            time.sleep(event["seconds"])
        case "large":
            return "x" * event["bytes"]
        case "exit":
            sys.stdout.flush()
            os._exit(7)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "clock":
            time.time = lambda: clock() + event["ahead_s"]
        case "spawn":
            return {"child": subprocess.Popen(["sleep", "600"]).pid, "pid": os.getpid()}
    answer = {"pid": os.getpid(), "calls": calls, "key": event.get("key"), "quality": os.environ["QUALITY"]}
    return {**answer, "left_ms": context.get_remaining_time_in_millis()}
