"""Function settle: give every photo of a lot its end."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.settle import Settlement, end_lot
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
    """Settle a lot; answers how many photos came to their end here."""
    order = Settlement.model_validate(event)
    logger.append_keys(drop=order.drop, lot=order.lot)
    tracer.put_annotation("drop", order.drop)
    tracer.put_annotation("lot", order.lot)
    metrics.add_dimension("stage", "settle")
    settled = end_lot(store(), order)
    metrics.add_metric("PhotosSettled", MetricUnit.Count, settled.ended)
    logger.info("settled", extra={"code": order.code, "ended": settled.ended})
    return settled.model_dump()
