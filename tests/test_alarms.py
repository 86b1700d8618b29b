"""Every alarm watches something that exists, tells the operators, and has its runbook; every runbook its alarm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from template import functions, of_type, source

ROOT = Path(__file__).parents[1]
RUNBOOKS = ROOT / "docs" / "runbooks"
SECTIONS = ["## What it means", "## Look at", "## Do", "## Verify"]
ALARMS = of_type("AWS::CloudWatch::Alarm")
BUDGET_BOOK = "over-budget"  # a budget is no alarm; it has a runbook all the same


def book(alarm: dict[str, Any]) -> str:
    found = re.search(r"Runbook: docs/runbooks/([\w-]+)\.md", alarm["AlarmDescription"])
    assert found, alarm["AlarmDescription"]
    return found[1]


def stats(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [metric["MetricStat"] for metric in alarm["Metrics"] if "MetricStat" in metric]


def code(stage: str) -> str:
    return (ROOT / "functions" / stage / "app.py").read_text("utf-8")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_the_operators_and_what_to_do(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "OperatorsTopic"}]
    assert (RUNBOOKS / f"{book(alarm)}.md").is_file()
    assert alarm["EvaluationPeriods"] >= alarm.get("DatapointsToAlarm", 1)
    assert sum(metric["ReturnData"] for metric in alarm["Metrics"]) == 1


def test_every_runbook_has_its_alarm_and_says_what_to_do() -> None:
    books = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert books == {book(alarm) for alarm in ALARMS.values()} | {BUDGET_BOOK}
    for name in books:
        text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
        assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS, name
        listed = f"({name}.md)" in (RUNBOOKS / "README.md").read_text("utf-8")
        assert listed, f"{name} is missing in the list of runbooks"


@pytest.mark.parametrize("name", functions())
def test_every_function_is_watched_for_errors_throttles_and_slowness(name: str) -> None:
    word = name.removesuffix("Function")
    for kind, metric in (("Errors", "Errors"), ("Throttles", "Throttles"), ("Slow", "Duration")):
        watched = stats(ALARMS[f"{word}{kind}Alarm"])[0]["Metric"]
        assert watched["MetricName"] == metric
        assert watched["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]


@pytest.mark.parametrize("name", functions())
def test_slow_means_80_percent_of_the_functions_own_time_out(name: str) -> None:
    alarm = ALARMS[f"{name.removesuffix('Function')}SlowAlarm"]
    (share,) = [metric["Expression"] for metric in alarm["Metrics"] if "Expression" in metric]
    assert share == f"100 * slowest / {functions()[name]['Timeout'] * 1000}" and alarm["Threshold"] == 80
    assert stats(alarm)[0]["Stat"] == "p99"


def test_every_dead_letter_queue_is_watched() -> None:
    queues = of_type("AWS::SQS::Queue")
    letters = {name for name in queues if "RedrivePolicy" not in queues[name]}
    assert len(letters) == 4
    for name in letters:
        (watched,) = stats(ALARMS[f"{name}Alarm"])
        assert watched["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"] in ([name, "QueueName"], f"{name}.QueueName")
        assert ALARMS[f"{name}Alarm"]["Threshold"] == 0


def own_metrics() -> list[tuple[str, str, str]]:
    found = []
    for name, alarm in ALARMS.items():
        for watched in stats(alarm):
            if watched["Metric"]["Namespace"] == "packshot":
                dimensions = {d["Name"]: d["Value"] for d in watched["Metric"]["Dimensions"]}
                assert dimensions.keys() == {"stage", "service"} and dimensions["service"] == "packshot"
                found.append((name, dimensions["stage"], watched["Metric"]["MetricName"]))
    return found


@pytest.mark.parametrize(("alarm", "stage", "metric"), own_metrics())
def test_what_an_alarm_watches_is_counted_by_that_stage(alarm: str, stage: str, metric: str) -> None:
    assert f'"{metric}"' in code(stage)
    assert f'stage="{stage}"' in code(stage) or f'"stage", "{stage}"' in code(stage)


def test_each_rate_that_was_promised_has_its_alarm() -> None:
    quality = {"DefectRate", "EscapeRate", "ComplaintRate", "RejectionRate", "FlagPrecision", "FlagRecall",
               "Throughput", "ReviewMinutes", "StuckDrops", "Executions", "IntakeBehind", "DeskErrors"}  # fmt: skip
    assert {f"{name}Alarm" for name in quality} <= ALARMS.keys()


def test_expressions_name_the_metrics_that_are_there() -> None:
    words = {"IF", "FILL", "AND", "OR"}
    for name, alarm in ALARMS.items():
        ids = {metric["Id"] for metric in alarm["Metrics"]}
        for metric in alarm["Metrics"]:
            told = metric.get("Expression", "")
            text = told["Fn::Sub"] if isinstance(told, dict) else told
            used = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\$\{\w+\}", "1", text))) - words
            assert used <= ids, name
            assert not text or used, name


def test_alarms_may_publish_to_the_operators() -> None:
    (policy,) = of_type("AWS::SNS::TopicPolicy").values()
    (publish,) = policy["PolicyDocument"]["Statement"]
    key = of_type("AWS::KMS::Key")["OperatorsKey"]["KeyPolicy"]["Statement"]
    use = next(statement for statement in key if statement["Sid"] == "AlarmsAndBudgetsPublish")
    for statement in (publish, use):
        assert "cloudwatch.amazonaws.com" in statement["Principal"]["Service"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert of_type("AWS::SNS::Topic")["OperatorsTopic"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["OperatorsKey", "Arn"]}


def test_the_dashboard_is_json_that_shows_every_function_and_every_queue() -> None:
    text = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    body = json.loads(text)
    assert all({"title", "metrics", "region"} <= widget["properties"].keys() for widget in body["widgets"])
    places = [(widget["x"], widget["y"]) for widget in body["widgets"]]
    assert len(set(places)) == len(places) >= 12
    for name in [*functions(), "DropStateMachine"]:
        assert f"${{{name}}}" in text
    for queue in of_type("AWS::SQS::Queue"):
        assert f"${{{queue}.QueueName}}" in text
    known = source()["Resources"].keys()
    used = {name.split(".")[0] for name in re.findall(r"(?<!\$)\$\{([^!}]+)\}", text)}
    assert used <= known | {"AWS::Region"}
