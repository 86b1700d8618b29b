"""What inventory systems are told: one event per product, for EventBridge, with everything the catalogue knew.

The detail carries the whole catalogue entry, unknown columns included, so that nothing is lost between what came
in and what goes out. An entry too long for an event is named by where it lies whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from packshot import keys
from packshot.export.feeds.rows import FeedRow

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


def _weighed(told: dict[str, Any]) -> tuple[str, int]:
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return text, len(text.encode("utf-8")) + len(SOURCE) + len(DETAIL_TYPE)


def batches(channel: str, drop: str, rows: Iterable[FeedRow]) -> Iterator[list[dict[str, Any]]]:
    """``Entries`` for PutEvents, in batches that one call takes.

    A product whose catalogue entry is too long for an event comes with ``catalog_at`` in place of ``catalog``: the key
    of the drop's manifest, which has it under ``products``.
    """
    batch: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        told = detail(channel, drop, row)
        text, weight = _weighed(told)
        if weight > MOST_BYTES:
            short = {name: value for name, value in told.items() if name != "catalog"}
            text, weight = _weighed({**short, "catalog_at": keys.report_key(drop, "manifest.json")})
        if batch and (len(batch) == MOST_ENTRIES or size + weight > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": text})
        size += weight
    if batch:
        yield batch
