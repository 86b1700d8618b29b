"""What docs/deploy.md promises: canaries that go back, nothing dear deleted, an image that holds what it needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from template import cloudformation, functions, of_type, source

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "functions" / "process" / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
MADE_BEFORE_THE_BUILD = {"build/models"}  # packshot models pull --to build/models
DEAR = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"}
CAN_BE_MADE_AGAIN = {"WorkBucket", "PageBucket", "IdempotencyTable"}


class TestUpgrade:
    @pytest.mark.parametrize("name", functions())
    def test_a_new_version_takes_over_by_a_canary_and_goes_back_on_its_own_alarms(self, name: str) -> None:
        resources = cloudformation()["Resources"]
        alias = resources[f"{name}Aliaslive"]
        assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {
            "Ref": f"{name}DeploymentGroup"
        }
        group = resources[f"{name}DeploymentGroup"]["Properties"]
        assert "Canary10Percent15Minutes" in json.dumps(group["DeploymentConfigName"])
        assert group["AutoRollbackConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        word = name.removesuffix("Function")
        assert group["AlarmConfiguration"]["Enabled"] is True
        watched = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert watched == {f"{word}ErrorsAlarm", f"{word}ThrottlesAlarm"}

    def test_a_canary_lasts_as_long_as_its_alarms_need_to_sound(self) -> None:
        minutes = int(re.findall(r"\d+", source()["Parameters"]["Rollout"]["Default"])[1])
        for alarm in (a for n, a in of_type("AWS::CloudWatch::Alarm").items() if n.endswith("ErrorsAlarm")):
            periods = {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m}
            assert minutes * 60 >= max(periods) * (alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"])

    def test_whatever_calls_a_function_calls_its_alias(self) -> None:
        made = cloudformation()
        names = set(functions())
        targets = [p["FunctionName"] for p in of_type("AWS::Lambda::EventSourceMapping", made).values()]
        targets += [p["Target"]["Arn"] for p in of_type("AWS::Scheduler::Schedule", made).values()]
        (machine,) = of_type("AWS::StepFunctions::StateMachine", made).values()
        targets += [piece for piece in machine["DefinitionString"]["Fn::Join"][1] if isinstance(piece, dict)]
        targets += [t["Arn"] for r in of_type("AWS::Events::Rule", made).values() for t in r["Targets"]
                    if "Queue" not in json.dumps(t)]  # fmt: skip
        assert len(targets) >= 14
        assert {target["Ref"].removesuffix("Aliaslive") for target in targets} <= names
        assert all(target["Ref"].endswith("Aliaslive") for target in targets)
        (api,) = of_type("AWS::ApiGatewayV2::Api", made).values()
        uris = re.findall(r"\$\{(\w+Function\w*)(?:\.Arn)?\}", json.dumps(api["Body"]))
        assert len(uris) >= 3 and all(uri.endswith("Aliaslive") for uri in uris)


class TestTeardown:
    def test_what_people_dropped_decided_and_got_outlives_the_stack(self) -> None:
        dear = {name: item for name, item in source()["Resources"].items() if item["Type"] in DEAR}
        kept = {name for name, item in dear.items() if item["DeletionPolicy"] == "Retain"}
        assert kept == dear.keys() - CAN_BE_MADE_AGAIN and kept >= {"IncomingBucket", "OutputBucket", "PhotosTable"}
        assert all(item["UpdateReplacePolicy"] == item["DeletionPolicy"] for item in dear.values())

    def test_nothing_deletes_exports(self) -> None:
        policies = [
            statement
            for role in of_type("AWS::IAM::Role", cloudformation()).values()
            for policy in role.get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
            if "OutputBucket" in json.dumps(statement["Resource"])
            and "s3:DeleteObject" in json.dumps(statement["Action"])
        ]
        assert policies and all("/rejected/*" in json.dumps(statement["Resource"]) for statement in policies)
        rules = of_type("AWS::S3::Bucket")["OutputBucket"]["LifecycleConfiguration"]["Rules"]
        assert not any("ExpirationInDays" in rule for rule in rules), "only replaced versions expire"


class TestImage:
    copies = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    settings: ClassVar = dict(
        pair.split("=", 1) for pair in re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)[0].split()
    )

    def test_what_is_copied_is_there(self) -> None:
        assert len(self.copies) >= 8
        assert {place for place, _ in self.copies if not (ROOT / place).exists()} <= MADE_BEFORE_THE_BUILD

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The image's file system as far as COPY makes it."""
        image = tmp_path_factory.mktemp("image")
        for place, target in cls.copies:
            inside = image / target.replace("${LAMBDA_TASK_ROOT}", "var/task").lstrip("/")
            if place in MADE_BEFORE_THE_BUILD:
                inside.mkdir(parents=True)
            elif (ROOT / place).is_dir():
                shutil.copytree(ROOT / place, inside, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                inside.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / place, inside)
        return image

    @pytest.mark.parametrize("name", [n for n, f in functions().items() if f.get("PackageType") == "Image"])
    def test_a_handler_comes_up_with_what_the_image_holds_and_nothing_else_of_ours(
        self, name: str, built: Path
    ) -> None:
        module, _, handler = functions()[name]["ImageConfig"]["Command"][0].rpartition(".")
        env = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "eu-central-1", "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {key: str(built / value.lstrip("/")) for key, value in self.settings.items()}
        env["PYTHONPATH"] = str(built / "var" / "task")
        look = (
            f"import importlib, sys; assert callable(importlib.import_module({module!r}).{handler});"
            "from packshot.export import channels; from packshot.imaging import models;"
            "print(len(channels.load()), models.models_dir());"
            "print(*sorted({m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)}), sep='\\n')"
        )
        done = subprocess.run([sys.executable, "-P", "-c", look], env=env, cwd=built, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told, *files = done.stdout.splitlines()
        assert told == f"{len(list((ROOT / 'channels').glob('*.yaml')))} {built / 'opt/packshot/models'}"
        ours = [ROOT / folder for folder in ("layers", "functions", "local", "bench", "tests")]
        assert [file for file in files if any(Path(file).is_relative_to(folder) for folder in ours)] == []


class TestAudit:
    def test_every_check_that_is_skipped_says_why(self) -> None:
        text = (ROOT / ".checkov.yaml").read_text("utf-8")
        skipped = yaml.safe_load(text)["skip-check"]
        reasons = re.findall(r"((?:^  # .+\n)+)((?:^  - CKV\w+\n)+)", text, re.MULTILINE)
        assert sorted(re.findall(r"CKV\w+", "".join(names for _, names in reasons))) == sorted(skipped)
        assert all(len(reason) > 30 for reason, _ in reasons)

    def test_the_workflow_runs_the_same_commands_pinned_and_with_few_rights(self) -> None:
        plan: dict[str, Any] = yaml.safe_load(WORKFLOW)
        assert plan["permissions"] == {} and plan["jobs"].keys() == {"test", "audit"}
        steps = [step for job in plan["jobs"].values() for step in job["steps"]]
        assert {"bash .ci/run", "make audit"} <= {step.get("run") for step in steps}
        assert all(job["permissions"] == {"contents": "read"} for job in plan["jobs"].values())
        uses = re.findall(r"uses: (\S+)(.*)", WORKFLOW)
        assert len(uses) == sum("uses" in step for step in steps) >= 5
        for action, comment in uses:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) and re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action

    def test_ci_validates_the_deployment_before_the_tests(self) -> None:
        ci, make = ((ROOT / name).read_text("utf-8") for name in (".ci/run", "Makefile"))
        assert ci.index("make validate") < ci.index("make test")
        assert "sam validate --lint" in make and "hadolint functions/process/Dockerfile" in make


def test_the_deployment_page_lists_every_parameter_with_its_default() -> None:
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \|", (ROOT / "docs" / "deploy.md").read_text("utf-8"), re.MULTILINE
    )
    told = {}
    for names, defaults in rows:
        keys = re.findall(r"`(\w+)`", names)
        values = [defaults.strip()] if len(keys) == 1 else [value.strip() for value in defaults.split(", ")]
        told |= dict(zip(keys, values, strict=True))
    assert told == {n: str(p["Default"]) or "(empty)" for n, p in source()["Parameters"].items()}
