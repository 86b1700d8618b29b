"""Reason codes: why a photo is rejected, held or failed, as data with a schema (``reasons.yaml``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from packshot.documents import from_yaml
from packshot.records import Reason, Status


class ReasonRule(BaseModel):
    """One code's entry in ``reasons.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ends: Status
    message: str
    cure: str


@cache
def rules() -> dict[str, ReasonRule]:
    """All codes with their texts, in the file's order."""
    text = files("packshot").joinpath("reasons.yaml").read_text("utf-8")
    return {code: ReasonRule.model_validate(entry) for code, entry in from_yaml(text).items()}


def reason(code: str, *, measured: object = "", required: object = "", detail: str = "", cure: str = "") -> Reason:
    """The reason for a code, with what was measured and what is required.

    ``detail`` is appended to the message; ``cure`` overrides the rule's own. Raises KeyError for a code that
    ``reasons.yaml`` does not know.
    """
    rule = rules()[code]
    message = f"{rule.message} {detail}".strip()
    return Reason(
        code=code,
        message=message,
        measured=str(measured)[:500],
        required=str(required)[:500],
        cure=cure or rule.cure,
    )


def end(code: str) -> Status:
    """The end that a code leads to: rejected, held or failed."""
    return rules()[code].ends
