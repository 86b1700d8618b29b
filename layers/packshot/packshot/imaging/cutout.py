"""One photo's cut-out: the expensive matte first, then everything that a reviewer may still change.

`find_matte` runs the networks; its answer is kept (an 8-bit picture and a small JSON). `finish` works from what
was kept and gives the same bytes whether the matte is fresh or a year old.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from packshot.imaging import foreground, ghost, matte, reflective, shadow, studio, transparent
from packshot.imaging.light import F32, U8
from packshot.imaging.matte import NoProduct, Opinions

BAND_ROWS = 64

__all__ = ["CutOut", "NoProduct", "RawMatte", "Settings", "ShadowSettings", "find_matte", "finish", "unshaded"]


class ShadowSettings(BaseModel):
    """Which shadow to lay under the product; one direction and softness serve a whole lot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "contact", "drop", "natural"] = "none"
    direction_deg: float = Field(default=90.0, ge=0, lt=360, description="where it falls: 0 right, 90 down")
    length: float = Field(default=0.05, ge=0, le=1, description="share of the product's height")
    softness: float = Field(default=0.02, ge=0, le=0.5, description="blur, share of the product's height")
    density: float = Field(default=0.35, ge=0, le=1, description="1 is black where it is darkest")


class Settings(BaseModel):
    """All that decides how a photo is cut out; its JSON is part of the key of what was made from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Literal["fast", "auto", "accurate"] = "auto"
    fast_certainty: float = Field(
        default=matte.FAST_CERTAINTY, ge=0.9, le=0.999, description="of a first look: no second one is needed"
    )
    edge_shift_px: float = Field(default=0.0, ge=-10, le=10, description="+ grows the product")
    feather_px: float = Field(default=0.0, ge=0, le=20)
    fringe: float = Field(default=1.0, ge=0, le=1, description="share of backdrop colour taken out of soft pixels")
    shadow: ShadowSettings = ShadowSettings()
    ghost: bool = Field(default=True, description="apparel: take mannequin, stand and skin away")
    see_through: bool = Field(default=True, description="transparent: let the new background through the glass")
    neutralise: bool = Field(default=True, description="reflective: take the backdrop's colour out of the edge")

    def matte_settings(self) -> dict[str, Any]:
        """The part that `find_matte` depends on: a change elsewhere reuses the kept matte."""
        return self.model_dump(include={"way", "fast_certainty"})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Settings:
        """Back from `to_dict`; raises pydantic.ValidationError for unknown names or values out of range."""
        return cls.model_validate(data)


@dataclass(frozen=True)
class RawMatte:
    """What `find_matte` found: the matte of the upright photo (uint8 HxW), the way taken, numbers and notes."""

    matte: U8
    way: str
    numbers: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Everything but the picture, for JSON."""
        return {"way": self.way, "numbers": self.numbers, "notes": self.notes}

    @classmethod
    def from_parts(cls, picture: U8, facts: dict[str, Any]) -> RawMatte:
        """The matte put together again from its kept picture and facts."""
        return cls(picture, str(facts["way"]), dict(facts["numbers"]), list(facts["notes"]))


@dataclass(frozen=True)
class CutOut:
    """The finished product.

    master uint8 HxWx4, straight alpha, sRGB, RGB 0 where alpha is 0; matte uint8 HxW; shadow uint8 HxW (0 none,
    255 black) or None; altered when parts of the product were made up, so that a person must look.
    """

    master: U8
    matte: U8
    shadow: U8 | None
    altered: bool
    measurements: dict[str, float]
    notes: list[str]


def find_matte(rgb: U8, segment: str, settings: Settings, networks: Opinions) -> RawMatte:
    """The product's matte, by the networks and the backdrop; of apparel with whatever wears it.

    rgb uint8 HxWx3 upright sRGB. Raises NoProduct when there is none to find.
    """
    found = matte.find(rgb, matte.How(segment, settings.way, settings.fast_certainty), networks)
    return RawMatte(found.matte, found.way, found.numbers)


