"""Cutting a drop into lots and chunks: the same drop gives the same lots, and nothing falls between them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packshot import keys
from packshot.learning.profiles import default_profile
from packshot.plan.lots import Lot, PhotoRef, cut, item, width
from packshot.records import CatalogEntry, PhotoRecord
from packshot.settings import PlanSettings

SETTINGS = PlanSettings(lot_max=10, chunk_size=4, canary_size=3)


def photo(sku: str, view: str = "front", n: int = 1, category: str = "Home") -> PhotoRecord:
    key = f"incoming/d/{sku}_{view}_{n}.jpg"
    entry = CatalogEntry(sku=sku, title="A thing", category=category)
    return PhotoRecord(
        drop="d", photo_id=keys.photo_id(key), key=key, file=key, sku=sku, view=view, n=n,
        sha256="0" * 64, catalog=entry,
    )  # fmt: skip


def lots(photos: list[PhotoRecord], settings: PlanSettings = SETTINGS) -> list[Lot]:
    return list(cut("d", photos, settings, default_profile))


def refs(photos: list[PhotoRecord]) -> list[PhotoRef]:
    return [ref for lot in lots(photos) for ref in lot.photos]


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 25), st.integers(1, 6), st.integers(1, 9))
def test_every_photo_is_in_exactly_one_chunk_of_one_lot(count: int, most: int, canary: int, chunk: int) -> None:
    sizes_ = PlanSettings(lot_max=most, canary_size=canary, chunk_size=chunk)
    photos = [photo(f"SKU-{n}") for n in range(count)]
    made = lots(photos, sizes_)
    found = [ref.photo_id for lot in made for ref in lot.photos]
    assert sorted(found) == sorted(p.photo_id for p in photos)
    sizes = [len(lot.photos) for lot in made]
    assert max(sizes) <= most and max(sizes) - min(sizes) <= 1, "even lots"
    assert all(1 <= len(lot.chunks[0]) <= canary for lot in made)
    assert all(1 <= len(part) <= chunk for lot in made for part in lot.chunks[1:])


def test_the_order_in_which_photos_come_plays_no_part() -> None:
    photos = [photo(f"SKU-{n}", category=("Home", "Jewellery", "Apparel")[n % 3]) for n in range(30)]
    shuffled = random.Random(3).sample(photos, len(photos))
    assert lots(photos) == lots(shuffled)


def test_other_photos_give_another_lot_id() -> None:
    photos = [photo(f"SKU-{n}") for n in range(5)]
    assert lots(photos)[0].lot != lots(photos[1:])[0].lot


def test_a_lot_is_of_one_segment() -> None:
    photos = [photo(f"SKU-{n}", category=("Home", "Jewellery")[n % 2]) for n in range(8)]
    made = lots(photos)
    assert {lot.segment for lot in made} == {"general", "reflective"}
    assert all({ref.segment for ref in lot.photos} == {lot.segment} for lot in made)


def test_slow_segments_begin_before_the_general_one() -> None:
    photos = [photo(f"SKU-{n}", category=("Home", "Jewellery", "Plush")[n % 3]) for n in range(12)]
    made = lots(photos)
    assert [lot.segment for lot in made] == ["textured", "reflective", "general"]
    assert all(ref.segment == lot.segment for lot in made for ref in lot.photos)


def test_the_inside_of_a_garment_helps_its_other_views_and_comes_last() -> None:
    photos = [photo("TEE", view, category="Apparel") for view in ("inner", "back", "front")]
    found = refs(photos)
    assert [(ref.view, ref.helper) for ref in found] == [("back", False), ("front", False), ("inner", True)]
    assert all(ref.inner_key.endswith("TEE_inner_1.jpg") for ref in found[:2]) and found[2].inner_key == ""


@pytest.mark.parametrize("category", ["Home", "Apparel"])
def test_an_inner_view_alone_is_a_photo_like_others(category: str) -> None:
    assert [ref.helper for ref in refs([photo("BOX", "inner", category=category)])] == [False]


def test_the_maps_item_speaks_of_chunks_by_number_only() -> None:
    lot = lots([photo(f"SKU-{n}") for n in range(9)])[0]
    entry = item(lot, SETTINGS)
    assert (entry.chunks, entry.all_chunks, entry.attempt) == ([1, 2], [0, 1, 2], 0)
    assert entry.review_seconds == 7 * 86400
    assert "SKU" not in entry.model_dump_json()


@given(st.integers(0, 20_000), st.integers(1, 10_000), st.integers(1, 40), st.integers(1, 5000))
def test_all_lots_together_ask_for_no_more_workers_than_there_are(count: int, lots_: int, wide: int, has: int) -> None:
    sizes_ = PlanSettings(lot_concurrency=lots_, chunk_concurrency=wide, workers=has)
    asked = min(count, lots_) * width(count, sizes_)
    assert asked <= max(has, min(count, lots_)), "one chunk a lot at least"
    assert width(count, sizes_) <= wide and (width(1, sizes_) == min(wide, has))
