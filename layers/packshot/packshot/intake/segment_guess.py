"""From a photo's looks to a segment: a suggestion, which the catalogue's own category overrules.

Only what looks can tell: ``apparel`` is what a product is and ``lifestyle`` what somebody wants, so neither is
ever suggested; on a cluttered backdrop nothing is. A suggestion other than ``general`` that contradicts the
catalogue costs a reviewer's time, so the rules ask for clear signs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Features:
    """What the suggestion rests on; meanings as in ``records.Preflight``."""

    evenness: float
    area: float  # share of the frame that is product
    tones: float  # CIE L* between the darkest and brightest 2 % of the product
    specular: float
    transparency: float
    texture: float


def suggest(seen: Features) -> str:
    """``general``, ``transparent``, ``reflective`` or ``textured``."""
    if seen.evenness < 0.3 or seen.area < 0.03:
        return "general"  # the product was not told from its backdrop
    if seen.transparency > 0.4 and seen.tones > 60:
        return "transparent"  # tinted backdrop between highlights and dark rims; a white mug has no dark rims
    if seen.specular > 0.03 and seen.tones > 65 and seen.evenness > 0.5:
        return "reflective"
    if seen.texture > 0.24:
        return "textured"
    return "general"
