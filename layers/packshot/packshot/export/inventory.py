"""What inventory systems are told: one event per product, for EventBridge, with everything the catalogue knew.

The detail carries the whole catalogue entry, unknown columns included, so that nothing is lost between what came
in and what goes out; ``entry_of`` is the way back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from packshot.export.feeds.rows import FeedRow
from packshot.records import CatalogEntry

SOURCE = "packshot.export"
DETAIL_TYPE = "Product images updated"
MOST_BYTES = 240_000  # EventBridge takes 256 KB per entry, names included
MOST_ENTRIES = 10  # of one PutEvents call


def detail(channel: str, drop: str, row: FeedRow) -> dict[str, Any]:
    """One product's update as JSON values."""
    return {
        "version": 1,
        "drop": drop,
        "channel": channel,
        "sku": row.catalog.sku,
        "title": row.title,
        "description": row.description,
        "keywords": row.keywords,
        "colour": row.colour,
        "catalog": row.catalog.model_dump(mode="json"),
        "images": [image.model_dump(mode="json") for image in row.images],
    }


def entry_of(told: dict[str, Any]) -> CatalogEntry:
    """The catalogue entry back from an event's detail."""
    return CatalogEntry.model_validate(told["catalog"])


def batches(channel: str, drop: str, rows: Iterable[FeedRow], bus: str = "default") -> list[list[dict[str, Any]]]:
    """``Entries`` for PutEvents, in batches that one call takes.

    Raises:
        ValueError: one product's event alone exceeds the service's limit.
    """
    done: list[list[dict[str, Any]]] = []
    size = 0
    for row in rows:
        text = json.dumps(detail(channel, drop, row), ensure_ascii=False, sort_keys=True)
        weight = len(text.encode("utf-8")) + len(SOURCE) + len(DETAIL_TYPE)
        if weight > MOST_BYTES:
            raise ValueError(f"the event of {row.catalog.sku} has {weight} bytes, at most {MOST_BYTES} are taken")
        if not done or len(done[-1]) == MOST_ENTRIES or size + weight > MOST_BYTES:
            done.append([])
            size = 0
        done[-1].append({"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": text, "EventBusName": bus})
        size += weight
    return done
