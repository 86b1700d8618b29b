"""The fixed list of defects a reviewer may give (``reasons.yaml``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from packshot.documents import from_yaml

Part = Literal["edge", "fringe", "shadow", "colour", "ghost", "glass", "segment", "source", "none"]


class Defect(BaseModel):
    """One entry of ``reasons.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    label: str = Field(min_length=1, max_length=40)
    key: str = Field(pattern=r"^[0-9a-z]$", description="the page's key for it")
    part: Part = Field(description="what learning may adjust")
    says: str


@cache
def defects() -> dict[str, Defect]:
    """All defects by code, in the file's order. Raises ValueError when two share a key."""
    text = files("packshot.review").joinpath("reasons.yaml").read_text("utf-8")
    found = {code: Defect(code=code, **entry) for code, entry in from_yaml(text).items()}
    if len({defect.key for defect in found.values()}) != len(found):
        raise ValueError("reasons.yaml: two reasons share a key")
    return found
