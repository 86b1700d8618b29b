"""File names per channel: safe characters and the channel's view codes."""

from __future__ import annotations

import re
import unicodedata

from packshot.export.channels import ChannelRules
from packshot.export.specs import NameSpec
from packshot.records import CatalogEntry

EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}
LONGEST_EXTENSION = 5


class UnsafeName(ValueError):
    """A name that cannot be given: nothing safe is left of the identifier."""


def gtin14(text: str) -> str:
    """The GTIN padded to 14 digits when its check digit is right (GS1 General Specifications 7.9), else
    empty.
    """
    digits = re.sub(r"\s", "", text)
    if not re.fullmatch(r"\d{8}|\d{12,14}", digits):
        return ""
    padded = digits.zfill(14)
    weighed = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(padded[:13]))
    return padded if (10 - weighed % 10) % 10 == int(padded[13]) else ""


def _identifier(spec: NameSpec, entry: CatalogEntry, sku: str) -> str:
    """The first identifier that the catalogue has, in the channel's order; the SKU when it has none of
    them.
    """
    columns = {key.casefold(): value.strip() for key, value in entry.extra.items()}
    for kind in spec.id:
        found = {"sku": sku, "gtin14": gtin14(entry.gtin)}.get(kind, columns.get(kind, ""))
        if found:
            return found
    return sku


def safe(text: str, spec: NameSpec) -> str:
    """The text in the channel's safe characters: accents folded, runs of anything else become ``replace``.

    Raises:
        UnsafeName: nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    out = re.sub(f"[^{spec.safe}]+", spec.replace, plain).strip("._-" + spec.replace)
    if not out:
        raise UnsafeName(f"no character of {text!r} may stand in a file name")
    return out


def view_code(spec: NameSpec, view: str, n: int) -> str:
    """The channel's code for the n-th photo (from 1) of a view."""
    known = spec.views.get(view)
    if known is None:
        stem = safe(view or "image", spec)
        return spec.other.format(n=n, view=stem) if spec.other else (stem if n == 1 else f"{stem}_{n}")
    if n == 1:
        return known.code
    return known.more.format(n=known.start + n) if known.more else f"{known.code}_{n}"


def is_main(spec: NameSpec, view: str, n: int) -> bool:
    """True for the product's first image."""
    return view == spec.main and n == 1


def file_stem(channel: ChannelRules, entry: CatalogEntry, sku: str, view: str, n: int) -> str:
    """The file's name in a channel, without its extension.

    Raises:
        UnsafeName: nothing safe is left of SKU or view.
    """
    spec = channel.name
    code = view_code(spec, view, n)
    stem = safe(_identifier(spec, entry, sku), spec)
    room = spec.max_length - len(spec.pattern.format(id="", code=code)) - LONGEST_EXTENSION
    return spec.pattern.format(id=stem[: max(room, 1)], code=code)
