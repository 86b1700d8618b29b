"""WooCommerce product CSV, one line per product.

Columns: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

from __future__ import annotations

from collections.abc import Iterable

from packshot.export.feeds.rows import FeedRow, Table

NAME = "woocommerce_products.csv"
COLUMNS = (
    "Type",
    "SKU",
    "GTIN, UPC, EAN, or ISBN",
    "Name",
    "Published",
    "Short description",
    "Description",
    "Regular price",
    "Categories",
    "Tags",
    "Images",
    "Brands",
    "Attribute 1 name",
    "Attribute 1 value(s)",
    "Attribute 1 visible",
    "Attribute 2 name",
    "Attribute 2 value(s)",
    "Attribute 2 visible",
)


def _line(row: FeedRow) -> list[str]:
    entry = row.catalog
    colour, material = row.colour, entry.material
    return [
        "simple",
        entry.sku,
        row.gtin,
        row.title,
        "0",
        row.images[0].alt_text,
        row.description,
        entry.price,
        entry.category,
        ", ".join(word.replace(",", " ") for word in row.keywords),
        ", ".join(image.address.replace(",", "%2C") for image in row.images),
        entry.brand,
        *(("Colour", colour, "1") if colour else ("", "", "")),
        *(("Material", material, "1") if material else ("", "", "")),
    ]


def build(rows: Iterable[FeedRow]) -> Table:
    """``woocommerce_products.csv``; products arrive unpublished."""
    return Table(NAME, COLUMNS, map(_line, rows))
