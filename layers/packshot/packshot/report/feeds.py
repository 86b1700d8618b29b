"""A drop's feeds: one table a channel that has one, and Amazon's image ZIP."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from urllib.parse import quote

from packshot import keys
from packshot.export import inventory
from packshot.export.channels import ChannelRules
from packshot.export.feeds import FeedImage, Shown, amazon, build, rows_of
from packshot.export.manifest import Entry
from packshot.store import Store

ZIP_PHOTOS = 2000
"""More photos make several ZIPs: one must fit a function's disk and a person's upload form."""


def write_feeds(
    store: Store, public_url: str, drop: str, channels: list[ChannelRules], entries: list[Entry]
) -> dict[str, str]:
    """Write every channel's feed below ``feeds/<drop>/<channel>/``; SHA-256 by ``channel/name``."""
    made: dict[str, str] = {}
    for channel in channels:
        shown = list(_shown(public_url, drop, channel.channel, entries))
        for name, data in build(channel, rows_of(shown)).items():
            store.output.put(keys.feed_key(drop, channel.channel, name), data, "text/plain; charset=utf-8")
            made[f"{channel.channel}/{name}"] = hashlib.sha256(data).hexdigest()
        if channel.feed == "amazon":
            made |= _zips(store, drop, channel.channel, sorted(item.image.name for item in shown))
    return made


def tell_inventory(
    store: Store, public_url: str, drop: str, channels: list[ChannelRules], entries: list[Entry]
) -> None:
    """One event a product and channel on the bus, for inventory systems. A report that is made again tells again."""
    for channel in channels:
        rows = rows_of(_shown(public_url, drop, channel.channel, entries))
        for batch in inventory.batches(channel.channel, drop, rows):
            store.bus.put(batch)


def _shown(public_url: str, drop: str, channel: str, entries: list[Entry]) -> Iterator[Shown]:
    for entry in entries:
        for export in entry.exports:
            if export["channel"] != channel or export["held"]:
                continue
            words, name = export["words"], export["name"]
            address = (
                f"{public_url.rstrip('/')}/{quote(keys.export_key(channel, drop, name))}"
                if public_url
                else ""
            )
            yield Shown(
                catalog=entry.catalog,
                image=FeedImage(
                    name=name, url=address, view=entry.view, n=entry.n, main=export["main"],
                    alt_text=words["alt_text"], sha256=export["sha256"],
                ),
                title=words["title"],
                description=words.get("description", ""),
                keywords=words.get("keywords", []),
                colour=words.get("colour", ""),
            )  # fmt: skip


def _parts(names: list[str]) -> list[list[str]]:
    """The names in archives of at most ``ZIP_PHOTOS``; of names that differ by case alone each has another archive."""
    parts: list[dict[str, str]] = []
    room: list[dict[str, str]] = []  # those of them that are not full
    for name in names:
        part = next((part for part in room if name.casefold() not in part), None)
        if part is None:
            part = {}
            parts.append(part)
            room.append(part)
        part[name.casefold()] = name
        room = [part for part in room if len(part) < ZIP_PHOTOS]
    return [list(part.values()) for part in parts]


def _zips(store: Store, drop: str, channel: str, names: list[str]) -> dict[str, str]:
    made = {}
    parts = _parts(names)
    for number, part in enumerate(parts, 1):
        suffix = f"_{number}" if len(parts) > 1 else ""
        name = amazon.NAME.replace(".zip", f"{suffix}.zip")
        with tempfile.TemporaryFile() as file:
            amazon.write_zip(
                file, ((n, store.output.get(keys.export_key(channel, drop, n)).body) for n in part)
            )
            file.seek(0)
            made[f"{channel}/{name}"] = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            store.output.put(keys.feed_key(drop, channel, name), file, "application/zip")
    return made
