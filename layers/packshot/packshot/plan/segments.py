"""Segments: what a photo shows and how hard it is decide the way it is processed (``segments.yaml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from packshot.documents import from_yaml
from packshot.records import PhotoRecord

EXCEPTION = "exception"
COLUMN = "segment"  # a catalogue column of this name decides before everything else


class Segment(BaseModel):
    """One segment's rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    category: tuple[str, ...]
    material: tuple[str, ...]
    scene: str = ""
    settings: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """The segment chosen for a photo, by what, and a note when the photo itself suggests another."""

    segment: str
    by: str
    note: str = ""


@cache
def segments() -> dict[str, Segment]:
    """All segments, in the file's order."""
    data = from_yaml(files("packshot.plan").joinpath("segments.yaml").read_text("utf-8"))
    return {name: Segment.model_validate(rule) for name, rule in data.items()}


def choose(photo: PhotoRecord) -> Choice:
    """The photo's segment: the catalogue's word first, then category, material, and what the photo shows.

    A photo that fits none goes to ``exception``; one whose catalogue and pre-flight disagree carries a note.
    """
    choice = _by_catalogue(photo)
    seen = photo.preflight.suggested_segment if photo.preflight else ""
    if choice is None:
        return Choice(seen, "preflight") if seen in segments() else Choice(EXCEPTION, "nothing fits")
    if seen and seen not in (choice.segment, "general"):
        return Choice(choice.segment, choice.by, f"catalogue says {choice.segment}, the photo looks {seen}")
    return choice


def _by_catalogue(photo: PhotoRecord) -> Choice | None:
    entry = photo.catalog
    if entry is None:
        return None
    named = entry.extra.get(COLUMN, "").strip().lower()
    if named in segments():
        return Choice(named, COLUMN)
    # A material that needs care (glass, chrome, fur) outweighs a category that says only where it is sold.
    for field, text in (("category", entry.category), ("material", entry.material), ("title", entry.title)):
        for name, rule in segments().items():
            words = rule.material if field == "material" else rule.category
            if name != "general" and _mentions(text, words):
                return Choice(name, field)
    for field, text in (("category", entry.category), ("material", entry.material)):
        if _mentions(text, segments()["general"].category + segments()["general"].material):
            return Choice("general", field)
    return None


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    return bool(text and words and _any_of(words).search(text))


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all words: a drop of a million photos asks some twenty times for each."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})s?(?!\w)", re.IGNORECASE)
