"""The template: valid with its state machine, closed by default, and named like the code."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs
from template import REGION, ROOT, cloudformation, functions, listed, machine, of_type, policies, source


def lint(template: dict[str, Any]) -> list[str]:
    found = cfnlint.api.lint(json.dumps(template), ManualArgs(regions=[REGION]))
    return [f"{match.rule.id} {match.message}" for match in found]


def with_definition(definition: dict[str, Any]) -> dict[str, Any]:
    """The translated template with the state machine as an object, where the linter reads it."""
    template = copy.deepcopy(cloudformation())
    properties = template["Resources"]["DropStateMachine"]["Properties"]
    del properties["DefinitionString"]
    properties["Definition"] = definition
    names = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))
    properties["DefinitionSubstitutions"] = {name: {"Fn::GetAtt": [name, "Arn"]} for name in names}
    return template


ACCOUNT_CONCURRENCY = 1000  # Lambda's, unless more was asked for


class TestLint:
    def test_the_template_as_written_is_clean(self) -> None:
        found = cfnlint.api.lint_file(ROOT / "template.yaml", ManualArgs(regions=[REGION]))
        assert [f"{match.rule.id} {match.message}" for match in found] == []

    def test_the_translated_template_with_its_state_machine_is_clean(self) -> None:
        found = set(lint(with_definition(machine())))
        assert found == {"W2001 Parameter Rollout not used."}, "the translator itself puts that parameter's value in"

    def test_a_broken_state_machine_is_found(self) -> None:
        broken = copy.deepcopy(machine())
        broken["States"]["Plan"]["Type"] = "Tusk"
        alone = with_definition(broken)
        resource = alone["Resources"]["DropStateMachine"]
        keep = {"Definition", "StateMachineType"} & resource["Properties"].keys()
        properties = {name: resource["Properties"][name] for name in keep} | {"RoleArn": "arn:aws:iam::1:role/r"}
        alone = {"Resources": {"DropStateMachine": {"Type": resource["Type"], "Properties": properties}}}
        assert any("Tusk" in line for line in lint(alone))


class TestBuckets:
    @pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
    def test_every_bucket_is_private_encrypted_and_tls_only(self, name: str) -> None:
        bucket = of_type("AWS::S3::Bucket")[name]
        assert all(bucket["PublicAccessBlockConfiguration"][key] is True for key in (
            "BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"
        ))  # fmt: skip
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        policies = [p for p in of_type("AWS::S3::BucketPolicy").values() if p["Bucket"] == {"Ref": name}]
        denials = [s for p in policies for s in p["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert any(
            s["Principal"] == "*" and s["Action"] == "s3:*" and len(s["Resource"]) == 2
            and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for s in denials
        )  # fmt: skip

    def test_what_people_drop_and_get_is_versioned_and_survives_the_stack(self) -> None:
        for name in ("IncomingBucket", "OutputBucket"):
            assert of_type("AWS::S3::Bucket")[name]["VersioningConfiguration"] == {"Status": "Enabled"}
            assert source()["Resources"][name]["DeletionPolicy"] == "Retain"

    def test_working_files_expire(self) -> None:
        rules = of_type("AWS::S3::Bucket")["WorkBucket"]["LifecycleConfiguration"]["Rules"]
        assert any("ExpirationInDays" in rule and rule["Status"] == "Enabled" for rule in rules)

    def test_new_objects_are_announced(self) -> None:
        bucket = of_type("AWS::S3::Bucket")["IncomingBucket"]
        assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


class TestTables:
    @pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
    def test_every_table_is_encrypted_restorable_and_on_demand(self, name: str) -> None:
        table = of_type("AWS::DynamoDB::Table")[name]
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"


class TestFunctions:
    @pytest.mark.parametrize("name", functions())
    def test_every_function_says_what_it_needs(self, name: str) -> None:
        function = functions()[name]
        assert function["Tracing"] == "Active" and len(function["Architectures"]) == 1
        assert 128 <= function["MemorySize"] <= 10_240 and 1 <= function["Timeout"] <= 900
        assert function["Description"]
        group = function["LoggingConfig"]["LogGroup"]["Ref"]
        assert of_type("AWS::Logs::LogGroup")[group]["RetentionInDays"] == {"Ref": "LogDays"}

    def test_every_function_has_a_role_and_a_log_group_of_its_own(self) -> None:
        built = of_type("AWS::Lambda::Function", cloudformation())
        assert built.keys() == functions().keys()
        roles = [json.dumps(function["Role"]) for function in built.values()]
        groups = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions().values()]
        assert len(set(roles)) == len(roles) and len(set(groups)) == len(groups)

    @pytest.mark.parametrize("name", functions())
    def test_a_function_is_given_the_names_of_what_it_may_use_and_no_others(self, name: str) -> None:
        """A bucket, table or queue in the environment without a permission is a mistake, and the reverse."""
        function = functions()[name]
        variables = function["Environment"]["Variables"]
        own = {key: value for key, value in variables.items() if key.startswith("PACKSHOT_")}
        kinds = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic"}
        named = {v["Ref"] for v in own.values() if isinstance(v, dict) and "Ref" in v}
        named &= {n for n, item in source()["Resources"].items() if item["Type"] in kinds}
        granted = set(re.findall(r'"Fn::GetAtt": \["?(\w+)|\$\{(\w+)\.Arn\}|"Ref": "(\w+)"', json.dumps(
            [s["Resource"] for policy in policies(name) for s in policy["Statement"]]
        )))  # fmt: skip
        reachable = {name for groups in granted for name in groups if name} & {
            n for n, item in source()["Resources"].items() if item["Type"] in kinds
        }
        events = json.dumps(function.get("Events", {}))
        assert named - reachable == set(), "named, but not allowed"
        assert {n for n in reachable - named if n not in events} == set(), "allowed, but not named"

    @pytest.mark.parametrize("name", functions())
    def test_every_setting_of_the_environment_is_known_to_the_code(self, name: str) -> None:
        from packshot import settings

        groups = [group for group in vars(settings).values() if hasattr(group, "model_fields")]
        known = {f"PACKSHOT_{field.upper()}" for group in groups for field in group.model_fields}
        code = "".join(path.read_text("utf-8") for path in (ROOT / "functions").rglob("*.py"))
        variables = functions()[name]["Environment"]["Variables"]
        unknown = {key for key in variables if key.startswith("PACKSHOT_")} - known
        assert {key for key in unknown if key not in code} == set()


class TestPermissions:
    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, role in of_type("AWS::IAM::Role", cloudformation()).items():
            for policy in role.get("Policies", []):
                for statement in listed(policy["PolicyDocument"]["Statement"]):
                    yield name, statement

    def test_no_action_is_a_wildcard(self) -> None:
        actions = [(role, action) for role, s in self.statements() for action in listed(s["Action"])]
        assert len(actions) > 40
        assert [(role, action) for role, action in actions if "*" in action] == []

    def test_no_resource_is_everything(self) -> None:
        """X-Ray and CloudWatch's log deliveries know no resources; all else names its own."""
        free = ("xray:", "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies", "logs:DescribeLogGroups")  # fmt: skip
        wide = [
            (role, action)
            for role, statement in self.statements()
            for action in listed(statement["Action"])
            if "*" in listed(statement["Resource"]) and not action.startswith(free)
        ]
        assert wide == []

    def test_managed_policies_are_the_log_and_trace_ones_only(self) -> None:
        allowed = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess",
                   "AWSLambdaSQSQueueExecutionRole", "AWSLambdaDynamoDBExecutionRole",
                   "AWSCodeDeployRoleForLambda"}  # fmt: skip
        used = {
            str(json.dumps(arn)).rstrip('"}] ').rsplit("/", 1)[-1]
            for role in of_type("AWS::IAM::Role", cloudformation()).values()
            for arn in role.get("ManagedPolicyArns", [])
        }
        assert used <= allowed

    def test_only_intakes_side_writes_incoming_objects_and_nobody_deletes_them(self) -> None:
        writers = [
            role for role, statement in self.statements()
            if {"s3:PutObject", "s3:DeleteObject"} & set(listed(statement["Action"]))
            and "IncomingBucket" in json.dumps(statement["Resource"])
        ]  # fmt: skip
        assert writers == ["ReviewFunctionRole"], "the desk signs uploads; no stage writes where photos are dropped"

    def test_the_machine_may_call_its_functions_and_no_others(self) -> None:
        called = set(of_type("AWS::Serverless::StateMachine")["DropStateMachine"]["DefinitionSubstitutions"])
        allowed = next(
            s["Resource"] for role, s in self.statements()
            if role == "DropStateMachineRole" and s["Action"] == "lambda:InvokeFunction"
        )  # fmt: skip
        assert {arn["Ref"] for arn in allowed} == {f"{name}Aliaslive" for name in called}


