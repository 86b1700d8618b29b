"""Faults between the functions and AWS: data only, one drop each."""

from __future__ import annotations

from bench.faults.case import Case
from bench.faults.catalogue import CATALOGUE
from packshot_local.stack import Kind, Rule

PER_SERVICE: list[tuple[str, str, Rule]] = [
    ("S3 answers 500", "every tenth call, at random", Rule(Kind.ERROR, service="s3", share=0.1, seed=1)),
    ("S3 asks to slow down", "503 SlowDown, every tenth call", Rule(Kind.THROTTLED, service="s3", share=0.1, seed=2)),
    ("S3 breaks connections", "every tenth call, not done", Rule(Kind.BROKEN, service="s3", share=0.1, seed=3)),
    (
        "S3 breaks off its answers",
        "every sixth object arrives as half of its bytes",
        Rule(Kind.TRUNCATED, service="s3", operation="GetObject", share=0.16, seed=4),
    ),
    (
        "S3 loses answers",
        "every fifth object is written, and the writer sees a broken connection",
        Rule(Kind.LOST, service="s3", operation="PutObject", share=0.2, seed=5),
    ),
    (
        "S3 is slow",
        "half a second late, every tenth call",
        Rule(Kind.SLOW, service="s3", share=0.1, seed=6, seconds=0.5),
    ),
    ("DynamoDB answers 500", "every tenth call", Rule(Kind.ERROR, service="dynamodb", share=0.1, seed=7)),
    (
        "DynamoDB throttles",
        "ProvisionedThroughputExceededException, every tenth call",
        Rule(Kind.THROTTLED, service="dynamodb", share=0.1, seed=8),
    ),
    (
        "DynamoDB breaks connections",
        "every tenth call, not done",
        Rule(Kind.BROKEN, service="dynamodb", share=0.1, seed=9),
    ),
    (
        "DynamoDB breaks off its answers",
        "every tenth call is done, its answer half there",
        Rule(Kind.TRUNCATED, service="dynamodb", share=0.1, seed=10),
    ),
    (
        "DynamoDB loses answers of updates",
        "every third update is done, and the writer sees a broken connection",
        Rule(Kind.LOST, service="dynamodb", operation="UpdateItem", share=0.33, seed=11),
    ),
    (
        "DynamoDB loses answers of puts",
        "every third put is done, and the writer sees a broken connection",
        Rule(Kind.LOST, service="dynamodb", operation="PutItem", share=0.33, seed=12),
    ),
    (
        "DynamoDB denies what it did",
        "every third update is done and answered with 500",
        Rule(Kind.DENIED, service="dynamodb", operation="UpdateItem", share=0.33, seed=13),
    ),
    (
        "DynamoDB is slow",
        "half a second late, every tenth call",
        Rule(Kind.SLOW, service="dynamodb", share=0.1, seed=14, seconds=0.5),
    ),
    ("SQS answers 500", "the first three messages", Rule(Kind.ERROR, service="sqs", most=3)),
    ("SQS throttles", "the first three messages", Rule(Kind.THROTTLED, service="sqs", most=3)),
    (
        "SQS loses answers",
        "every message is sent twice: the first answer is lost",
        Rule(Kind.LOST, service="sqs", most=2),
    ),
    ("Step Functions answers 500", "the first three starts", Rule(Kind.ERROR, service="states", most=3)),
    ("Step Functions throttles", "the first three starts", Rule(Kind.THROTTLED, service="states", most=3)),
    (
        "Step Functions loses the answer of a start",
        "the execution starts, close sees a broken connection",
        Rule(Kind.LOST, service="states", operation="StartExecution", most=2),
    ),
]

OUTAGES: list[tuple[str, str, Rule]] = [
    (
        "S3 is down for process",
        "its first 12 calls, more than clients retry",
        Rule(Kind.UNAVAILABLE, function="ProcessFunction", service="s3", most=12),
    ),
    (
        "DynamoDB is down for export",
        "its first 8 calls, more than clients retry",
        Rule(Kind.UNAVAILABLE, function="ExportFunction", service="dynamodb", most=8),
    ),
    (
        "DynamoDB is down for intake",
        "its first 12 calls, more than clients retry",
        Rule(Kind.UNAVAILABLE, function="IntakeFunction", service="dynamodb", most=12),
    ),
    (
        "S3 is down for report",
        "its first 6 calls, more than clients retry",
        Rule(Kind.UNAVAILABLE, function="ReportFunction", service="s3", most=6),
    ),
]


def _run(rule: Rule, least: int) -> object:
    def run(case: Case) -> None:
        case.through(rule, least=least)

    return run


for _name, _injected, _rule in (*PER_SERVICE, *OUTAGES):
    CATALOGUE.add("wire", _name, _injected, _run(_rule, _rule.most or 3))  # type: ignore[arg-type]


@CATALOGUE.area("wire")("everything at once", "1 of 30 calls to anything: each kind of fault in turn")
def everything(case: Case) -> None:
    """All services, all kinds that leave the worker alive."""
    kinds = (Kind.ERROR, Kind.THROTTLED, Kind.BROKEN, Kind.LOST, Kind.DENIED, Kind.TRUNCATED)
    case.through(*(Rule(kind, share=1 / 30, seed=20 + i) for i, kind in enumerate(kinds)), least=6)
