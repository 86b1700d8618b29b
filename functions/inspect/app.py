"""Function inspect: check a lot's canary, check and sample a lot, open its review gate."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.quality.stage import Inspection, inspect_canary, inspect_lot
from packshot.review.gate import open_gate
from packshot.settings import InspectSettings
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
    """One step of a lot's inspection; answers the decision."""
    order = Inspection.model_validate(event)
    logger.append_keys(drop=order.drop, lot=order.lot)
    tracer.put_annotation("drop", order.drop)
    tracer.put_annotation("lot", order.lot)
    metrics.add_dimension("stage", "inspect")
    if order.step == "gate":
        return {"decision": open_gate(store(), order.drop, order.lot, order.token)}
    if order.step == "canary":
        answer = inspect_canary(store(), order.drop, order.lot)
    else:
        answer = inspect_lot(store(), InspectSettings.read(), order.drop, order.lot, order.attempt)
    metrics.add_metric(f"Lots_{answer.decision}", MetricUnit.Count, 1)
    logger.info("inspected", extra={"step": order.step, "decision": answer.decision})
    return answer.model_dump()
