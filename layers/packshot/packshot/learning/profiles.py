"""A segment's profile: the settings that people's decisions move. Every version is kept with its cause."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from packshot.quality.score import load_coefficients
from packshot.records import now

ShadowKind = Literal["none", "contact", "drop", "natural"]


class Frozen(BaseModel):
    """Versions never change; a change is a new version."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShadowProfile(Frozen):
    """The shadow of a segment's lots; same fields and units as the imaging settings."""

    kind: ShadowKind = "contact"
    direction_deg: float = Field(default=90.0, ge=0, lt=360, description="where it falls: 0 right, 90 down")
    length: float = Field(default=0.05, ge=0, le=1, description="share of the product's height")
    softness: float = Field(default=0.02, ge=0, le=0.5, description="blur, share of the product's height")
    density: float = Field(default=0.35, ge=0, le=1)


class Moved(Frozen):
    """Why one setting was moved: the votes behind it."""

    field: str
    before: float | str
    after: float | str
    votes: int = Field(description="decisions that speak of this setting")
    wanted: float | str = Field(description="what they want: their median, or their majority")
    note: str = ""


class Evidence(Frozen):
    """What a version rests on."""

    decisions: int = 0
    lots: list[str] = Field(default_factory=list)
    moved: list[Moved] = Field(default_factory=list)


class Profile(Frozen):
    """One version of one segment's settings."""

    segment: str
    version: int = Field(default=1, ge=1)
    parent: int = Field(default=0, ge=0, description="version that it was made from; 0 = none")
    cause: str = "default"
    evidence: Evidence = Evidence()
    created_at: str = Field(default_factory=now)
    caution: int = Field(default=0, ge=0, le=3, description="rollbacks since the last success: asks for more evidence")

    edge_shift_px: float = Field(default=0.0, ge=-4, le=4, description="+ grows the product")
    feather_px: float = Field(default=0.0, ge=0, le=6)
    fringe: float = Field(default=1.0, ge=0, le=1)
    shadow: ShadowProfile = ShadowProfile()
    flag_threshold: float = Field(default=0.3, ge=0.05, le=0.8, description="error score from which on is flagged")
    fast_certainty: float = Field(
        default=0.98, ge=0.9, le=0.999, description="of a network's first look, from which on it is not asked again"
    )

    def settings(self) -> dict[str, Any]:
        """The part that the imaging settings take over, by the same names."""
        names = {"edge_shift_px", "feather_px", "fringe", "shadow", "fast_certainty"}
        return self.model_dump(mode="json", include=names)

    def next(self, cause: str, evidence: Evidence, **changes: Any) -> Profile:
        """The following version with these changes; raises pydantic.ValidationError outside the bounds."""
        data = self.model_dump(exclude={"created_at"})
        data |= {"version": self.version + 1, "parent": self.version, "cause": cause, "evidence": evidence}
        return Profile.model_validate(data | changes)


def default_profile(segment: str) -> Profile:
    """Version 1 of a segment: the fitted flag threshold, and a lower one for what fits nowhere."""
    own: dict[str, dict[str, Any]] = {
        "apparel": {"shadow": ShadowProfile(kind="none")},  # a ghost mannequin stands on nothing
        "exception": {"flag_threshold": 0.05},
    }
    return Profile(segment=segment, **({"flag_threshold": load_coefficients().flag_threshold} | own.get(segment, {})))
