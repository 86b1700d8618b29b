"""File names: identifiers, view codes, safe characters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.export import names
from packshot.export.channels import Kind, load
from packshot.records import CatalogEntry

CHANNELS = load()


def file_name(channel, *photo):
    return f"{names.file_stem(channel, *photo)}.{names.EXTENSIONS[channel.encode.format]}"


@pytest.mark.parametrize(
    ("channel", "view", "n", "name"),
    [
        ("amazon", "front", 1, "MUG_01.MAIN.jpg"),
        ("amazon", "front", 2, "MUG_01.PT02.jpg"),
        ("amazon", "back", 1, "MUG_01.BACK.jpg"),
        ("amazon", "left", 3, "MUG_01.PT23.jpg"),
        ("amazon", "detail", 1, "MUG_01.PT71.jpg"),
        ("amazon", "scene", 1, "MUG_01.IN01.jpg"),
        ("shopify", "front", 1, "MUG-01_front.jpg"),
        ("shopify", "detail", 2, "MUG-01_detail_2.jpg"),
        ("woocommerce", "front", 1, "MUG-01-front.webp"),
        ("archive", "back", 1, "MUG-01_back.png"),
    ],
)
def test_views_become_the_channels_codes(channel, view, n, name):
    assert file_name(CHANNELS[channel], CatalogEntry(sku="MUG-01"), "MUG-01", view, n) == name


def test_amazon_prefers_the_asin_then_the_gtin():
    entry = CatalogEntry(sku="MUG-01", gtin="4006381333931")
    assert file_name(CHANNELS["amazon"], entry, "MUG-01", "front", 1) == "04006381333931.MAIN.jpg"
    entry.extra = {"ASIN": "B0ABCDEFGH"}
    assert file_name(CHANNELS["amazon"], entry, "MUG-01", "front", 1) == "B0ABCDEFGH.MAIN.jpg"


@pytest.mark.parametrize(
    ("text", "padded"),
    [
        ("4006381333931", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("4006381333932", ""),
        ("12345", ""),
        ("", ""),
        ("40063813339³1", ""),
    ],
)
def test_a_gtin_counts_only_with_its_check_digit(text, padded):
    assert names.gtin14(text) == padded


def test_accents_are_folded_and_what_is_left_of_nothing_is_refused():
    spec = CHANNELS["shopify"].name
    assert names.safe("Tasse Größe 3/ä", spec) == "Tasse_Gro_e_3_a"
    with pytest.raises(names.UnsafeName):
        names.safe("🦄../", spec)


@given(sku=st.text(min_size=1, max_size=900), view=st.text(max_size=60), n=st.integers(1, 9))
@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_whatever_the_sku_the_name_is_safe_and_keeps_the_channels_pattern(channel, sku, view, n):
    rules = CHANNELS[channel]
    try:
        name = file_name(rules, CatalogEntry(sku=sku), sku, view, n)
    except names.UnsafeName:
        return
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name)
    assert ".." not in name
    assert len(name) <= 255
    for rule in rules.rules:
        if rule.kind is Kind.NAME_PATTERN:
            assert re.fullmatch(rule.value, name)
