"""Who may do what, and what must not be told: permissions by the code's own needs, logs without secrets."""

from __future__ import annotations

import ast
import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud import Cloud, cloud, sky
from permissions import Pair, allowed, needed
from pydantic import BaseModel, ConfigDict, Field
from template import cloudformation, functions, listed, of_type
from test_events import CONTEXT, app

from packshot.records import LotRecord, LotStatus, TaskRecord

ROOT = Path(__file__).parents[1]
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAASecretTaskToken"
__all__ = ["cloud", "sky"]


def listen(stage: str, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a handler logs, whatever its stream was bound to before."""
    said = io.StringIO()
    handlers = app(stage).logger.handlers
    assert handlers
    for handler in handlers:
        monkeypatch.setattr(handler, "stream", said)
    return said


class Unused(BaseModel):
    """A permission that the code does not show."""

    model_config = ConfigDict(extra="forbid")

    function: str
    action: str
    resource: str
    reason: str = Field(min_length=20)

    def covers(self, function: str, pair: Pair) -> bool:
        wanted = zip((self.function, self.action, self.resource), (function, *pair), strict=True)
        return all(mine in ("*", theirs) for mine, theirs in wanted)


class Everywhere(BaseModel):
    """Actions that cannot name a resource."""

    model_config = ConfigDict(extra="forbid")

    role: str
    action: str
    reason: str = Field(min_length=20)

    def covers(self, role: str, action: str) -> bool:
        return self.role in ("*", role) and action.startswith(self.action.rstrip("*"))


@cache
def explained() -> tuple[list[Unused], list[Everywhere]]:
    found = yaml.safe_load((ROOT / "tests" / "permissions.yaml").read_text("utf-8"))
    return [Unused(**entry) for entry in found["unused"]], [Everywhere(**entry) for entry in found["everywhere"]]


class TestPermissions:
    @pytest.mark.parametrize("name", functions())
    def test_a_function_may_do_what_its_code_does(self, name: str) -> None:
        assert sorted(needed(name) - allowed(name)) == []

    @pytest.mark.parametrize("name", functions())
    def test_a_function_may_do_no_more_than_that(self, name: str) -> None:
        extra = {pair for pair in allowed(name) - needed(name) if not any(e.covers(name, pair) for e in explained()[0])}
        assert sorted(extra) == []

    def test_every_explanation_explains_something(self) -> None:
        extra = [(name, pair) for name in functions() for pair in allowed(name) - needed(name)]
        idle = [entry for entry in explained()[0] if not any(entry.covers(*one) for one in extra)]
        assert idle == []

    def test_what_the_code_needs_is_found_in_it(self) -> None:
        """Cases that a deployment once would have refused: the analysis sees each of them."""
        assert ("dynamodb:GetItem", "ProfilesTable") in needed("InspectFunction")
        assert ("s3:DeleteObject", "WorkBucket") in needed("PreviewFunction")
        assert ("s3:ListMultipartUploadParts", "IncomingBucket") in needed("ReviewFunction")
        assert ("dynamodb:Query", "PhotosTable") in needed("IntakeFunction")
        assert ("states:DescribeExecution", "execution") in needed("ReconcileFunction")
        assert not any(place == "ProfilesTable" for _, place in needed("SettleFunction"))
        assert all(len(needed(name)) >= 3 for name in functions())

    def test_wildcards_have_a_written_reason(self) -> None:
        wild = []
        for role, properties in of_type("AWS::IAM::Role", cloudformation()).items():
            for policy in properties.get("Policies", []):
                for statement in listed(policy["PolicyDocument"]["Statement"]):
                    actions = listed(statement["Action"])
                    wild += [(role, action) for action in actions if "*" in action]
                    if "*" in listed(statement["Resource"]):
                        wild += [
                            (role, action)
                            for action in actions
                            if not any(e.covers(role, action) for e in explained()[1])
                        ]
        assert wild == []

    def test_nobody_takes_a_role_but_its_service(self) -> None:
        for role, properties in of_type("AWS::IAM::Role", cloudformation()).items():
            for statement in properties["AssumeRolePolicyDocument"]["Statement"]:
                assert set(statement["Principal"]) == {"Service"}, role
                assert all(one.endswith(".amazonaws.com") for one in listed(statement["Principal"]["Service"])), role


class TestDoors:
    def test_every_route_of_the_desk_asks_for_a_token(self) -> None:
        (api,) = of_type("AWS::Serverless::HttpApi").values()
        assert api["Auth"]["DefaultAuthorizer"] == "Jwt" and "CorsConfiguration" not in api
        events = [e for f in functions().values() for e in f.get("Events", {}).values() if e["Type"] == "HttpApi"]
        assert len(events) >= 3 and not any("Auth" in event["Properties"] for event in events)

    def test_nobody_signs_up_by_themselves(self) -> None:
        (pool,) = of_type("AWS::Cognito::UserPool").values()
        assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
        assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12

    def test_only_the_rule_of_the_bucket_writes_to_intakes_queue(self) -> None:
        (policy,) = of_type("AWS::SQS::QueuePolicy").values()
        (send,) = policy["PolicyDocument"]["Statement"]
        assert send["Principal"] == {"Service": "events.amazonaws.com"} and "ArnEquals" in send["Condition"]


class TestImage:
    lines = (ROOT / "functions" / "process" / "Dockerfile").read_text("utf-8").splitlines()

    def test_it_runs_as_nobody_special(self) -> None:
        users = [line.split()[1] for line in self.lines if line.startswith("USER")]
        assert users and users[-1] not in ("root", "0")
        after = self.lines[self.lines.index(f"USER {users[-1]}") :]
        assert not any(line.startswith(("RUN", "COPY", "ADD")) for line in after)

    def test_its_packages_are_pinned_by_hash_and_it_fetches_nothing_else(self) -> None:
        text = "\n".join(self.lines)
        assert "pip install --no-cache-dir --require-hashes" in text
        assert not re.search(r"^ADD|curl|wget|:latest\s*$", text, re.MULTILINE)
        locked = (ROOT / "functions" / "process" / "requirements.txt").read_text("utf-8")
        names = re.findall(r"^([\w.-]+)==", locked, re.MULTILINE)
        assert names and locked.count("--hash=sha256:") >= len(names)


class TestLogs:
    def test_no_handler_logs_its_event_or_traces_its_answer_where_that_holds_secrets(self) -> None:
        for path in (ROOT / "functions").glob("*/*.py"):
            text = path.read_text("utf-8")
            assert "log_event=True" not in text, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
                    handed = {ast.unparse(value) for value in [*node.args, *(k.value for k in node.keywords)]}
                    assert not handed & {"event", "_event", "order", "record.body"}, f"{path}: {ast.unparse(node)}"
        for stage in ("review", "preview"):
            assert "capture_response=False" in (ROOT / "functions" / stage / "app.py").read_text("utf-8")
        variables = [f["Environment"]["Variables"] for f in functions().values()]
        assert not any("POWERTOOLS_LOGGER_LOG_EVENT" in v or "POWERTOOLS_DEV" in v for v in variables)

    def test_the_machines_log_holds_no_data_of_executions(self) -> None:
        (machine,) = of_type("AWS::Serverless::StateMachine").values()
        assert machine["Logging"]["IncludeExecutionData"] is False  # it would hold task tokens

    def test_signed_addresses_stay_out_of_the_log(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        photo = cloud.accept("d", "A", lot="L")
        cloud.store.lots.plan(LotRecord(drop="d", lot="L", segment="general", size=1, chunks=1, task_ids=["t"]))
        task = TaskRecord(
            task_id="t", drop="d", lot="L", photo_id=photo.photo_id, sku="A", view="front", file=photo.file,
            segment="general", why="sample", due_at="2099-01-01T00:00:00Z",
        )  # fmt: skip
        assert cloud.store.tasks.create(task)
        monkeypatch.setattr(app("review"), "store", lambda: cloud.store)
        event = json.loads((ROOT / "events" / "review.json").read_text("utf-8"))
        event["rawPath"] = event["requestContext"]["http"]["path"] = "/v1/tasks/t"
        event["headers"]["authorization"] = "Bearer eyJhbGciOi.SecretOfAnn.x"
        said = listen("review", monkeypatch)
        answered = app("review").handler(event, CONTEXT)
        assert answered["statusCode"] == 200 and "Signature=" in answered["body"], "the answer does hold addresses"
        logged = said.getvalue() + "".join(capfd.readouterr())
        assert "answered" in logged and "/v1/tasks/t" in logged
        assert not re.search(r"Signature|AWSAccessKeyId|X-Amz-|Bearer|SecretOfAnn|ann@example", logged)

    def test_task_tokens_stay_out_of_the_log_and_the_report(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        cloud.store.lots.plan(
            LotRecord(drop="d", lot="L", segment="general", size=1, chunks=1, status=LotStatus.REVIEW, task_ids=["t"])
        )
        monkeypatch.setattr(app("inspect"), "store", lambda: cloud.store)
        said = listen("inspect", monkeypatch)
        order = {"step": "gate", "drop": "d", "lot": "L", "attempt": 0, "token": TOKEN}
        assert app("inspect").handler(order, CONTEXT) == {"decision": "wait"}
        lot = cloud.store.lots.get("d", "L")
        assert lot is not None and lot.token == TOKEN, "the token was kept"
        app("inspect").logger.info("heard")
        logged = said.getvalue() + "".join(capfd.readouterr())
        assert "heard" in logged and TOKEN not in logged

    def test_no_secret_lies_in_the_environment(self) -> None:
        names = {name for f in functions().values() for name in f["Environment"]["Variables"]}
        assert names and not any(re.search(r"SECRET|PASSWORD|TOKEN|API_?KEY|CREDENTIAL", name) for name in names)


def test_the_template_hands_out_no_secret() -> None:
    outputs: dict[str, Any] = cloudformation()["Outputs"]
    assert outputs and not any(re.search(r"secret|password|token", json.dumps(o), re.I) for o in outputs.values())
