"""What every feed is made of: one row per product, with its images in order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from packshot.export.names import gtin14
from packshot.records import CatalogEntry


class FeedImage(BaseModel):
    """One exported image of a product: its file name in the channel and where the shop can fetch it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    url: str = Field(default="", description="public address; a feed without one carries the file name")
    view: str = ""
    n: int = 1
    main: bool = False
    alt_text: str = ""
    sha256: str = ""

    @property
    def address(self) -> str:
        """The URL, or the name where nobody said where the files will lie."""
        return self.url or self.name


class FeedRow(BaseModel):
    """One product: its catalogue entry, its words, its images with the main one first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    catalog: CatalogEntry
    title: str
    description: str = ""
    keywords: list[str] = Field(default_factory=list)
    colour: str = ""
    images: list[FeedImage]

    @property
    def gtin(self) -> str:
        """The GTIN when its check digit is right, else empty: a wrong one costs the listing."""
        return self.catalog.gtin.strip() if gtin14(self.catalog.gtin) else ""

    @property
    def handle(self) -> str:
        """The product's handle in URLs: the SKU in lower case, dashes between words."""
        return re.sub(r"[^a-z0-9]+", "-", self.catalog.sku.lower()).strip("-")


class Shown(BaseModel):
    """One exported photo as the feeds need it; ``rows_of`` puts those of one SKU together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    catalog: CatalogEntry
    image: FeedImage
    title: str
    description: str = ""
    keywords: list[str] = Field(default_factory=list)
    colour: str = ""


def rows_of(photos: Iterable[Shown]) -> list[FeedRow]:
    """One row per SKU, in order of SKU; images: main first, then by view and number."""
    by_sku: dict[str, list[Shown]] = {}
    for photo in photos:
        by_sku.setdefault(photo.catalog.sku, []).append(photo)
    rows = []
    for _, group in sorted(by_sku.items()):
        group.sort(key=lambda shown: (not shown.image.main, shown.image.view, shown.image.n, shown.image.name))
        first = group[0]
        rows.append(
            FeedRow(
                catalog=first.catalog,
                title=first.title,
                description=first.description,
                keywords=first.keywords,
                colour=first.colour,
                images=[shown.image for shown in group],
            )
        )
    return rows


_FORMULA = re.compile(r"^[\s\x00]*[=+\-@|\t\r]")


def neutral(cell: str) -> str:
    """The cell's text such that no spreadsheet runs it: an apostrophe before anything that could be a
    formula.

    Plain numbers keep their sign (OWASP, CSV injection). Line breaks and control characters become spaces.
    """
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", cell).strip()
    if _FORMULA.match(text) and not re.fullmatch(r"[+-]?\d+([.,]\d+)?", text):
        return "'" + text
    return text


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """A CSV or TSV file in UTF-8 with LF lines; every cell made neutral.

    Raises:
        ValueError: a row has another length than the header.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} cells for {len(columns)} columns")
        writer.writerow([neutral(cell) for cell in row])
    return out.getvalue().encode("utf-8")
