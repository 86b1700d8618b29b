"""The review API: HTTP in, one call into the desk, HTTP out. Only who has signed in gets past `handler`."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from packshot.report.audit import Audit
from packshot.review import complaints, desk, drops, gate, http, lots, metrics, queue, uploads
from packshot.review.override import Override
from packshot.review.owners import owners
from packshot.review.reasons import defects
from packshot.review.views import (
    Complaints,
    Decided,
    Decision,
    DropDetail,
    DropPage,
    LotPanel,
    Me,
    PhotoLine,
    PhotoPage,
    Reasons,
    TaskDetail,
    TaskPage,
    TaskView,
    UploadComplete,
    UploadPlan,
    UploadRequest,
)
from packshot.review.views import Metrics as Numbers
from packshot.settings import IntakeSettings
from packshot.store import Store, open_store

logger = Logger(service="review")
tracer = Tracer(service="review")
counters = Metrics(namespace="packshot", service="review")
app = http.resolver()

Text = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=200)]
Id = Annotated[str, Path(min_length=1, max_length=200)]


@cache
def store() -> Store:
    """The store of this process."""
    return open_store()


@cache
def settings() -> desk.DeskSettings:
    """The desk's settings of this process."""
    return desk.DeskSettings.read()


def who() -> str:
    """The person of the request."""
    return http.who(app)


@app.get("/v1/tasks", tags=["tasks"])
def list_tasks(
    segment: Text = "",
    drop: Text = "",
    lot: Text = "",
    why: Text = "",
    check: Text = "",
    owner: Text = "",
    state: Text = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> TaskPage:
    """The queue, the most urgent first."""
    filters = queue.Filters(segment, drop, lot, why, check, owner, state)
    return queue.page(store(), who(), filters, cursor, limit)


@app.post("/v1/tasks/claim-next", tags=["tasks"])
def claim_next(
    segment: Text = "", drop: Text = "", lot: Text = "", why: Text = "", check: Text = "", owner: Text = ""
) -> TaskView:
    """Take the most urgent free task that matches."""
    return desk.claim_next(store(), settings(), who(), queue.Filters(segment, drop, lot, why, check, owner))


@app.get("/v1/tasks/<task>", tags=["tasks"])
def get_task(task: Id) -> TaskDetail:
    """One task with its photo, pictures, checks and history."""
    return desk.detail(store(), settings(), task, who())


@app.post("/v1/tasks/<task>/claim", tags=["tasks"])
def claim(task: Id) -> TaskView:
    """Take a task for the lease's time, or prolong one's own."""
    return desk.claim(store(), settings(), task, who())


@app.post("/v1/tasks/<task>/release", tags=["tasks"])
def release(task: Id) -> TaskView:
    """Give one's task back."""
    return desk.release(store(), task, who())


@app.post("/v1/tasks/<task>/decision", tags=["tasks"])
def decide(task: Id, decision: Annotated[Decision, Body()]) -> Decided:
    """Approve, or reject with reasons; delivered twice counts once."""
    decided = desk.decide(store(), settings(), gate.settle_lot, task, who(), decision)
    counters.add_metric(name=f"Review{decision.decision.title()}", unit="Count", value=1)
    return decided


@app.post("/v1/tasks/<task>/undo", tags=["tasks"])
def undo(task: Id) -> TaskView:
    """Take one's decision back, within the grace time."""
    return desk.undo(store(), settings(), task, who())


@app.put("/v1/tasks/<task>/override", tags=["tasks"])
def put_override(task: Id, override: Annotated[Override, Body()], version: Annotated[int, Query(ge=0)]) -> TaskView:
    """Keep changed edges, strokes and shadow with the task that one holds."""
    return desk.override(store(), task, who(), override, version)


@app.get("/v1/lots/<drop>/<lot>", tags=["lots"])
def get_lot(drop: Id, lot: Id) -> LotPanel:
    """A lot's sample, its operating characteristic and what the next decision does."""
    return lots.panel(store(), drop, lot, who())


@app.get("/v1/drops", tags=["drops"])
def list_drops(cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=100)] = 20) -> DropPage:
    """Drops, the last active first."""
    return drops.overview(store(), cursor, limit)


