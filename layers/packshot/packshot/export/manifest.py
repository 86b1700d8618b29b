"""``manifest.json``: every file that leaves, its hash, the rules it was held against, and where it comes
from.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby
from typing import IO, Any

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
    keys: dict[str, str] = Field(default_factory=dict, description="channel -> key in the output bucket")


def _rules_in_force(channel: ChannelRules, on: dt.date) -> list[dict[str, Any]]:
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in channel.on(on)]


def write(
    target: IO[bytes],
    drop: str,
    entries: Iterable[Entry],
    channels: Iterable[ChannelRules],
    on: dt.date,
    feeds: dict[str, str] | None = None,
    recalled: Iterable[Entry] = (),
) -> None:
    """Write the manifest of a drop as JSON, photo by photo; the same input gives the same bytes.

    Args:
        target: where it goes.
        drop: the drop's id.
        entries: the photos; those of one SKU one after another.
        channels: the channels that were exported to; their rules in force go in once, not per file.
        on: the date whose rules counted.
        feeds: sha256 by file name of the feeds.
        recalled: photos that had left when people refused their lot: their files must come back.
    """
    head = {
        "manifest_version": VERSION,
        "drop": drop,
        "rules_on": on.isoformat(),
        "rules": {channel.channel: _rules_in_force(channel, on) for channel in channels},
        "feeds": dict(sorted((feeds or {}).items())),
    }
    with ExitStack() as parts:
        held, products, sources = (_Part(parts.enter_context(tempfile.TemporaryFile())) for _ in range(3))
        target.write(_json(head)[:-1] + b',"files":[')
        files = _Part(target)
        for sku, photos in groupby(entries, lambda entry: entry.catalog.sku):
            for entry in photos:
                for export in entry.exports:
                    if export["held"]:
                        held.add(_held(entry, export))
                    else:
                        files.add(_file(entry, export))
                sources.add(_source(entry), entry.provenance.photo_id)
            products.add(entry.catalog.model_dump(mode="json"), sku)
        target.write(b'],"held":[')
        held.copy(target)
        target.write(b'],"recalled":[')
        back = _Part(target)
        for entry in recalled:
            for export in entry.exports:
                if not export["held"]:
                    back.add(_recalled(entry, export))
        target.write(b'],"products":{')
        products.copy(target)
        target.write(b'},"sources":{')
        sources.copy(target)
        target.write(b"}}")


class _Part:
    """The inside of a JSON array or object, written member by member."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._empty = file, True

    def add(self, value: Any, name: str | None = None) -> None:
        comma, self._empty = b"" if self._empty else b",", False
        self._file.write(comma + (_json(name) + b":" if name is not None else b"") + _json(value))

    def copy(self, target: IO[bytes]) -> None:
        self._file.seek(0)
        shutil.copyfileobj(self._file, target, 1 << 20)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _source(entry: Entry) -> dict[str, Any]:
    return {
        **entry.provenance.model_dump(mode="json"),
        "sku": entry.catalog.sku,
        "view": entry.view,
        "n": entry.n,
        "metadata": entry.source_metadata,
    }


def _file(entry: Entry, export: dict[str, Any]) -> dict[str, Any]:
    key = entry.keys.get(export["channel"], "")
    mine = key.rsplit("/", 1)[-1] == export["name"]
    return {
        "sku": entry.catalog.sku,
        "photo_id": entry.provenance.photo_id,
        **({"key": key} if mine else {}),
        **{name: value for name, value in export.items() if name not in ("held", "rules")},
        "rules": [_brief(rule) for rule in export["rules"]],
    }


def _recalled(entry: Entry, export: dict[str, Any]) -> dict[str, Any]:
    known = {"sku", "photo_id", "key", "channel", "name", "sha256"}
    file = {name: value for name, value in _file(entry, export).items() if name in known}
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
