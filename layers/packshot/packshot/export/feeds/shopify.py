"""Shopify product CSV: one line per image; the first line of a product carries its data.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

from __future__ import annotations

from collections.abc import Iterable

from packshot.export.feeds.rows import FeedImage, FeedRow, Table

NAME = "shopify_products.csv"
COLUMNS = (
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Variant SKU",
    "Variant Price",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "SEO Title",
    "SEO Description",
    "Status",
)


def _html(text: str) -> str:
    """The text as HTML: the field is rendered as such by the shop."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(row: FeedRow, image: FeedImage, position: int) -> list[str]:
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {"Handle": row.handle, "Image Src": image.address, "Image Position": str(position)}
    cells["Image Alt Text"] = image.alt_text
    if position == 1:
        cells |= {
            "Title": row.title,
            "Body (HTML)": _html(row.description),
            "Vendor": row.catalog.brand,
            "Type": row.catalog.category,
            "Tags": ", ".join(word.replace(",", " ") for word in row.keywords),
            "Published": "FALSE",
            "Option1 Name": "Title",
            "Option1 Value": "Default Title",
            "Variant SKU": row.catalog.sku,
            "Variant Price": row.catalog.price,
            "Variant Barcode": row.gtin,
            "SEO Title": row.title[:70],
            "SEO Description": row.description[:160],
            "Status": "draft",
        }
    return list(cells.values())


def build(rows: Iterable[FeedRow]) -> Table:
    """``shopify_products.csv``; products arrive as drafts, so that nothing goes live by an import."""
    lines = (_line(row, image, i) for row in rows for i, image in enumerate(row.images, 1))
    return Table(NAME, COLUMNS, lines)