@app.get("/v1/drops/<drop>", tags=["drops"])
def get_drop(drop: Id) -> DropDetail:
    """One drop in numbers."""
    return drops.detail(store(), drop)


@app.get("/v1/drops/<drop>/photos", tags=["drops"])
def list_photos(drop: Id, status: Text = "", cursor: Cursor = "", limit: Limit = 100) -> PhotoPage:
    """A drop's photos, of one status if asked."""
    return drops.photos(store(), drop, status, cursor, limit)


@app.get("/v1/drops/<drop>/audit", tags=["drops"])
def audit(drop: Id) -> Audit:
    """Rejected + exported + held + failed = dropped, from S3 and DynamoDB."""
    return drops.audit(store(), drop)


@app.get("/v1/drops/<drop>/rejected.csv", tags=["drops"])
def rejected(drop: Id) -> Response[str]:
    """What was refused at the door, and how to mend it."""
    headers: dict[str, str | list[str]] = {
        **http.SAFE_HEADERS,
        "Content-Disposition": 'attachment; filename="rejected.csv"',
    }
    return Response(200, "text/csv; charset=utf-8", drops.rejections(store(), drop).decode(), headers=headers)


@app.post("/v1/drops/<drop>/photos/<photo>/retry", tags=["drops"])
def retry(drop: Id, photo: Id) -> PhotoLine:
    """Send a held or failed photo through once more."""
    return drops.retry(store(), drop, photo, who())


@app.post("/v1/uploads", tags=["uploads"])
def plan_upload(request: Annotated[UploadRequest, Body()]) -> UploadPlan:
    """Addresses to put a new drop's files to."""
    return uploads.plan(store(), IntakeSettings.read(), request)


@app.post("/v1/uploads/complete", tags=["uploads"])
def complete_upload(request: Annotated[UploadComplete, Body()]) -> dict[str, int]:
    """Join the parts of a large file."""
    return {"parts": uploads.finish(store(), request)}


@app.post("/v1/complaints", tags=["complaints"])
def complain(request: Annotated[Complaints, Body()]) -> dict[str, int]:
    """Report customers' complaints: defects that escaped."""
    complaints.report(store(), request.complaints)
    return {"taken": len(request.complaints)}


@app.get("/v1/metrics", tags=["desk"])
def get_metrics() -> Numbers:
    """What the charts draw."""
    return metrics.metrics(store())


@app.get("/v1/reasons", tags=["desk"])
def get_reasons() -> Reasons:
    """The defects a reviewer may give."""
    return Reasons(reasons=list(defects().values()))


@app.get("/v1/me", tags=["desk"])
def get_me() -> Me:
    """Who I am, and how the desk works."""
    found = http.claims(app.current_event.raw_event)
    table = {"default": owners().default, **owners().segments}
    return Me(
        who=who(),
        name=str(found.get("name") or found.get("cognito:username") or who()),
        lease_seconds=int(settings().lease_minutes * 60),
        undo_seconds=settings().undo_seconds,
        owners={name: owner.model_dump() for name, owner in table.items()},
    )


@app.get("/v1/openapi.json", tags=["desk"])
def openapi() -> Response[str]:
    """This API's description."""
    return Response(200, "application/json", describe(), headers=dict(http.SAFE_HEADERS))


def describe() -> str:
    """The OpenAPI document of all routes, as JSON."""
    return app.get_openapi_json_schema(
        title="packshot review API",
        version="1",
        description="Tasks, lots, drops and uploads of the review desk.",
    )


@counters.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request of API Gateway; without a signed-in person only 401."""
    answered = http.answer(app, logger, event, context)
    counters.add_metric(name=f"ReviewAnswered{answered['statusCode'] // 100}xx", unit="Count", value=1)
    return answered


if __name__ == "__main__":
    print(json.dumps(json.loads(describe()), indent=1, sort_keys=True))  # docs/openapi.json
