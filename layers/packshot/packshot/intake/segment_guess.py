"""From a photo's looks to a segment: a suggestion, which the catalogue's own category overrules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Features:
    """What the suggestion rests on; meanings as in ``records.Preflight``."""

    evenness: float
    contrast: float
    specular: float
    transparency: float
    texture: float
    touches_frame: bool


def suggest(seen: Features) -> str:
    """The segment that a photo looks like. ``apparel`` cannot be told from looks and is never guessed."""
    if seen.evenness < 0.25 and seen.touches_frame:
        return "lifestyle"
    if seen.transparency > 0.25:
        return "transparent"
    if seen.specular > 0.02:
        return "reflective"
    if seen.texture > 2.2:
        return "textured"
    return "general"
