"""Which segment a photo is of: the catalogue's word first, then category, material and title, then its look."""

from __future__ import annotations

import pytest

from packshot.imaging.cutout import Settings
from packshot.plan.segments import choose, segments
from packshot.records import CatalogEntry, PhotoRecord, Preflight


def photo(suggested: str = "", **entry: object) -> PhotoRecord:
    seen = None
    if suggested:
        seen = Preflight(
            background_evenness=1, background_colour=(255, 255, 255), contrast=40, specular=0, transparency=0,
            texture=0, sharpness=100, clipped=0, colour_family="red", touches_frame=False,
            suggested_segment=suggested,
        )  # fmt: skip
    catalog = CatalogEntry(sku="A", **entry) if entry else None
    return PhotoRecord(drop="d", photo_id="0" * 16, key="k", file="f", sku="A", catalog=catalog, preflight=seen)


@pytest.mark.parametrize(
    ("entry", "wanted", "by"),
    [
        ({"category": "Apparel"}, "apparel", "category"),
        ({"category": "T-Shirts"}, "apparel", "category"),
        ({"category": "Kitchen", "material": "glass"}, "transparent", "material"),
        ({"category": "Kitchen", "material": "stainless steel"}, "reflective", "material"),
        ({"category": "Kitchen", "material": "ceramic"}, "general", "category"),
        ({"category": "Home", "title": "A wool thing"}, "general", "category"),
        ({"category": "Home", "extra": {"segment": "Textured"}}, "textured", "segment"),
        ({"category": "Home", "extra": {"segment": "nonsense"}}, "general", "category"),
        ({"category": "Topology"}, "exception", "nothing fits"),
    ],
)
def test_the_catalogue_decides(entry: dict[str, object], wanted: str, by: str) -> None:
    choice = choose(photo(**entry))
    assert (choice.segment, choice.by) == (wanted, by)


def test_without_a_word_the_look_decides() -> None:
    assert choose(photo("reflective")).segment == "reflective"
    assert choose(photo("unheard of")).segment == "exception"
    assert choose(photo()).segment == "exception"


def test_a_catalogue_that_the_photo_contradicts_leaves_a_note() -> None:
    choice = choose(photo("reflective", category="Kitchen"))
    assert choice.segment == "general" and "looks reflective" in choice.note


def test_every_segments_settings_are_the_cut_outs() -> None:
    for name, segment in segments().items():
        assert Settings.from_dict(segment.settings), name
