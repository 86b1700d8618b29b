"""Function process: make the cut-outs of one chunk of a lot."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.countdown import countdown
from packshot.imaging.networks import Networks
from packshot.process.engine import engine
from packshot.process.stage import Chunk, Processor
from packshot.settings import ProcessSettings
from packshot.store import open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()


@cache
def processor() -> Processor:
    """This process's store and networks, kept from call to call."""
    settings = ProcessSettings.read()
    networks = Networks(threads=settings.threads or None, provider=settings.provider)
    return Processor(open_store(), networks, engine(settings.provider))


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
    processor().networks.open()  # in the init phase: no photo waits for what all need


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work a chunk; answers how many photos are done, were done before, or came to an end."""
    chunk = Chunk.model_validate(event)
    logger.append_keys(drop=chunk.drop, lot=chunk.lot, chunk=chunk.chunk)
    tracer.put_annotation("drop", chunk.drop)
    tracer.put_annotation("lot", chunk.lot)
    metrics.add_dimension("stage", "process")
    done = processor().run(chunk, countdown(context))
    metrics.add_metric("PhotosProcessed", MetricUnit.Count, done.done)
    metrics.add_metric("PhotosEnded", MetricUnit.Count, done.ended)
    metrics.add_metric("PhotosThrough", MetricUnit.Count, done.done + done.skipped + done.ended)
    logger.info("chunk done", extra=done.model_dump())
    return done.model_dump()
