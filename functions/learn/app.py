"""Function learn: decided tasks and lots (table streams) and complaints (CSV in S3) move the profiles."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot import spreadsheet
from packshot.learning.figures import figures
from packshot.learning.stage import Learnt, take_batch, take_complaints
from packshot.records import now
from packshot.store import Store, open_store
from packshot.store.streams import decided_lots, decided_tasks

logger, tracer, metrics = Logger(), Tracer(), Metrics()


@cache
def store() -> Store:
    """This process's store."""
    return open_store()


def from_streams(records: list[DynamoDBRecord]) -> Learnt:
    """Learn from what was decided in this batch."""
    images = [(r.dynamodb.old_image or {}, r.dynamodb.new_image or {}) for r in records if r.dynamodb]
    seen = figures(images)
    for name, count in {
        "ReviewsDecided": seen.decided, "ReviewsRejected": seen.rejected, "SampleDecided": seen.sample_decided,
        "SampleDefects": seen.sample_defects, "FlagDecided": seen.flag_decided, "FlagDefects": seen.flag_defects,
    }.items():  # fmt: skip
        metrics.add_metric(name, MetricUnit.Count, count)
    for minutes in seen.minutes:
        metrics.add_metric("ReviewMinutes", MetricUnit.NoUnit, minutes)
    return take_batch(store(), decided_tasks(images), decided_lots(images), now())


def from_complaints(key: str) -> Learnt:
    """Learn from a file of complaints."""
    got = store().incoming.get(key, most_bytes=spreadsheet.MOST_BYTES + 1)
    learnt, errors = take_complaints(store(), got.body, now())
    for error in errors:
        logger.warning("complaint", extra={"key": key, "problem": error})
    return learnt


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A batch of a table's stream, or the event of an object below complaints/."""
    metrics.add_dimension("stage", "learn")
    if "Records" in event:
        learnt = from_streams(list(DynamoDBStreamEvent(event).records))
    else:
        learnt = from_complaints(event["detail"]["object"]["key"])
    metrics.add_metric("Outcomes", MetricUnit.Count, learnt.outcomes)
    metrics.add_metric("Complaints", MetricUnit.Count, learnt.complaints)
    metrics.add_metric("Escaped", MetricUnit.Count, learnt.complaints - learnt.untraced)
    metrics.add_metric("Versions", MetricUnit.Count, len(learnt.versions))
    if learnt.versions:
        logger.info("learnt", extra={"versions": learnt.versions})
    return learnt.model_dump()
