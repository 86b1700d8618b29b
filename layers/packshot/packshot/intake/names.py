"""What a file is called: ``<SKU>_<view>[_<n>].<ext>``, by a pattern that a deployment may change."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

LONGEST_SKU = 80
INNER = "inner"


@dataclass(frozen=True)
class Name:
    """A product's SKU, the view (lower case) and the number of the photo within that view."""

    sku: str
    view: str
    n: int = 1


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    compiled = re.compile(pattern)
    missing = {"sku", "view"} - set(compiled.groupindex)
    if missing:
        raise ValueError(f"the file pattern has no group {', '.join(sorted(missing))}")
    return compiled


def parse(file: str, pattern: str) -> Name | None:
    """Take a file's name apart (folders and extension do not count); None when it breaks the pattern.

    Names are compared in Unicode's composed form: some systems send ``é`` as two characters.
    """
    base = unicodedata.normalize("NFC", file.rsplit("/", 1)[-1])
    stem = base.rpartition(".")[0] or base
    if len(stem) > 2 * LONGEST_SKU:
        return None
    found = _compiled(pattern).match(stem)
    if found is None:
        return None
    parts = found.groupdict()
    sku = parts["sku"].strip()
    return Name(sku, parts["view"].lower(), int(parts.get("n") or 1)) if sane_sku(sku) else None


def sane_sku(sku: str) -> bool:
    """Whether a SKU can stand in a file's name: printable, at most 80 characters, no path, not hidden."""
    return (
        0 < len(sku) <= LONGEST_SKU
        and sku.isprintable()
        and not sku.startswith(".")
        and not set(sku) & set('/\\:*?"<>|')
    )
