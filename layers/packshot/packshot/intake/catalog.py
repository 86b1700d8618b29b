"""The drop's ``catalog.csv``: what a shop knows of its products, as people's spreadsheets write it."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field

from packshot import spreadsheet
from packshot.intake.names import sane_sku
from packshot.records import CatalogEntry
from packshot.spreadsheet import Unreadable

MOST_CELL = 5000
MOST_COLUMNS = 200
MOST_ROWS = 400_000  # with spreadsheet.MOST_BYTES: what is read in 2 s
MOST_ROW = 64_000  # bytes: a photo's record holds a copy, and DynamoDB takes 400 KB
MOST_ERRORS = 50
REQUIRED = ("sku", "title", "category")
_SYNONYMS = {
    "sku": "sku article articlenumber itemnumber itemsku productid productsku partnumber artikelnummer id variantsku",
    "title": "title name productname producttitle itemname titel bezeichnung",
    "description": "description body bodyhtml productdescription longdescription beschreibung",
    "brand": "brand vendor manufacturer marke hersteller",
    "category": "category producttype producttypes type productcategory googleproductcategory kategorie",
    "material": "material fabric materials",
    "colour": "colour color farbe",
    "gtin": "gtin ean upc isbn barcode gtin13 ean13",
    "price": "price preis variantprice",
    "currency": "currency waehrung währung",
    "link": "link url producturl",
    "keywords": "keywords tags schlagworte searchterms",
    "creator": "creator photographer artist author fotograf",
    "copyright": "copyright copyrightnotice rights",
    "credit": "credit creditline",
    "alt_text": "alttext alt imagealttext imagealt",
    "height_cm": "heightcm height hoehecm höhecm",
}
_CELL = "\x1f"  # ASCII's unit separator: not printable, so ``clean`` leaves none in a cell
_FIELD = {word: name for name, words in _SYNONYMS.items() for word in words.split()}


@dataclass(frozen=True)
class Catalog:
    """The catalogue of one drop: rows by SKU, and what was wrong with it, in words.

    A row is one text (UTF-8), its cells in the order of ``columns`` with a separator that no cell can hold: a
    catalogue of 300,000 products takes 100 MB of memory that way, and four times as much as dictionaries.
    """

    etag: str = ""
    columns: tuple[str, ...] = ()
    rows: dict[str, bytes] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    readable: bool = True

    def row(self, sku: str) -> dict[str, str]:
        """What the catalogue says of a SKU, in any case of letters if the exact one is not there; else empty."""
        text = self.rows.get(sku) or self.rows.get(sku.casefold()) or b""
        cells = text.decode().split(_CELL)
        return {name: cell for name, cell in zip(self.columns, cells, strict=False) if name and cell}

    def find(self, sku: str) -> CatalogEntry | None:
        """The entry of a SKU, or None."""
        row = self.row(sku)
        return fill(row) if row else None


def read(data: bytes, etag: str = "") -> Catalog:
    """Parse a catalogue. Never raises: an unreadable one has ``readable`` False and says why in ``errors``.

    Rows stand under their SKU and, where that is unambiguous, under its case-folded form too.
    """
    try:
        return _read(data, etag)
    except (Unreadable, csv.Error) as error:
        return Catalog(etag, errors=[f"catalog.csv: {error}"], readable=False)


def field_of(header: str) -> str | None:
    """The catalogue field that a column's header (or an object's metadata key) means, or None."""
    return _FIELD.get(re.sub(r"[^\w]|_", "", header.casefold()))


def fill(values: dict[str, str]) -> CatalogEntry:
    """An entry from field names and texts (``sku`` among them); an empty or senseless height is left out."""
    known = {name: text for name, text in values.items() if name in CatalogEntry.model_fields}
    extra = {name: text for name, text in values.items() if name not in known}
    keywords = [w.strip() for w in re.split(r"[,;|]", known.pop("keywords", "")) if w.strip()]
    height = known.pop("height_cm", "").replace(",", ".").strip()
    size = float(height) if re.fullmatch(r"\d{1,5}(\.\d{1,4})?", height) else None
    return CatalogEntry.model_validate({**known, "keywords": keywords, "height_cm": size, "extra": extra})


def clean(text: str) -> str:
    """A cell as data: composed Unicode, no control characters, bounded."""
    text = text[:MOST_CELL]
    if text.isascii() and text.isprintable():  # most cells of most catalogues
        return text.strip()
    text = unicodedata.normalize("NFC", text)
    if text.isprintable():
        return text.strip()
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _columns(header: list[str], errors: list[str]) -> list[str]:
    names: list[str] = []
    for raw in header[:MOST_COLUMNS]:
        name = field_of(raw) or clean(raw)[:100]
        if name and name in names:
            errors.append(f"catalog.csv: two columns mean {name!r}; the first counts")
            name = ""
        names.append(name)
    missing = [name for name in REQUIRED if name not in names]
    if "sku" in missing:
        raise Unreadable(f"the header row names no sku column (found: {', '.join(names[:12]) or 'nothing'})")
    if missing:
        errors.append(f"catalog.csv: no column for {', '.join(missing)}")
    return names


def _read(data: bytes, etag: str) -> Catalog:
    rows = spreadsheet.rows(data)
    header: list[str] = next((row for row in rows if any(cell.strip() for cell in row)), [])
    errors: list[str] = []
    names = _columns(header, errors)
    found: dict[str, bytes] = {}
    at = names.index("sku")
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            errors.append(f"catalog.csv, line {rows.line_num}: only {MOST_ROWS:,} rows are read; split the drop")
            break
        cells = _cells(row, names)
        if not any(cells):
            continue
        sku, text = cells[at] if at < len(cells) else "", _CELL.join(cells).encode()
        problem = _problem(sku, text, found)
        if not problem:
            found[sku] = text
        elif len(errors) < MOST_ERRORS:
            errors.append(f"catalog.csv, line {rows.line_num}: {problem}")
    return Catalog(etag, tuple(names), _folded(found), errors)


def _cells(row: list[str], names: list[str]) -> list[str]:
    """A row's cells cleaned, those of columns without a name empty."""
    text = "".join(row)
    if len(text) <= MOST_CELL and text.isascii() and text.isprintable():  # most rows: all cells at once
        return [cell.strip() if name else "" for name, cell in zip(names, row, strict=False)]
    return [clean(cell) if name and cell else "" for name, cell in zip(names, row, strict=False)]


def _problem(sku: str, row: bytes, found: dict[str, bytes]) -> str:
    if not sku:
        return "no SKU"
    if not sane_sku(sku):
        return f"SKU {sku[:60]!r} cannot stand in a file's name"
    if sku in found:
        return f"SKU {sku!r} is there twice; the first row counts"
    if len(row) > MOST_ROW:
        return f"the row holds {len(row):,} bytes; at most {MOST_ROW:,} are kept of a product"
    return ""


def _folded(rows: dict[str, bytes]) -> dict[str, bytes]:
    """The rows also under their case-folded SKU, where only one has it."""
    folded: dict[str, bytes | None] = {}
    for sku, row in rows.items():
        key = sku.casefold()
        if key not in rows:
            folded[key] = None if key in folded else row
    rows.update({key: row for key, row in folded.items() if row is not None})
    return rows
