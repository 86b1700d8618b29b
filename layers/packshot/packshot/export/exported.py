"""What goes into the export of one photo beside its pixels, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from packshot.export.compliance import RuleResult
from packshot.export.words import Words
from packshot.records import CatalogEntry, Reason


class ExportMeta(BaseModel):
    """What the export stage knows of one photo beside its pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    catalog: CatalogEntry
    sku: str
    view: str = "front"
    n: int = Field(default=1, ge=1)
    segment: str = ""
    altered: bool = Field(default=False, description="parts of the product were made (ghost mannequin)")
    synthetic_background: bool = Field(default=False, description="stands in a scene it was not photographed in")
    model_generated: bool = Field(default=False, description="a trained model made some of the pixels")
    source_metadata: dict[str, Any] = Field(default_factory=dict)
    colour_name: str = Field(
        default="", description="a palette name (data/colours.yaml) measured earlier; empty = measure"
    )


@dataclass(frozen=True)
class Exported:
    """One file for one channel, or the reason why there is none to give out (``held``).

    ``ssim`` and ``delta_e`` compare the file with its rendering (see ``measure``); ``scale`` is canvas pixels
    per master pixel, above 1 = enlarged. A held file keeps its data, so that a person can look at it.
    """

    channel: str
    name: str
    data: bytes
    content_type: str
    width: int
    height: int
    bytes: int
    ssim: float
    delta_e: float
    rules: list[RuleResult]
    held: Reason | None
    words: Words
    source_type: str
    sha256: str
    quality: int = 0
    setting: str = ""
    scale: float = 1.0
    encodes: int = 0
    main: bool = True

    @property
    def alt_text(self) -> str:
        """Alt text, as in the file's XMP."""
        return self.words.alt_text

    @property
    def title(self) -> str:
        """Title, as in the file's XMP."""
        return self.words.title

    def record(self) -> dict[str, Any]:
        """Everything but the pixels, as JSON values."""
        plain = (
            "channel",
            "name",
            "content_type",
            "width",
            "height",
            "bytes",
            "source_type",
            "sha256",
            "quality",
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "ssim": round(self.ssim, 5),
            "delta_e": round(self.delta_e, 4),
            "scale": round(self.scale, 5),
            "main": self.main,
            "held": self.held.model_dump() if self.held else None,
            "words": self.words.model_dump(),
            "rules": [rule.model_dump(mode="json") for rule in self.rules],
        }
