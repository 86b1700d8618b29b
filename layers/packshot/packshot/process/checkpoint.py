"""What process leaves behind for each photo, and how a retry knows what is done.

A photo's recipe is the hash of everything that its result depends on. Results carry it: the same recipe is
never worked twice, another one is. Mattes are kept by content, so that the same bytes in another drop, or the
same photo with another shadow, need no network.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

from pydantic import Field

from packshot import keys
from packshot.imaging.cutout import CutOut, RawMatte, Settings
from packshot.imaging.onscreen import reduced, webp
from packshot.imaging.png import decode_png, encode_png
from packshot.records import Record, stored
from packshot.store import Store
from packshot.store.objects import Missing

PREVIEW_SIDES = (1200, 1600)
CODE_VERSION = 11
"""Raised when the imaging code changes what it makes of the same photo: old results are then made again."""


class Result(Record):
    """``measurements.json``: the checkpoint of one photo, written last."""

    photo_id: str
    recipe: str
    engine: dict[str, str] = Field(description="runtime and models, with their hashes")
    settings: dict[str, Any]
    profile_version: int
    way: str
    altered: bool
    notes: list[str]
    width: int
    height: int
    measurements: dict[str, float]
    seconds: dict[str, float] = Field(description="wall time by step; not part of what must repeat")


def digest(*parts: Any) -> str:
    """16 hex digits that stand for JSON-able parts."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def recipe(sha256: str, inner_sha256: str, segment: str, settings: Settings, engine: dict[str, str]) -> str:
    """The hash of all that a photo's result depends on."""
    return digest(CODE_VERSION, sha256, inner_sha256, segment, settings.to_dict(), engine)


def preview_side(side: int) -> int:
    """The longest side of the desk's first look, px, for a photo of this longest side.

    A whole part of it if that lies within the bounds, which is made several times quicker; else the larger bound.
    """
    least, most = PREVIEW_SIDES
    part = side // -(-side // most)
    return part if part >= least else most


class Mattes:
    """Raw mattes in the work bucket, by content of the photo and by everything else that made them."""

    def __init__(self, store: Store, engine: dict[str, str]) -> None:
        self.store, self.engine = store, engine

    def _key(self, sha256: str, inner_sha256: str, segment: str, settings: Settings) -> str:
        what = digest(CODE_VERSION, inner_sha256, segment, settings.matte_settings(), self.engine)
        return f"mattes/{sha256[:2]}/{sha256}/{what}.zip"

    def get(self, sha256: str, inner_sha256: str, segment: str, settings: Settings) -> RawMatte | None:
        """The matte, if it was made before."""
        try:
            kept = self.store.work.get(self._key(sha256, inner_sha256, segment, settings)).body
        except Missing:
            return None
        with zipfile.ZipFile(io.BytesIO(kept)) as parts:
            return RawMatte.from_parts(decode_png(parts.read("matte.png")), json.loads(parts.read("facts.json")))

    def put(self, sha256: str, inner_sha256: str, segment: str, settings: Settings, raw: RawMatte) -> None:
        """Keep a matte with its facts, in one object: the one is nothing without the other."""
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as parts:
            for name, part in (("matte.png", encode_png(raw.matte)), ("facts.json", json.dumps(raw.facts()))):
                parts.writestr(zipfile.ZipInfo(name), part)
        self.store.work.put(self._key(sha256, inner_sha256, segment, settings), kept.getvalue(), "application/zip")


def read_result(store: Store, drop: str, photo: str) -> Result | None:
    """A photo's checkpoint, or None."""
    try:
        return stored(Result, store.work.get_json(keys.photo_key(drop, photo, "measurements.json")))
    except Missing:
        return None


def write_result(store: Store, drop: str, result: Result, cut: CutOut) -> None:
    """Write the pictures, then the checkpoint that says that they are there."""

    def key(name: str) -> str:
        return keys.photo_key(drop, result.photo_id, name)

    store.work.put(key("master.png"), encode_png(cut.master), "image/png")
    store.work.put(key("matte.png"), encode_png(cut.matte), "image/png")
    if cut.shadow is not None:
        store.work.put(key("shadow.png"), encode_png(cut.shadow), "image/png")
    else:
        store.work.delete(key("shadow.png"))  # an earlier recipe may have had one
    side = preview_side(max(cut.master.shape[:2]))
    store.work.put(key("preview.webp"), webp(reduced(cut.master, side), 75), "image/webp")
    store.work.put_json(key("measurements.json"), result.model_dump())
