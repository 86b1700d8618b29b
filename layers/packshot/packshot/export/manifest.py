"""``manifest.json``: every file that leaves, its hash, the rules it was held against, and where it comes
from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from packshot.export.channels import ChannelRules
from packshot.records import CatalogEntry

VERSION = 1


class Provenance(BaseModel):
    """Where an export comes from and what was done to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drop: str
    photo_id: str
    file: str = Field(description="the photo as the user named it")
    source_sha256: str
    master_sha256: str = ""
    lot: str = ""
    segment: str = ""
    way: str = Field(default="", description="which way the matte was made")
    profile_version: int = 0
    verdict: str = ""
    altered: bool = False


class Entry(BaseModel):
    """One photo with all its exports; ``exports`` are the records of ``stage.Exported.record()``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provenance: Provenance
    catalog: CatalogEntry
    view: str
    n: int = 1
    source_metadata: dict[str, Any] = Field(default_factory=dict)
    exports: list[dict[str, Any]]


def _rules_in_force(channel: ChannelRules, on: dt.date) -> list[dict[str, Any]]:
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in channel.on(on)]


def build(
    drop: str,
    entries: Iterable[Entry],
    channels: Iterable[ChannelRules],
    on: dt.date,
    feeds: dict[str, str] | None = None,
    keys: dict[str, str] | None = None,
    recalled: Iterable[Entry] = (),
) -> dict[str, Any]:
    """The manifest of a drop as JSON values; the same input gives the same manifest.

    Args:
        drop: the drop's id.
        entries: the photos, in any order.
        channels: the channels that were exported to; their rules in force go in once, not per file.
        on: the date whose rules counted.
        feeds: sha256 by file name of the feeds.
        keys: where a file lies, by ``channel/name``; left out where unknown.
        recalled: photos that had left when people refused their lot: their files must come back.
    """
    ordered = sorted(entries, key=lambda entry: (entry.catalog.sku, entry.view, entry.n, entry.provenance.photo_id))
    files = [_file(entry, export, keys or {}) for entry in ordered for export in entry.exports if not export["held"]]
    held = [_held(entry, export) for entry in ordered for export in entry.exports if export["held"]]
    return {
        "manifest_version": VERSION,
        "drop": drop,
        "rules_on": on.isoformat(),
        "files": files,
        "held": held,
        "recalled": [
            _recalled(entry, export, keys or {})
            for entry in sorted(recalled, key=lambda entry: entry.provenance.photo_id)
            for export in entry.exports
            if not export["held"]
        ],
        "products": {entry.catalog.sku: entry.catalog.model_dump(mode="json") for entry in ordered},
        "sources": {
            entry.provenance.photo_id: {
                **entry.provenance.model_dump(mode="json"),
                "sku": entry.catalog.sku,
                "view": entry.view,
                "n": entry.n,
                "metadata": entry.source_metadata,
            }
            for entry in ordered
        },
        "rules": {channel.channel: _rules_in_force(channel, on) for channel in channels},
        "feeds": dict(sorted((feeds or {}).items())),
    }


def _file(entry: Entry, export: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    key = keys.get(f"{export['channel']}/{export['name']}")
    return {
        "sku": entry.catalog.sku,
        "photo_id": entry.provenance.photo_id,
        **({"key": key} if key else {}),
        **{name: value for name, value in export.items() if name not in ("held", "rules")},
        "rules": [_brief(rule) for rule in export["rules"]],
    }


def _recalled(entry: Entry, export: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    known = {"sku", "photo_id", "key", "channel", "name", "sha256"}
    file = {name: value for name, value in _file(entry, export, keys).items() if name in known}
    return {**file, "lot": entry.provenance.lot}


def _brief(rule: dict[str, Any]) -> dict[str, Any]:
    """A result without its pedigree, which stands once under ``rules``."""
    return {name: rule[name] for name in ("rule", "level", "measured", "required", "passed", "fix") if rule[name] != ""}


def _held(entry: Entry, export: dict[str, Any]) -> dict[str, Any]:
    return {
        "sku": entry.catalog.sku,
        "photo_id": entry.provenance.photo_id,
        "channel": export["channel"],
        "name": export["name"],
        "reason": export["held"],
    }