class TestQueues:
    def sources(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, function in functions().items():
            for event in function.get("Events", {}).values():
                if event["Type"] == "SQS":
                    queue = listed(event["Properties"]["Queue"]["Fn::GetAtt"])[0].split(".")[0]
                    yield name, queue, event["Properties"]

    def test_a_message_is_hidden_six_times_as_long_as_its_function_runs(self) -> None:
        pairs = list(self.sources())
        assert len(pairs) >= 2
        for name, queue, _ in pairs:
            hidden = of_type("AWS::SQS::Queue")[queue]["VisibilityTimeout"]
            assert hidden >= 6 * functions()[name]["Timeout"], queue

    def test_consumers_report_single_failures_and_give_up_to_a_dead_letter_queue(self) -> None:
        queues = of_type("AWS::SQS::Queue")
        for _, queue, event in self.sources():
            assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            letters = listed(queues[queue]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"])[0].split(".")[0]
            assert queues[letters]["MessageRetentionPeriod"] == 1_209_600

    @pytest.mark.parametrize("name", of_type("AWS::SQS::Queue"))
    def test_every_queue_is_encrypted(self, name: str) -> None:
        assert of_type("AWS::SQS::Queue")[name]["SqsManagedSseEnabled"] is True


class TestNames:
    def test_a_stage_has_one_name(self) -> None:
        folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
        roots = {}
        for name, function in functions().items():
            if function.get("PackageType") == "Image":
                roots[name] = function["ImageConfig"]["Command"][0].split(".")[0]
            else:
                roots[name] = Path(function["CodeUri"]).name
        entry = {n: f for n, f in functions().items() if f.get("Handler", "app.handler") == "app.handler"}
        assert {f"{folder.capitalize()}Function" for folder in folders} == set(entry)
        assert all(name == f"{roots[name].capitalize()}Function" for name in entry)

    def test_the_machine_calls_functions_by_the_templates_names(self) -> None:
        used = set(re.findall(r"\$\{(\w+)\}", json.dumps(machine())))
        given = of_type("AWS::Serverless::StateMachine")["DropStateMachine"]["DefinitionSubstitutions"]
        assert used == set(given) <= set(functions())
        assert given == {name: {"Ref": f"{name}.Alias"} for name in given}, "a new version comes in by its canary"

    def test_the_local_stack_knows_every_resource_that_the_store_names(self) -> None:
        from packshot.settings import StoreSettings
        from packshot_local.project import RESOURCES

        outside = {"event_bus", "words_model", "signing_key"}  # of the account, not of this template
        assert set(RESOURCES) | outside == set(StoreSettings.model_fields)
        assert set(RESOURCES.values()) <= set(source()["Resources"])

    @pytest.mark.parametrize("name", source()["Parameters"])
    def test_every_parameter_has_a_default_and_says_what_it_is(self, name: str) -> None:
        parameter = source()["Parameters"][name]
        assert "Default" in parameter and parameter["Description"]
        assert f'{{"Ref": "{name}"}}' in json.dumps(source()["Resources"]), "a parameter that decides nothing"
