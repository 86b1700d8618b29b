"""A drop's feeds: one table a channel that has one, and Amazon's image ZIP."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from typing import IO
from urllib.parse import quote

from packshot import keys
from packshot.export import inventory
from packshot.export.channels import ChannelRules
from packshot.export.feeds import FeedImage, Shown, amazon, build, rows_of
from packshot.export.manifest import Entry
from packshot.spool import Spool
from packshot.store import Store

ZIP_PHOTOS = 2000
"""More photos make several ZIPs: one must fit a function's disk and a person's upload form."""


def write_feeds(
    store: Store, public_url: str, drop: str, channels: list[ChannelRules], entries: Callable[[], Iterable[Entry]]
) -> dict[str, str]:
    """Write every channel's feed below ``feeds/<drop>/<channel>/``; SHA-256 by ``channel/name``.

    ``entries`` gives the drop's exported photos by SKU, as often as asked.
    """
    made: dict[str, str] = {}
    for channel in channels:
        table = build(channel, rows_of(_shown(public_url, drop, channel.channel, entries())))
        if table is not None:
            with tempfile.TemporaryFile() as file:
                if table.write(file):
                    made[f"{channel.channel}/{table.name}"] = _digest(file)
                    key = keys.feed_key(drop, channel.channel, table.name)
                    store.output.put_file(key, file, "text/plain; charset=utf-8")
        if channel.feed == "amazon":
            shown = _shown(public_url, drop, channel.channel, entries())
            made |= _zips(store, drop, channel.channel, ((item.image.name, item.image.sha256) for item in shown))
    return made


def tell_inventory(
    store: Store, public_url: str, drop: str, channels: list[ChannelRules], entries: Callable[[], Iterable[Entry]]
) -> None:
    """One event a product and channel on the bus, for inventory systems. A report that is made again tells again."""
    for channel in channels:
        rows = rows_of(_shown(public_url, drop, channel.channel, entries()))
        for batch in inventory.batches(channel.channel, drop, rows):
            store.bus.put(batch)


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    sha = hashlib.sha256()
    while block := file.read(1 << 20):
        sha.update(block)
    return sha.hexdigest()


def _shown(public_url: str, drop: str, channel: str, entries: Iterable[Entry]) -> Iterator[Shown]:
    for entry in entries:
        for export in entry.exports:
            if export["channel"] != channel or export["held"]:
                continue
            words, name = export["words"], export["name"]
            address = f"{public_url.rstrip('/')}/{quote(keys.export_key(channel, drop, name))}" if public_url else ""
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


def _zips(store: Store, drop: str, channel: str, files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Archives of at most ``ZIP_PHOTOS`` of these files (name, SHA-256); of names that differ by case alone each has
    another archive.
    """
    made = {}
    with Spool(2) as alike, Spool(2) as rounds:
        for name, sha in files:
            alike.add((name.casefold(), name), f"{name}\t{sha}")
        sizes: Counter[int] = Counter()
        for _, group in groupby(alike.bodies(), lambda row: row.split("\t")[0].casefold()):
            for turn, row in enumerate(group):
                rounds.add((turn, row), row)
                sizes[turn] += 1
        left = rounds.bodies()
        parts = [min(ZIP_PHOTOS, size - at) for _, size in sorted(sizes.items()) for at in range(0, size, ZIP_PHOTOS)]
        for number, size in enumerate(parts, 1):
            suffix = f"_{number}" if len(parts) > 1 else ""
            archive = amazon.NAME.replace(".zip", f"{suffix}.zip")
            made[f"{channel}/{archive}"] = _archived(store, drop, channel, archive, list(islice(left, size)))
    return made


def _archived(store: Store, drop: str, channel: str, archive: str, rows: list[str]) -> str:
    """SHA-256 of an archive, which is made unless it lies there with the same files in it: a report that ran out of its
    time goes on behind the archives that it has made.
    """
    key, of = keys.feed_key(drop, channel, archive), hashlib.sha256("\n".join(rows).encode()).hexdigest()
    there = store.output.metadata(key) or {}
    if there.get("files") == of:
        return there["sha256"]
    names = (row.split("\t")[0] for row in rows)
    with tempfile.TemporaryFile() as file:
        amazon.write_zip(file, ((n, store.output.get(keys.export_key(channel, drop, n)).body) for n in names))
        digest = _digest(file)
        store.output.put_file(key, file, "application/zip", {"files": of, "sha256": digest})
    return digest