def finish(
    rgb: U8, raw: RawMatte, segment: str, settings: Settings, inner: U8 | None = None, *, backdrop: F32 | None = None
) -> CutOut:
    """The cut-out from the photo and its kept matte.

    `inner` is the photo of an apparel product's inside, if there is one; `backdrop` what `unshaded` finds, if it was
    found before. Raises ValueError when photo and matte differ in size.
    """
    if raw.matte.shape != rgb.shape[:2]:
        raise ValueError(f"matte {raw.matte.shape} is not of the photo's size {rgb.shape[:2]}")
    numbers, notes = dict(raw.numbers), list(raw.notes)
    alpha, openings, altered = raw.matte, None, False
    if segment == "apparel" and settings.ghost:
        parted = ghost.separate(rgb, raw.matte)
        alpha, openings = parted.alpha, parted.openings
        altered = bool(parted.removed.any())
        numbers |= parted.numbers | {"ghost_confidence": parted.confidence}
    alpha = adjust_edge(alpha, settings.edge_shift_px, settings.feather_px)
    if segment == "transparent" and settings.see_through:
        colour, shown = transparent.see_through(rgb, alpha, None)
    else:
        colour, shown = foreground.product_colour(rgb, alpha, settings.fringe), alpha
    if segment == "reflective" and settings.neutralise:
        colour = reflective.neutralise(colour, alpha, reflective.around(rgb, alpha))
    if openings is not None:
        colour, shown, told = ghost.fill_interior(colour, shown, openings, inner)
        notes += told
        altered = altered or bool(told)
    shade = _shadow(rgb, alpha, settings.shadow, backdrop)
    return CutOut(_master(colour, shown), alpha, shade, altered, numbers, notes)


def _master(colour: U8, shown: U8) -> U8:
    """Colour and alpha as one, nothing where nothing shows; in bands that stay in the cache."""
    master = np.empty((*shown.shape, 4), np.uint8)
    for top in range(0, len(shown), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        cv2.cvtColor(cv2.copyTo(colour[rows], shown[rows]), cv2.COLOR_RGB2RGBA, master[rows])
        cv2.insertChannel(shown[rows], master[rows], 3)
    return master


def _shadow(rgb: U8, alpha: U8, wanted: ShadowSettings, backdrop: F32 | None) -> U8 | None:
    """The shadow layer, or None where none is wanted."""
    if wanted.kind == "none":
        return None
    own = None
    if wanted.kind == "natural":
        own = shadow.natural(rgb, alpha, unshaded(rgb) if backdrop is None else backdrop)
    return shadow.cast(
        alpha,
        wanted.kind,
        direction_deg=wanted.direction_deg,
        length=wanted.length,
        softness=wanted.softness,
        density=wanted.density,
        natural=own,
    )


def unshaded(rgb: U8) -> F32:
    """The backdrop as it would be lit without the product, float32 h x w x 3 linear, at a small size."""
    return np.square(studio.fit(rgb).colour)


def adjust_edge(alpha: U8, shift_px: float, feather_px: float) -> U8:
    """The matte with its edge moved outwards (+) or inwards (-) and softened, both in pixels of the photo."""
    out = alpha
    if shift_px:
        out = _shifted(out, shift_px)
    if feather_px:
        out = cv2.GaussianBlur(out, (0, 0), feather_px)
    return out


def _shifted(alpha: U8, shift_px: float) -> U8:
    """Whole pixels by grey dilation or erosion with a disc, the rest by mixing two neighbouring steps."""
    whole = int(abs(shift_px))
    part = abs(shift_px) - whole
    act = cv2.dilate if shift_px > 0 else cv2.erode

    def by(radius: int) -> U8:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        return np.asarray(act(alpha, disc), np.uint8) if radius else alpha

    near = by(whole)
    return np.asarray(cv2.addWeighted(near, 1 - part, by(whole + 1), part, 0), np.uint8) if part else near
