"""Function plan: group a closed drop's photos into lots."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from packshot.plan.stage import plan_drop
from packshot.records import Record
from packshot.settings import PlanSettings
from packshot.store import Store, open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()


class Input(Record):
    """The execution's own input: a drop, or lots of it to resume."""

    drop: str
    lots: list[str] = Field(default_factory=list)


class Order(Record):
    """What the state machine hands over."""

    drop: str
    input: Input
    execution: str


@cache
def store() -> Store:
    """This process's store."""
    return open_store()


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan a drop; answers where the lots lie."""
    order = Order.model_validate(event)
    logger.append_keys(drop=order.drop)
    tracer.put_annotation("drop", order.drop)
    metrics.add_dimension("stage", "plan")
    planned = plan_drop(store(), PlanSettings.read(), order.drop, order.execution, order.input.lots)
    metrics.add_metric("LotsPlanned", MetricUnit.Count, planned.lots)
    logger.info("planned", extra={"lots": planned.lots})
    return planned.model_dump()
