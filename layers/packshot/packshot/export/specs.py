"""How a channel's files are made, as data: layout, encoding, names. Parts of a channel's file (see ``channels``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Data(BaseModel):
    """Data that people write: a field that nobody declared is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RenderSpec(Data):
    """How a packshot is laid out for a channel."""

    width: int = Field(ge=50, le=10_000, description="canvas at most, px; smaller when the master has less")
    height: int = Field(ge=50, le=10_000)
    fill: float = Field(gt=0.1, le=1, description="share of the frame that the product's box spans on its tighter axis")
    centre: Literal["box", "weight"] = "box"
    background: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6}|transparent)$")] = "#ffffff"
    shadow: Literal["keep", "none"] = "keep"
    whole: bool = Field(default=False, description="the master as it is: no crop, no resampling (archive)")


class EncodeSpec(Data):
    """How a rendering is written."""

    format: Literal["jpeg", "png", "webp", "avif"] = "jpeg"
    ssim_floor: float = Field(default=0.985, ge=0.9, le=1, description="inside the product's box, luma and RGB")
    ssim_floor_at_limit: float = Field(default=0.972, ge=0.9, le=1, description="where the byte limit binds")
    delta_e_max: float = Field(default=1.0, gt=0, description="mean CIEDE2000 inside the product")
    quality_min: int = Field(default=80, ge=1, le=100)
    quality_max: int = Field(default=97, ge=1, le=100)
    lossless: bool = False
    fallback: Literal["jpeg"] | None = Field(default=None, description="where the format cannot keep the colour")

    @model_validator(mode="after")
    def _ordered(self) -> EncodeSpec:
        if self.quality_min > self.quality_max or self.ssim_floor_at_limit > self.ssim_floor:
            raise ValueError("quality_min <= quality_max and ssim_floor_at_limit <= ssim_floor")
        return self


class ViewCode(Data):
    """The channel's code for one view: ``code`` for its first photo, ``more`` (with ``{n}``) for the
    others.
    """

    code: str
    more: str = ""
    start: int = Field(default=0, ge=0, description="``{n}`` is start plus the photo's running number")


class NameSpec(Data):
    """How a file is named: ``pattern`` over ``id`` and ``code``; the extension follows from the format."""

    pattern: str = "{id}_{code}"
    id: list[str] = Field(
        default_factory=lambda: ["sku"], description="first that the catalogue has: sku, gtin14, asin…"
    )
    replace: str = Field(default="_", max_length=1, description="stands for every character outside ``safe``")
    safe: str = Field(default="A-Za-z0-9_-", description="characters of the id that stay, as a regex class")
    main: str = Field(default="front", description="the view whose first photo is the main image")
    views: dict[str, ViewCode] = Field(default_factory=dict, description="a view not listed keeps its own name")
    other: str = Field(default="", description="code with {n} for views not listed; empty = the view's own name")
    max_length: int = Field(default=120, ge=16, le=255)
