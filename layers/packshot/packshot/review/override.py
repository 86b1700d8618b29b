"""What a reviewer changed on one photo: edges, brush strokes, shadow. Data only; imaging does the work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_POINTS = 6000  # of all strokes together: keeps a task far below DynamoDB's 400 KB

Share = Annotated[float, Field(ge=-0.5, le=1.5), AfterValidator(lambda value: round(value, 4))]


class Stroke(BaseModel):
    """One brush stroke over the upright photo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["add", "remove"]
    size: float = Field(gt=0, le=0.5, description="diameter, share of the photo's longest edge")
    softness: float = Field(default=0.3, ge=0, le=1, description="0 hard, 1 soft to the centre")
    points: list[tuple[Share, Share]] = Field(
        min_length=1, max_length=2000, description="x of the width, y of the height"
    )


class ShadowOverride(BaseModel):
    """The shadow wanted instead of the lot's; terms as in the imaging settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "contact", "drop", "natural"]
    direction_deg: float = Field(default=90.0, ge=0, lt=360)
    length: float = Field(default=0.05, ge=0, le=1)
    softness: float = Field(default=0.02, ge=0, le=0.5)
    density: float = Field(default=0.35, ge=0, le=1)


class Override(BaseModel):
    """Everything a reviewer changed; a field that is None stays as the batch had it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edge_shift_px: float | None = Field(default=None, ge=-10, le=10, description="px of the photo; + grows")
    feather_px: float | None = Field(default=None, ge=0, le=20)
    fringe: float | None = Field(default=None, ge=0, le=1)
    strokes: list[Stroke] = Field(default_factory=list, max_length=300)
    shadow: ShadowOverride | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Override:
        points = sum(len(stroke.points) for stroke in self.strokes)
        if points > MOST_POINTS:
            raise ValueError(f"{points} brush points; at most {MOST_POINTS} can be kept")
        return self

    @property
    def empty(self) -> bool:
        """True when nothing was changed."""
        return not self.stored()

    def stored(self) -> dict[str, Any]:
        """As kept on the task: without what was not touched."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def applied_to(self, settings: dict[str, Any], scale: float = 1.0) -> dict[str, Any]:
        """The batch's imaging settings (as JSON) with this override, for a photo reduced by ``scale`` (0..1].

        Lengths in pixels of the photo shrink with it; shares stay.
        """
        own = self.model_dump(
            mode="json", include={"edge_shift_px", "feather_px", "fringe", "shadow"}, exclude_none=True
        )
        merged = {**settings, **own}
        for name in ("edge_shift_px", "feather_px"):
            merged[name] = merged.get(name, 0.0) * scale
        return merged
