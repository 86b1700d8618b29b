"""On a schedule: tell the operators, once, of review tasks that are overdue."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.records import now
from packshot.review.owners import escalate
from packshot.store import Store, open_store

logger = Logger(service="escalate")
tracer = Tracer(service="escalate")
counters = Metrics(namespace="packshot", service="escalate")


@cache
def store() -> Store:
    """The store of this process."""
    return open_store()


@counters.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(log_event=False)
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Escalate what is overdue now."""
    count = escalate(store(), now())
    counters.add_metric(name="Escalated", unit="Count", value=count)
    logger.info("escalated", count=count)
    return {"escalated": count}
