"""Google Merchant product feed as TSV, one line per product.

Attributes: https://support.google.com/merchants/answer/7052112
"""

from __future__ import annotations

from collections.abc import Iterable

from packshot.export.feeds.rows import FeedRow, Table

NAME = "google_products.tsv"
COLUMNS = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "additional_image_link",
    "price",
    "brand",
    "gtin",
    "mpn",
    "condition",
    "availability",
    "product_type",
    "color",
    "material",
)
MOST_ADDITIONAL = 10


def _line(row: FeedRow) -> list[str]:
    entry, extra = row.catalog, row.catalog.extra
    further = [image.address.replace(",", "%2C") for image in row.images[1 : 1 + MOST_ADDITIONAL]]
    return [
        entry.sku[:50],
        row.title[:150],
        (row.description or row.title)[:5000],
        entry.link,
        row.images[0].address,
        ",".join(further),
        " ".join(part for part in (entry.price, entry.currency) if part),
        entry.brand[:70],
        row.gtin,
        extra.get("mpn", ""),
        extra.get("condition", ""),
        extra.get("availability", ""),
        entry.category[:750],
        row.colour[:100],
        entry.material[:200],
    ]


def build(rows: Iterable[FeedRow]) -> Table:
    """``google_products.tsv``; what the catalogue does not know stays empty, condition and stock too."""
    return Table(NAME, COLUMNS, map(_line, rows), "\t")
