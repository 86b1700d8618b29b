"""Live previews of a reviewer's changes, and their rendering at full size: HTTP in, one call, HTTP out."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.preview.stage import LAID_OUT, SIDE, Previewer
from packshot.review import http
from packshot.review.override import Override
from packshot.review.views import TaskView
from packshot.store import open_store

logger = Logger(service="preview")
tracer = Tracer(service="preview")
counters = Metrics(namespace="packshot", service="preview")
app = http.resolver()

Id = Annotated[str, Path(min_length=1, max_length=200)]


@cache
def previewer() -> Previewer:
    """The previewer of this process."""
    return Previewer(open_store())


@app.post("/v1/tasks/<task>/preview", tags=["tasks"])
def preview(  # type: ignore[no-untyped-def]
    task: Id, override: Annotated[Override, Body()], side: Annotated[int, Query(ge=200, le=LAID_OUT)] = SIDE
):
    """The changed cut-out with its shadow at screen size: WebP with transparency."""
    # Without a return type: the resolver would read the picture's bytes as UTF-8 to validate them.
    return Response(200, "image/webp", previewer().preview(task, override, side), headers=dict(http.SAFE_HEADERS))


@app.post("/v1/tasks/<task>/render", tags=["tasks"])
def render(task: Id, version: Annotated[int, Query(ge=0)]) -> TaskView:
    """Render the kept override at full size and check the photo again: before an approval."""
    return previewer().render(task, http.who(app), version)


@counters.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request of API Gateway; without a signed-in person only 401."""
    answered = http.answer(app, logger, event, context)
    counters.add_metric(name=f"PreviewAnswered{answered['statusCode'] // 100}xx", unit="Count", value=1)
    return answered
