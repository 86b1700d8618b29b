"""Channels as data: what each marketplace asks of an image, one YAML file per channel.

Every rule says where it comes from, when it was read, from and until when it holds and how sure we are, so
that a dated change switches itself on and a rule that nobody looked at for a year is found by a test.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from packshot.documents import from_yaml
from packshot.export.specs import Data, EncodeSpec, NameSpec, RenderSpec

STALE_AFTER_DAYS = 365


class Level(StrEnum):
    """What a breach means: a broken ``must`` holds the file, a broken ``should`` is reported."""

    MUST = "must"
    SHOULD = "should"


class Confidence(StrEnum):
    """How sure the rule is."""

    OFFICIAL = "official"  # the channel's own page
    SECOND_HAND = "second_hand"  # somebody else's account of it
    GENERAL = "general"  # general knowledge, unchecked, or our own choice


class Kind(StrEnum):
    """Every kind of rule that the compliance checker knows; the comment gives the type of ``value``."""

    FORMAT = "format"  # list[str]: jpeg, png, webp, avif, gif, tiff, bmp, heic
    STILL = "still"  # true
    BYTES_MAX = "bytes_max"  # int
    LONG_SIDE_MIN = "long_side_min"  # int, px
    LONG_SIDE_MAX = "long_side_max"  # int, px
    SHORT_SIDE_MIN = "short_side_min"  # int, px: both sides at least
    WIDTH_MIN = "width_min"  # int, px
    HEIGHT_MIN = "height_min"  # int, px
    MEGAPIXELS_MAX = "megapixels_max"  # float, 10^6 px
    RATIO = "ratio"  # [width, height], within 1 %
    COLOUR_MODE = "colour_mode"  # "rgb8"
    ICC = "icc"  # "srgb"
    OPAQUE = "opaque"  # true
    LOSSLESS = "lossless"  # true
    UPRIGHT = "upright"  # true: EXIF orientation absent or 1
    JPEG_QUALITY_MIN = "jpeg_quality_min"  # int, 1..100, estimated from the quantisation tables
    BACKGROUND = "background"  # "white" or "white_or_transparent"
    CLEAN_OUTSIDE = "clean_outside"  # true: no residue outside product and shadow
    INSIDE_FRAME = "inside_frame"  # true: neither shadow nor product reaches the frame
    FILL_MIN = "fill_min"  # float 0..1
    FILL_MAX = "fill_max"  # float 0..1
    NO_BORDER = "no_border"  # true
    NO_TEXT = "no_text"  # true
    NAME_PATTERN = "name_pattern"  # regular expression for the whole file name
    NAME_LENGTH = "name_length"  # int, characters
    NAME_GTIN = "name_gtin"  # true: the name begins with a GTIN of 14 digits
    NO_GPS = "no_gps"  # true
    NO_SERIAL = "no_serial"  # true
    SOURCE_TYPE = "source_type"  # true: IPTC DigitalSourceType present where pixels were made, and truthful
    ALT_TEXT_MAX = "alt_text_max"  # int, characters
    NOT_UPSCALED = "not_upscaled"  # true
    REAL_FIRST_IMAGE = "real_first_image"  # true: no mock-up as the first image
    NO_GHOST_ADULT = "no_ghost_adult"  # true: a ghost mannequin may not be an adult's main image


_INTS = frozenset(
    {Kind.BYTES_MAX, Kind.LONG_SIDE_MIN, Kind.LONG_SIDE_MAX, Kind.SHORT_SIDE_MIN, Kind.WIDTH_MIN}
    | {Kind.HEIGHT_MIN, Kind.JPEG_QUALITY_MIN, Kind.NAME_LENGTH, Kind.ALT_TEXT_MAX}
)
_SHARES = frozenset({Kind.FILL_MIN, Kind.FILL_MAX})
_WORDS = {
    Kind.COLOUR_MODE: {"rgb8"},
    Kind.ICC: {"srgb"},
    Kind.BACKGROUND: {"white", "white_or_transparent"},
}
_LEAST_OF: dict[Kind, Callable[[int, int], int]] = {
    Kind.LONG_SIDE_MIN: lambda width, height: max(width, height),
    Kind.SHORT_SIDE_MIN: lambda width, height: min(width, height),
    Kind.WIDTH_MIN: lambda width, _: width,
    Kind.HEIGHT_MIN: lambda _, height: height,
}
FORMATS = frozenset({"jpeg", "png", "webp", "avif", "gif", "tiff", "bmp", "heic"})


def _value_fault(kind: Kind, value: Any) -> str | None:
    """What is wrong with the value of a rule of this kind, or None."""
    if kind in _INTS:
        return None if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "a positive int"
    if kind in _SHARES:
        return None if isinstance(value, float) and 0 < value <= 1 else "a share in (0, 1]"
    if kind in _WORDS:
        return None if value in _WORDS[kind] else f"one of {sorted(_WORDS[kind])}"
    if kind is Kind.MEGAPIXELS_MAX:
        return None if isinstance(value, int | float) and value > 0 else "a positive number"
    if kind is Kind.FORMAT:
        return (
            None if isinstance(value, list) and value and set(value) <= FORMATS else f"a list out of {sorted(FORMATS)}"
        )
    if kind is Kind.RATIO:
        pair = isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) and v > 0 for v in value)
        return None if pair else "[width, height]"
    if kind is Kind.NAME_PATTERN:
        try:
            re.compile(str(value))
        except re.error as error:
            return f"a regular expression ({error})"
        return None
    return None if value is True else "true"


class Rule(Data):
    """One rule of one channel, with its pedigree."""

    kind: Kind
    value: Any
    level: Level
    source: str = Field(min_length=8, description="page or document that says so")
    checked_on: dt.date = Field(description="when a person last read the source")
    effective_from: dt.date | None = None
    effective_until: dt.date | None = Field(default=None, description="last day in force")
    confidence: Confidence
    segments: list[str] = Field(default_factory=list, description="only these segments; empty = all")
    not_segments: list[str] = Field(default_factory=list, description="all segments but these")
    main_only: bool = Field(default=False, description="only the product's first (main) image")
    note: str = ""

    @model_validator(mode="after")
    def _sound(self) -> Rule:
        fault = _value_fault(self.kind, self.value)
        if fault:
            raise ValueError(f"rule {self.kind}: value {self.value!r} must be {fault}")
        if self.effective_from and self.effective_until and self.effective_until < self.effective_from:
            raise ValueError(f"rule {self.kind}: effective_until lies before effective_from")
        return self

    @property
    def id(self) -> str:
        """The rule's name in results: its kind, with ``_advised`` when it is only advice."""
        return self.kind.value if self.level is Level.MUST else f"{self.kind.value}_advised"

    def applies(self, on: dt.date, segment: str | None, main: bool) -> bool:
        """True when the rule is in force on a date, for a segment, for a main or further image."""
        if (self.effective_from and on < self.effective_from) or (self.effective_until and on > self.effective_until):
            return False
        if (self.segments and segment not in self.segments) or segment in self.not_segments:
            return False
        return main or not self.main_only

    def stale(self, on: dt.date) -> bool:
        """True when nobody has checked the rule against its source for a year."""
        return (on - self.checked_on).days > STALE_AFTER_DAYS


