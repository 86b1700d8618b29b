"""Faults of events: twice, late, lost, in the wrong order, in the dead-letter queue."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.faults.case import SKUS, Case
from bench.faults.catalogue import CATALOGUE
from bench.line import catalogue, remark, until
from packshot import keys
from packshot_local.stack import Kind, Rule

events = CATALOGUE.area("events")


@contextmanager
def intercepted(case: Case) -> Iterator[list[str]]:
    """No event of an object reaches intake within the with-block; yields those that there were."""
    stack = case.line.stack
    bus, sqs = stack.client("events"), stack.client("sqs")
    rule = next(r["Name"] for r in bus.list_rules()["Rules"] if "ObjectCreatedRule" in r["Name"])
    copies = sqs.create_queue(QueueName=f"copies-{case.drop}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=copies, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    bus.put_rule(Name="copy", EventPattern=pattern)
    bus.put_targets(Rule="copy", Targets=[{"Id": "copies", "Arn": arn}])
    bus.disable_rule(Name=rule)
    bodies: list[str] = []
    try:
        yield bodies
        while got := sqs.receive_message(QueueUrl=copies, MaxNumberOfMessages=10).get("Messages"):
            bodies += [m["Body"] for m in got if f'"incoming/{case.drop}/' in m["Body"]]
            for message in got:
                sqs.delete_message(QueueUrl=copies, ReceiptHandle=message["ReceiptHandle"])
    finally:
        bus.enable_rule(Name=rule)
        bus.remove_targets(Rule="copy", Ids=["copies"])
        bus.delete_rule(Name="copy")
        sqs.delete_queue(QueueUrl=copies)
    case.struck += len(bodies)


def deliver(case: Case, bodies: list[str]) -> None:
    """Send events to intake, in this order."""
    for body in bodies:
        case.line.stack.client("sqs").send_message(QueueUrl=case.line.store.intake_queue.url, MessageBody=body)


def names(body: str, file: str) -> bool:
    """Whether an event is of this file."""
    return bool(json.loads(body)["detail"]["object"]["key"].endswith(f"/{file}"))


@events("every event three times", "in random order, and once more when the drop is done")
def thrice(case: Case) -> None:
    """One record, one execution, one export each."""
    with intercepted(case) as bodies:
        case.send()
    again = bodies * 3
    random.Random(7).shuffle(again)
    deliver(case, again)
    case.done()
    deliver(case, bodies)
    case.expect(case.line.stack.wait_idle(60), "not idle")


@events("events in reverse order", "_READY first, the photos last")
def reversed_(case: Case) -> None:
    """The marker waits for the photos."""
    with intercepted(case) as bodies:
        case.send()
    deliver(case, bodies[::-1])
    case.done()


@events("a photo's event is lost", "it never comes; close sends it again")
def lost(case: Case) -> None:
    """Membership is what S3 lists."""
    _without(case, f"{SKUS[0]}_front.jpg")


@events("a photo's event is lost and comes after all", "close sends it again, then the first one arrives")
def lost_and_found(case: Case) -> None:
    """What comes late changes nothing."""
    deliver(case, _without(case, f"{SKUS[0]}_front.jpg"))
    case.expect(case.line.stack.wait_idle(60), "not idle")


@events("the catalogue's event is lost", "catalog.csv lies there, nobody is told")
def no_catalogue_event(case: Case) -> None:
    """Close reads it all the same."""
    _without(case, keys.CATALOG)


@events("the marker's event is lost", "_READY lies there, nobody is told")
def no_ready_event(case: Case) -> None:
    """The drop closes when it has been quiet."""
    with intercepted(case) as bodies:
        case.send()
    deliver(case, [body for body in bodies if not names(body, keys.READY)])

    def closed() -> bool:
        case.line.stack.fire_schedule("CloseFunctionQuiet")
        drop = case.line.store.drops.get(case.drop)
        return drop is not None and bool(drop.execution)

    until(closed)
    case.done()


def _without(case: Case, file: str) -> list[str]:
    """A drop that goes through without one event: after a minute close takes it for lost."""
    with intercepted(case) as bodies:
        case.send()
    kept = [body for body in bodies if names(body, file)]
    deliver(case, [body for body in bodies if body not in kept])
    case.done()
    case.struck = len(kept)
    return kept


@events("a photo comes after the drop is closed", "another file into the same drop")
def late(case: Case) -> None:
    """It is rejected as LATE, and counted."""
    case.ends = {"exported": len(SKUS), "rejected": 1}
    case.send()
    case.done()
    case.line.put(case.drop, "BOX-8_front.jpg", remark(case.photos[SKUS[0]], "late"))
    case.expect(case.line.stack.wait_idle(60), "not idle")
    reason = case.line.records(case.drop)["BOX-8_front.jpg"].reason
    case.expect(reason is not None and reason.code == "LATE", f"reason: {reason}")
    case.struck = 1


@events("two versions of a photo in the wrong order", "the older version's event arrives last")
def older_last(case: Case) -> None:
    """The newer one counts."""
    file = f"{SKUS[0]}_front.jpg"
    with intercepted(case) as bodies:
        case.line.put(case.drop, file, b"not yet a photo")
        case.line.drop(case.drop, case.photos, ready=False)
    mine = [body for body in bodies if names(body, file)]
    case.expect(len(mine) == 2, f"{len(mine)} versions")
    newest = max(mine, key=lambda body: json.loads(body)["detail"]["object"]["sequencer"])
    older = [body for body in mine if body != newest]
    deliver(case, [body for body in bodies if body not in older])
    until(lambda: len(case.line.records(case.drop)) == len(SKUS))
    deliver(case, older)
    case.expect(case.line.stack.wait_idle(60), "not idle")
    case.line.put(case.drop, keys.READY, b"")
    case.done()


@events("intake's dead letters are redriven", "DynamoDB refuses one photo until its message is given up")
def redriven(case: Case) -> None:
    """After the redrive the photo is recorded as any other."""
    photo = keys.photo_id(f"{keys.INCOMING}{case.drop}/{SKUS[2]}_front.jpg")
    rule = Rule(Kind.ERROR, "IntakeFunction", "dynamodb", "*", about=photo)
    queue = case.line.stack.physical("IntakeDeadLetters")
    with case.wire(rule):
        case.send(ready=False)
        until(lambda: _letters(case, queue), 240)
    sqs = case.line.stack.client("sqs")
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        sqs.send_message(QueueUrl=case.line.store.intake_queue.url, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    until(lambda: len(case.line.records(case.drop)) == len(SKUS))
    case.line.put(case.drop, keys.READY, b"")
    case.done()


def _letters(case: Case, queue: str) -> int:
    asked: dict[str, Any] = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
    told = case.line.stack.client("sqs").get_queue_attributes(**asked)["Attributes"]
    return int(told["ApproximateNumberOfMessages"])


@events("the closing is asked for five times at once", "five messages in close's queue")
def closed_often(case: Case) -> None:
    """One execution."""
    case.send(ready=False)
    until(lambda: len(case.line.records(case.drop)) == len(SKUS))
    case.line.put(case.drop, keys.READY, b"")
    for _ in range(5):
        case.line.store.close_queue.send({"drop": case.drop})
    case.struck = 5
    case.done()


@events("the same files are dropped again", "every file once more into the drop, when it is done")
def again(case: Case) -> None:
    """No news."""
    case.send()
    case.done()
    for sku, body in case.photos.items():
        case.line.put(case.drop, f"{sku}_front.jpg", body)
        case.struck += 1
    case.line.put(case.drop, keys.CATALOG, catalogue(list(case.photos)))
    case.expect(case.line.stack.wait_idle(60), "not idle")
