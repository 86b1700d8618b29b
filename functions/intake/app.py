"""Intake: every object that lands in the incoming bucket is examined and written down."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.attempts import end_worker
from packshot.intake import events
from packshot.intake.receive import receive
from packshot.settings import IntakeSettings
from packshot.store import Store, open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()
metrics.set_default_dimensions(stage="intake")
batch = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
versions = IdempotencyConfig(event_key_jmespath="[key, version]", expires_after_seconds=3600)


@cache
def door() -> tuple[Store, IntakeSettings, DynamoDBPersistenceLayer]:
    """What this process works with, made when the first event comes."""
    table = DynamoDBPersistenceLayer(table_name=os.environ["PACKSHOT_IDEMPOTENCY_TABLE"])
    return open_store(), IntakeSettings.read(), table


def take(news: dict[str, Any]) -> str:
    """Receive one object; its status, in a word."""
    store, settings, _ = door()
    photo = receive(store, settings, events.ObjectEvent.model_validate(news))
    if photo is None:
        return "no photo"
    logger.info("received", drop=photo.drop, photo_id=photo.photo_id, status=photo.status)
    tracer.put_annotation("drop", photo.drop)
    metrics.add_metric("Received", MetricUnit.Count, 1)
    if photo.reason is not None:
        metrics.add_metric("PhotosRejected", MetricUnit.Count, 1)
        with single_metric("Rejected", MetricUnit.Count, 1, default_dimensions={"stage": "intake"}) as metric:
            metric.add_dimension("reason", photo.reason.code)
    return str(photo.status)


def each(record: SQSRecord) -> None:
    """One message of the queue. A version is taken once; a healed event (without a version) always.

    One that somebody is at, or died at, is taken all the same: receiving twice is harmless, waiting for a dead
    worker's time to run out is not.
    """
    store, _, table = door()
    metrics.add_metric("Events", MetricUnit.Count, 1)
    for event in events.parse(record.body, store.incoming.name):
        once = idempotent_function(take, data_keyword_argument="news", persistence_store=table, config=versions)
        try:
            (once if event.version else take)(news=event.model_dump())
        except IdempotencyAlreadyInProgressError:
            take(news=event.model_dump())
        except MemoryError:  # not the photo's fault, and no better for the next one: the batch comes again elsewhere
            logger.exception("out of memory, this worker ends")
            end_worker()
            raise


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """SQS batch of object events; those that failed are reported one by one and come again."""
    versions.register_lambda_context(context)
    answer = process_partial_response(event=event, record_handler=each, processor=batch, context=context)
    for failed in batch.exceptions:
        logger.error("comes again", exc_info=failed[1])
    return dict(answer)
