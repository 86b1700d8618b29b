"""What is known of a photo's product: S3 object metadata, then the catalogue, then the file's name."""

from __future__ import annotations

import binascii
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Any
from urllib.parse import unquote

from packshot.intake.catalog import REQUIRED, Catalog, clean, field_of, fill
from packshot.intake.names import Name, sane_sku
from packshot.reasons import reason
from packshot.records import CatalogEntry, Reason


def of_object(metadata: dict[str, str]) -> dict[str, str]:
    """The catalogue fields (and ``view``, ``n``) among an object's ``x-amz-meta-*`` headers, decoded.

    Headers are ASCII: what is not comes as RFC 2047 words (as S3 itself returns it) or percent-encoded.
    """
    found: dict[str, str] = {}
    for key, raw in sorted(metadata.items()):
        name = key.casefold() if key.casefold() in ("view", "n") else field_of(key)
        text = clean(_decoded(raw)) or clean(raw)
        if name and text and name not in found:
            found[name] = text
    return found


def _decoded(raw: str) -> str:
    if "=?" in raw and "?=" in raw:
        try:
            parts = decode_header(raw)
            return "".join(p if isinstance(p, str) else p.decode(c or "ascii", "replace") for p, c in parts)
        except (HeaderParseError, LookupError, ValueError, binascii.Error):
            return raw
    if "%" in raw:
        try:
            return unquote(raw, errors="strict")
        except UnicodeDecodeError:
            return raw
    return raw


def name_of(fields: dict[str, str], by_file: Name | None) -> Name | None:
    """SKU, view and number: the object's metadata first, then the file's name; None without SKU or view."""
    sku = fields.get("sku", "") if sane_sku(fields.get("sku", "")) else ""
    view = fields.get("view", "").lower()
    view = view if view.isalpha() and len(view) <= 40 else ""
    number = fields.get("n", "")
    sku, view = sku or (by_file.sku if by_file else ""), view or (by_file.view if by_file else "")
    if not sku or not view:
        return None
    n = int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else 0
    return Name(sku, view, n or (by_file.n if by_file else 1))


def merge(sku: str, fields: dict[str, str], catalog: Catalog) -> CatalogEntry:
    """What is known of a product, field by field: the object's metadata before the catalogue's row."""
    row = catalog.find(sku)
    own = fill({**{name: text for name, text in fields.items() if name not in ("view", "n")}, "sku": sku})
    known: dict[str, Any] = row.model_dump() if row else {}
    known.update({name: value for name, value in own.model_dump().items() if value not in ("", [], None, {})})
    return CatalogEntry.model_validate({**known, "sku": sku})


def suffices(sku: str, fields: dict[str, str], catalog: Catalog) -> bool:
    """Whether nothing that is required would be missing from the merged entry."""
    row = catalog.row(sku)
    return bool(sku) and all(fields.get(name) or row.get(name) for name in REQUIRED if name != "sku")


def missing(entry: CatalogEntry) -> list[str]:
    """The required fields that are empty."""
    return [name for name in REQUIRED if not getattr(entry, name)]


def incomplete(entry: CatalogEntry, catalog: Catalog) -> Reason | None:
    """Why a photo's metadata does not do, or None: what is there, what is required, what to do."""
    absent = missing(entry)
    if not absent:
        return None
    present = [name for name in REQUIRED if name not in absent]
    measured = f"{', '.join(present) or 'nothing'} present; {', '.join(absent)} missing"
    if not catalog.readable:
        return reason("CATALOG_UNREADABLE", measured="; ".join(catalog.errors[:3]), required="a CSV with a header row")
    if not catalog.etag:
        detail = "The drop has no catalog.csv."
    elif not catalog.row(entry.sku):
        detail = f"catalog.csv has no row for SKU {entry.sku}."
    else:
        detail = ""
    return reason("METADATA_INCOMPLETE", measured=measured, required=", ".join(REQUIRED), detail=detail)
