"""What every feed is made of: one row per product, with its images in order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import IO

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


def rows_of(photos: Iterable[Shown]) -> Iterator[FeedRow]:
    """One row per SKU; images: main first, then by view and number. Photos of a SKU must come one after another."""
    for _, photos_of_sku in groupby(photos, lambda shown: shown.catalog.sku):
        group = list(photos_of_sku)
        group.sort(key=lambda shown: (not shown.image.main, shown.image.view, shown.image.n, shown.image.name))
        first = group[0]
        yield FeedRow(
            catalog=first.catalog,
            title=first.title,
            description=first.description,
            keywords=first.keywords,
            colour=first.colour,
            images=[shown.image for shown in group],
        )


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


@dataclass(frozen=True)
class Table:
    """A CSV or TSV file in the making: UTF-8 with LF lines, every cell made neutral."""

    name: str
    columns: Sequence[str]
    lines: Iterable[Sequence[str]]
    delimiter: str = ","

    def write(self, target: IO[bytes]) -> int:
        """Write the file, header first, line by line; how many lines it has beside the header.

        Raises:
            ValueError: a line has another length than the header.
        """
        out = io.TextIOWrapper(target, "utf-8", newline="", write_through=True)
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\n")
        writer.writerow(self.columns)
        count = 0
        for line in self.lines:
            if len(line) != len(self.columns):
                raise ValueError(f"a row of {len(line)} cells for {len(self.columns)} columns")
            writer.writerow([neutral(cell) for cell in line])
            count += 1
        out.detach()
        return count
