"""Function export: write the files of one chunk of a lot for every channel."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.countdown import countdown
from packshot.export.chunk import ExportChunk, export_chunk
from packshot.export.press import Press
from packshot.settings import ExportSettings
from packshot.store import Store, open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()


@cache
def store() -> Store:
    """This process's store."""
    return open_store()


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Export a chunk; answers how many photos left, had left before, or came to another end."""
    order = ExportChunk.model_validate(event)
    logger.append_keys(drop=order.drop, lot=order.lot, chunk=order.chunk)
    tracer.put_annotation("drop", order.drop)
    tracer.put_annotation("lot", order.lot)
    metrics.add_dimension("stage", "export")
    press = Press.of(ExportSettings.read(), store())
    done = export_chunk(store(), press, order, countdown(context))
    for why in press.misses:
        logger.warning("the model's words were not used", extra={"why": why})
    metrics.add_metric("PhotosExported", MetricUnit.Count, done.exported)
    metrics.add_metric("PhotosEnded", MetricUnit.Count, done.ended)
    logger.info("chunk exported", extra=done.model_dump())
    return done.model_dump()
