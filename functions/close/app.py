"""Close: a drop that is complete is settled, closed and sent on its way, once."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.countdown import countdown
from packshot.intake.close import Outcome, close, close_due
from packshot.settings import CloseSettings
from packshot.store import Store, open_store

LONGEST_DELAY_S = 30
LARGE_DELAY_S = 300  # every look at a drop of a million photos reads a million records
LARGE = 100_000
logger, tracer, metrics = Logger(), Tracer(), Metrics()
metrics.set_default_dimensions(stage="close")
batch = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def desk() -> tuple[Store, CloseSettings]:
    """What this process works with, made when the first event comes."""
    return open_store(), CloseSettings.read()


def each(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """One drop that may be complete. If photos are still on their way it asks again, later and later.

    A drop that is too large for one call asks to go on at once.
    """
    store, settings = desk()
    asked = json.loads(record.body)
    first, left_s = int(asked.get("first", 0)), countdown(lambda_context)
    result = close(store, settings, asked["drop"], first, left_s, record.message_id)
    logger.info("close", drop=result.drop, outcome=result.outcome, photos=result.photos, missing=result.missing)
    metrics.add_metric("Healed", MetricUnit.Count, result.healed)
    if result.outcome is Outcome.SETTLING:
        store.close_queue.send({"drop": result.drop, "first": result.first})
    elif result.again:
        tries = int(asked.get("tries", 0)) + 1
        delay = LARGE_DELAY_S if result.photos > LARGE else min(LONGEST_DELAY_S, 2 ** min(tries, 5))
        store.close_queue.send({"drop": result.drop, "tries": tries}, delay_s=delay)
    elif result.outcome is Outcome.STARTED:
        metrics.add_metric("Started", MetricUnit.Count, 1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """SQS batch of drops, or the schedule's event, which looks for drops that went quiet."""
    if "Records" not in event:
        asked = close_due(*desk())
        metrics.add_metric("Due", MetricUnit.Count, len(asked))
        return {"asked": asked}
    answer = process_partial_response(event=event, record_handler=each, processor=batch, context=context)
    for failed in batch.exceptions:
        logger.error("comes again", exc_info=failed[1])
    return dict(answer)
