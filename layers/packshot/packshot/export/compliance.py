"""Does a file keep a channel's rules? Judged from the written bytes, for any file, ours or not."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict

from packshot.export import inspection
from packshot.export.channels import ChannelRules, Kind, Level, Rule
from packshot.export.findings import CHECKS, Facts, Finding, Subject, bytes_finding
from packshot.export.inspection import U8, Unreadable

__all__ = ["Facts", "RuleResult", "Subject", "breaches", "check", "judge", "weigh"]

READABLE = "readable"


class RuleResult(BaseModel):
    """One rule, applied to one file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    level: Level
    measured: str
    required: str
    passed: bool
    fix: str = ""
    source: str = ""
    confidence: str = ""


def judge(subject: Subject, channel: ChannelRules, on: dt.date) -> list[RuleResult]:
    """All rules of a channel in force on a date, applied to one file; rules that cannot be judged are left out."""
    results = [_readable(True, "opens")]
    for rule in channel.on(on, subject.facts.segment, subject.facts.main):
        finding = CHECKS[rule.kind](subject, rule)
        if finding is not None:
            results.append(_result(rule, finding))
    return results


def weigh(size: int, channel: ChannelRules, facts: Facts, on: dt.date) -> list[RuleResult]:
    """Only the rules on file size, for a file of ``size`` bytes that was judged before it got a manifest."""
    rules = [r for r in channel.on(on, facts.segment, facts.main) if r.kind is Kind.BYTES_MAX]
    return [_result(rule, bytes_finding(size, rule)) for rule in rules]


def _result(rule: Rule, finding: Finding) -> RuleResult:
    measured, required, passed, fix = finding
    return RuleResult(
        rule=rule.id,
        level=rule.level,
        measured=measured,
        required=required,
        passed=passed,
        fix="" if passed else fix,
        source=rule.source,
        confidence=rule.confidence.value,
    )


def _readable(passed: bool, measured: str) -> RuleResult:
    return RuleResult(
        rule=READABLE,
        level=Level.MUST,
        measured=measured,
        required="a picture that opens and is whole",
        passed=passed,
        fix="" if passed else "give it a whole file in a format that the channel takes",
    )


def check(
    data: bytes,
    channel: ChannelRules,
    name: str,
    product: U8 | None = None,
    *,
    shadow: U8 | None = None,
    facts: Facts | None = None,
    on: dt.date | None = None,
) -> list[RuleResult]:
    """Judge the bytes of a file.

    Args:
        data: the file.
        channel: whose rules.
        name: the file's name, without folders.
        product: uint8 HxW alpha of the product in the file's pixels, or None: estimated from the background.
        shadow: uint8 HxW density, with ``product``.
        facts: what else is known; rules about unknown facts are left out.
        on: the date whose rules count; today by default.

    Returns:
        One result per rule that could be judged; a file that cannot be opened has the one result
        ``readable``.
    """
    try:
        written = inspection.read(data)
    except Unreadable as error:
        return [_readable(False, str(error))]
    subject = Subject(written, name, facts or Facts(), product, shadow)
    return judge(subject, channel, on or dt.datetime.now(dt.UTC).date())


def breaches(results: list[RuleResult]) -> list[RuleResult]:
    """The broken must-rules: the file may not go out."""
    return [result for result in results if result.level is Level.MUST and not result.passed]
