"""Function report: audit a drop and write its report, manifest and feeds."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from packshot.export import channels
from packshot.records import Record
from packshot.report import report_drop
from packshot.settings import ReportSettings
from packshot.store import Store, open_store

logger, tracer, metrics = Logger(), Tracer(), Metrics()


class Order(Record):
    """What the state machine hands over."""

    drop: str
    unplanned: dict[str, Any] | None = Field(default=None, description="the input of an execution without a plan")


@cache
def store() -> Store:
    """This process's store."""
    return open_store()


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Report on a drop; answers its audit."""
    order = Order.model_validate(event)
    logger.append_keys(drop=order.drop)
    tracer.put_annotation("drop", order.drop)
    metrics.add_dimension("stage", "report")
    gone = order.unplanned is not None and not order.unplanned.get("lots")  # lots that were resumed stay as they are
    audit = report_drop(store(), ReportSettings.read(), channels.load(), order.drop, gone)
    for name in ("rejected", "exported", "held", "failed"):
        metrics.add_metric(f"Photos_{name}", MetricUnit.Count, getattr(audit, name))
    log = logger.info if audit.balanced else logger.error
    log("audited", extra={"audit": audit.model_dump(mode="json"), "balanced": audit.balanced})
    return audit.model_dump(mode="json")
