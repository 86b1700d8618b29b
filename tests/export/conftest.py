"""Fixtures of the export tests: one pot, its shadow, its catalogue entry, the channels that ship."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pots import U8, make_master, make_shadow

from packshot.export.channels import ChannelRules, load
from packshot.export.exported import ExportMeta
from packshot.records import CatalogEntry


@pytest.fixture(scope="session")
def master() -> U8:
    return make_master()


@pytest.fixture(scope="session")
def shadow(master: U8) -> U8:
    return make_shadow(master)


@pytest.fixture(scope="session")
def channels() -> dict[str, ChannelRules]:
    return load()


@pytest.fixture
def entry() -> CatalogEntry:
    return CatalogEntry(
        sku="POT-01",
        title="Terracotta plant pot",
        brand="Acme",
        category="Garden",
        material="terracotta",
        gtin="4006381333931",
        price="12.50",
        currency="EUR",
        link="https://shop.example/pot",
        keywords=["pot", "planter"],
        creator="Ann Öhman",
        copyright="© 2026 Acme",
        credit="Acme Studio",
    )


@pytest.fixture
def meta(entry: CatalogEntry) -> Callable[..., ExportMeta]:
    def build(**changes: Any) -> ExportMeta:
        return ExportMeta(**{"catalog": entry, "sku": entry.sku, "view": "front", "segment": "general", **changes})

    return build
