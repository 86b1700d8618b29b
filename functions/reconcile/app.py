"""Function reconcile: on a schedule, find drops that are stuck and set them going again."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from packshot.reconcile import Round, reconcile, reconcile_drop
from packshot.settings import CloseSettings
from packshot.store import Store, open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()
metrics.set_default_dimensions(stage="reconcile")


class Order(BaseModel):
    """One drop, or none: all of them (the schedule's event, whatever else it says)."""

    drop: str = ""


@cache
def store() -> Store:
    """This process's store."""
    return open_store()


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Reconcile; answers what was found."""
    order, settings = Order.model_validate(event), CloseSettings.read()
    if order.drop:
        one = reconcile_drop(store(), order.drop, settings)
        done = Round(drops=1, reconciled=[one] if one.found else [])
    else:
        done = reconcile(store(), settings)
        metrics.add_metric("Stuck", MetricUnit.Count, done.stuck)
        metrics.add_metric("ExpiredLeases", MetricUnit.Count, done.expired_leases)
    metrics.add_metric("Repaired", MetricUnit.Count, done.repaired)
    for drop in done.reconciled:
        for finding in drop.found:
            with single_metric("Found", MetricUnit.Count, 1, default_dimensions={"stage": "reconcile"}) as metric:
                metric.add_dimension("state", finding.state)
            log = logger.info if finding.repaired else logger.error
            log("found", extra={"drop": drop.drop, **finding.model_dump(mode="json")})
    return done.model_dump(mode="json")
