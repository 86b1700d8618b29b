"""Meta catalogue feed as CSV, one line per product.

Fields: https://www.facebook.com/business/help/120325381656392
"""

from __future__ import annotations

from collections.abc import Iterable

from packshot.export.feeds.rows import FeedRow, Table

NAME = "meta_products.csv"
COLUMNS = (
    "id",
    "title",
    "description",
    "availability",
    "condition",
    "price",
    "link",
    "image_link",
    "additional_image_link",
    "brand",
    "gtin",
    "product_type",
    "color",
    "material",
)
MOST_ADDITIONAL = 20


def _line(row: FeedRow) -> list[str]:
    entry = row.catalog
    return [
        entry.sku[:100],
        row.title[:200],
        (row.description or row.title)[:9999],
        entry.extra.get("availability", ""),
        entry.extra.get("condition", ""),
        " ".join(part for part in (entry.price, entry.currency) if part),
        entry.link,
        row.images[0].address,
        ",".join(image.address.replace(",", "%2C") for image in row.images[1 : 1 + MOST_ADDITIONAL]),
        entry.brand[:100],
        row.gtin,
        entry.category[:750],
        row.colour[:200],
        entry.material[:200],
    ]


def build(rows: Iterable[FeedRow]) -> Table:
    """``meta_products.csv``."""
    return Table(NAME, COLUMNS, map(_line, rows))