class _Source(Data):
    """A pedigree that many rules of a file share, under ``sources``; a rule names it with ``from``."""

    source: str
    checked_on: dt.date
    confidence: Confidence


class ChannelRules(Data):
    """One channel: layout, encoding, names, feed and rules."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    title: str
    render: RenderSpec
    encode: EncodeSpec = EncodeSpec()
    name: NameSpec = NameSpec()
    feed: Literal["shopify", "google", "amazon", "woocommerce", "meta", "none"] = "none"
    rules: list[Rule]

    @model_validator(mode="before")
    @classmethod
    def _pedigrees(cls, data: Any) -> Any:
        """Give each rule the pedigree that it names with ``from``; what the rule says itself comes first."""
        if not isinstance(data, dict) or "sources" not in data:
            return data
        sources = {name: _Source.model_validate(value).model_dump() for name, value in data["sources"].items()}
        rules = []
        for rule in data.get("rules") or []:
            named = rule.get("from")
            if named is not None and named not in sources:
                raise ValueError(f"rule {rule.get('kind')}: no source {named!r} in sources")
            own = {key: value for key, value in rule.items() if key != "from"}
            rules.append({**sources.get(named, {}), **own})
        return {key: value for key, value in data.items() if key != "sources"} | {"rules": rules}

    def on(self, date: dt.date, segment: str | None = None, main: bool = True) -> list[Rule]:
        """The rules in force on a date for a photo of this segment and place."""
        return [rule for rule in self.rules if rule.applies(date, segment, main)]

    def limit(self, kind: Kind, on: dt.date, level: Level = Level.MUST) -> Any:
        """The value of the first rule of this kind and level in force on a date, or None."""
        return next(
            (r.value for r in self.rules if r.kind is kind and r.level is level and r.applies(on, None, True)),
            None,
        )

    def least(self, on: dt.date, segment: str | None = None, main: bool = True) -> tuple[int, int]:
        """The smallest canvas (width, height) in pixels that breaks no must-rule, in this layout's ratio."""
        width, height = self.render.width, self.render.height
        share = 0.0
        for rule in self.on(date=on, segment=segment, main=main):
            if rule.level is Level.MUST and rule.kind in _LEAST_OF:
                share = max(share, rule.value / _LEAST_OF[rule.kind](width, height))
        return math.ceil(width * share - 1e-9), math.ceil(height * share - 1e-9)

    def stale(self, on: dt.date) -> list[Rule]:
        """The rules that were not checked for a year."""
        return [rule for rule in self.rules if rule.stale(on)]


class ChannelError(ValueError):
    """A channel file that cannot be used: which file, and why."""


def folder() -> Path:
    """Where the channel files lie: PACKSHOT_CHANNELS, the repository, or the deployed layer.

    Raises:
        ChannelError: none of the places exists.
    """
    named = os.environ.get("PACKSHOT_CHANNELS")
    here = Path(__file__).resolve()
    places = [Path(named)] if named else [here.parents[4] / "channels", Path("/opt/packshot/channels")]
    for place in places:
        if place.is_dir():
            return place
    raise ChannelError(f"no channel files: looked in {', '.join(map(str, places))}; set PACKSHOT_CHANNELS")


def read(path: Path) -> ChannelRules:
    """One channel from its file.

    Raises:
        ChannelError: not YAML, not a channel, or named otherwise than its file.
    """
    try:
        channel = ChannelRules.model_validate(from_yaml(path.read_text("utf-8")))
    except (yaml.YAMLError, ValueError) as error:
        raise ChannelError(f"{path.name}: {error}") from error
    if channel.channel != path.stem:
        raise ChannelError(f"{path.name}: says channel {channel.channel}; file and channel bear one name")
    return channel


@cache
def _load(place: Path) -> dict[str, ChannelRules]:
    return {path.stem: read(path) for path in sorted(place.glob("*.yaml"))}


def load(place: Path | None = None) -> dict[str, ChannelRules]:
    """All channels of a folder by name, read once per process; without a folder, the installed ones."""
    return dict(_load(place or folder()))
