"""A made-up drop of any size: four views a product, some duplicates, some names twice, some without metadata."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.scale_cloud import open_cloud
from packshot import keys
from packshot.export.chunk import ExportSheet
from packshot.export.exported import ExportMeta
from packshot.export.stage import export_photo
from packshot.intake import catalog, metadata
from packshot.records import CatalogEntry, PhotoRecord, Preflight, Status
from packshot.store.records_table import RecordsTable

DROP = "million"
PREFIX = f"{keys.INCOMING}{DROP}/"
VIEWS = ("back", "front", "side", "top")
CATEGORIES = ("Kitchen", "Apparel", "Jewellery", "Home", "Toys", "Shoes")
SKU, PHOTO, KEY, VIEW, SHA, SHARD = "@SKU@", "@PHOTO@", "@KEY@", "@VIEW@", "@SHA@", "@SHARD@"
REPLAY = Path(__file__).parent / "data" / "replay.jsonl.gz"
BATCH = 5000


class Drop:
    """The drop, its records and all that its stages read but nobody wrote."""

    def __init__(self, path: Path, records: int) -> None:
        self.records = records
        self.store, self.disk = open_cloud(path, self._incoming, self._made)

    def _files(self) -> Iterator[tuple[int, str, str, str]]:
        """Number, SKU, view and file of every photo, in S3's order; each fiftieth photo's name is taken twice."""
        for i in range(self.records):
            sku, view = f"SKU-{i // 4:07d}", VIEWS[i % 4]
            if i % 100 == 51:
                yield i, sku, VIEWS[i % 4 - 1], f"{sku}_{VIEWS[i % 4 - 1]}_1.jpg"
            else:
                yield i, sku, view, f"{sku}_{view}.jpg"

    def _incoming(self) -> Iterator[tuple[str, int]]:
        for _, _, _, file in self._files():
            yield PREFIX + file, 2_000_000
        yield PREFIX + keys.CATALOG, 1

    def _catalog(self) -> bytes:
        rows = ["sku,title,category,material,brand,description"]
        for n in range(-(-self.records // 4)):
            if n % 100:  # each hundredth product is unknown
                sku = f"SKU-{n:07d}"
                rows.append(f"{sku},Mug {sku},{CATEGORIES[n % 6]},ceramic,Acme,A thing that holds what is put into it")
        return "\n".join(rows).encode()

    def _made(self, key: str) -> bytes | None:
        if key == PREFIX + keys.CATALOG:
            return self._catalog()
        photo, _, name = key.removeprefix(f"photos/{DROP}/").partition("/")
        if name == "measurements.json":
            return self._results[int(photo, 16) % len(self._results)]
        if key.startswith(sheets := f"sheets/{DROP}/"):
            return self._sheet.replace(b"@PHOTO@", key.removeprefix(sheets).removesuffix(".json").encode())
        return None

    @cached_property
    def _results(self) -> list[bytes]:
        """Measurements of photos that were really measured, one in ten of them spoiled."""
        rows = [json.loads(line) for line in gzip.decompress(REPLAY.read_bytes()).splitlines()]
        good, bad = ([r for r in rows if (r["damage"] != "none") == spoiled] for spoiled in (False, True))
        mixed = [(bad if i % 10 == 0 else good)[i % len(bad if i % 10 == 0 else good)] for i in range(500)]
        return [
            json.dumps({"measurements": r["measurements"], "altered": False, "way": "fast", "notes": []}).encode()
            for r in mixed
        ]

    @cached_property
    def _sheet(self) -> bytes:
        """A photo's sheet, as export writes it for two channels."""
        master = np.zeros((600, 600, 4), np.uint8)
        master[100:500, 100:500] = (120, 60, 30, 255)
        entry = CatalogEntry(sku="SKU", title="Mug", category="Kitchen", description="A thing", brand="Acme")
        meta = ExportMeta(catalog=entry, sku="SKU", view="front", n=1, segment="general", altered=False)
        done = export_photo(master, None, meta, ["shopify", "google"], dt.date(2026, 1, 1))
        sheet = ExportSheet(photo_id=PHOTO, exports=[item.record() for item in done])
        for export in sheet.exports:
            export["name"] = f"{PHOTO}.jpg"
            export["held"] = None
        return sheet.model_dump_json().encode()

    def make(self) -> dict[str, Any]:
        """Write the drop's record and those of its photos: half of them wait for the catalogue, half have it."""
        self.store.drops.open(DROP, PREFIX)
        self.store.drops.touch(DROP, ready=True)
        known = catalog.read(self._catalog(), "e")
        waiting, accepted = self._wire(None), {c: self._wire(known, n) for n, c in enumerate(CATEGORIES, 1)}
        unknown = self._wire(catalog.Catalog("e"))
        batch: list[tuple[str, str, str, str]] = []
        for i, sku, view, file in self._files():
            photo = keys.photo_id(PREFIX + file)
            late = i % 2 == 0
            wire = waiting if late else unknown if (i // 4) % 100 == 0 else accepted[CATEGORIES[i // 4 % 6]]
            sha = f"{(i - (i % 100 == 10)) * 0x9E3779B97F4A7C15 % (1 << 64):016x}" * 4
            body = wire.replace(SKU, sku).replace(PHOTO, photo).replace(KEY, file).replace(VIEW, view)
            shard = f"{DROP}#{photo[0]}"
            batch.append(("photos", shard, photo, body.replace(SHA, sha).replace(SHARD, shard)))
            if len(batch) == BATCH:
                self._insert(batch)
        self._insert(batch)
        return {"bytes_a_record": len(waiting)}

    def _insert(self, batch: list[tuple[str, str, str, str]]) -> None:
        self.disk.db.execute("BEGIN")
        self.disk.db.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", batch)
        self.disk.db.execute("COMMIT")
        batch.clear()

    def _wire(self, known: catalog.Catalog | None, n: int = 1) -> str:
        """A record as DynamoDB keeps it, with marks where photos differ."""
        entry = None
        if known is not None:
            told = metadata.merge(f"SKU-{n:07d}", {}, known).model_dump_json().replace(f"SKU-{n:07d}", SKU)
            entry = CatalogEntry.model_validate_json(told)
        complete = entry is not None and not metadata.missing(entry)
        seen = Preflight(
            background_evenness=0.9, background_colour=(250, 250, 250), contrast=40, specular=0.02, transparency=0.1,
            texture=0.2, sharpness=330, clipped=0.01, colour_family="blue", touches_frame=False,
            suggested_segment="general",
        )  # fmt: skip
        record = PhotoRecord(
            drop=DROP, photo_id=PHOTO, key=PREFIX + KEY, file=KEY, version="v" * 32, sequencer="0" * 16,
            bytes=2_000_000, sha256=SHA, width=2400, height=1800, sku=SKU, view=VIEW, catalog=entry,
            catalog_etag="e" if entry else "", preflight=seen,
            source_metadata={"exif": {"Make": "Canon", "Model": "EOS R5", "FNumber": 8.0, "ISOSpeedRatings": 100}},
            status=Status.ACCEPTED if complete else Status.WAITING,
        )  # fmt: skip
        table = RecordsTable(self.store.photos.client, "photos", PhotoRecord)
        return json.dumps(table._item({"pk": SHARD, "sk": PHOTO}, record, {"order": "0" * 40}))

    def export(self) -> None:
        """Note every photo that is on its way as exported, without a file."""
        exports = {"M": {name: {"S": f"exports/{name}/{DROP}/@.jpg"} for name in ("shopify", "google")}}
        ended = f'"status": {{"S": "exported"}}, "exports": {json.dumps(exports)}, "x": {{"S": "'
        with self.disk.lock:
            self.disk.db.execute(
                """UPDATE items SET body = replace(replace(replace(body, '"exports": {"M": {}}', '"y": {"S": ""}'),
                   '"status": {"S": "accepted"}', ? || '"}'), '@.jpg', sk || '.jpg')
                   WHERE t = 'photos'""",
                (ended,),
            )
            self.disk.db.execute(
                """UPDATE items SET body = replace(body, '"status": {"S": "planned"}', '"status": {"S": "exported"}')
                   WHERE t = 'lots'"""
            )
