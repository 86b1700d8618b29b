"""IPTC DigitalSourceType: what a picture says of how its pixels came to be.

Terms: https://cv.iptc.org/newscodes/digitalsourcetype/. A marketplace may refuse made pictures that do not
say so (Google Merchant), and one that came in is never weakened.
"""

from __future__ import annotations

BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ENHANCED = "algorithmicallyEnhanced"
COMPOSITE = "compositeCapture"
COMPOSITE_TRAINED = "compositeWithTrainedAlgorithmicMedia"
TRAINED = "trainedAlgorithmicMedia"

# Terms that say no more than "a photo, perhaps edited": what packshot does to the picture may replace them.
_PHOTO = frozenset(
    {"", "digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print", "minorHumanEdits"}
)
_EDITED = _PHOTO | {"humanEdits", "compositeCapture", ENHANCED}
# Terms from which a reader learns that a trained model made pixels.
DISCLOSES_MODEL = frozenset({COMPOSITE_TRAINED, TRAINED})
# Terms from which a reader learns that the picture is not one plain photo.
DISCLOSES_MADE = DISCLOSES_MODEL | {
    COMPOSITE,
    "composite",
    "compositeSynthetic",
    "algorithmicMedia",
    "virtualRecording",
}


def term(value: str) -> str:
    """The last part of a term's address, or the bare term: ``…/digitalCapture`` -> ``digitalCapture``."""
    return value.strip().rstrip("/").rsplit("/", 1)[-1]


def of(incoming: str, altered: bool, synthetic_background: bool, model_generated: bool) -> str:
    """The full address of the term for an export.

    Args:
        incoming: what the source said, address or bare term, or empty.
        altered: parts of the product were made (a garment's inside).
        synthetic_background: the product stands in a scene that it was not photographed in.
        model_generated: a trained model made any of these pixels.
    """
    came = term(incoming)
    if altered or synthetic_background or model_generated:
        ours = COMPOSITE_TRAINED if model_generated else COMPOSITE
        stays = came not in _EDITED and not (ours == COMPOSITE_TRAINED and came not in DISCLOSES_MODEL)
        return BASE + (came if stays else ours)
    return BASE + (ENHANCED if came in _PHOTO else came)
