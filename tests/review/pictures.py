"""Photos of a vase that nobody sells, with its true matte, through the real imaging code."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from packshot import keys
from packshot.imaging.cutout import CutOut, RawMatte, Settings, finish
from packshot.imaging.decode import decode
from packshot.imaging.measure import measure
from packshot.plan.lots import Lot, PhotoRef
from packshot.process.checkpoint import Mattes, Result, write_result
from packshot.records import PhotoRecord
from packshot.store import Store
from packshot.store.objects import Missing

ENGINE = {"network": "drawn"}


def photo_and_matte(colour: tuple[int, int, int], width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A vase on a backdrop that falls off (uint8 HxWx3), and its soft matte (uint8 HxW)."""
    matte = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(matte)
    x, y = width / 2, height / 2
    unit = min(width, height)
    draw.ellipse((x - unit * 0.2, y - unit * 0.14, x + unit * 0.2, y + unit * 0.34), fill=255)
    draw.rectangle((x - unit * 0.07, y - unit * 0.34, x + unit * 0.07, y), fill=255)
    draw.ellipse((x - unit * 0.12, y - unit * 0.4, x + unit * 0.12, y - unit * 0.3), fill=255)
    matte = matte.filter(ImageFilter.GaussianBlur(unit / 900))
    alpha = np.asarray(matte, np.float32)[..., None] / 255
    rows = np.linspace(232, 196, height, dtype=np.float32)[:, None, None]
    backdrop = np.broadcast_to(rows, (height, width, 3)) * (0.99, 1.0, 1.01)
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    product = np.array(colour, np.float32) * (1.15 - 0.5 * columns * columns - 0.35 * columns)
    noise = np.random.default_rng(7).normal(0, 1.5, (height, width, 1)).astype(np.float32)
    mixed = backdrop * (1 - alpha) + product * alpha + noise
    return np.clip(mixed, 0, 255).astype(np.uint8), np.asarray(matte)


@cache
def worked(colour: tuple[int, int, int], width: int, height: int) -> tuple[bytes, np.ndarray, CutOut, dict[str, float]]:
    """The source as JPEG, its raw matte, the cut-out and its measurements; made once for all drops of a run."""
    rgb, alpha = photo_and_matte(colour, width, height)
    source = io.BytesIO()
    Image.fromarray(rgb).save(source, "JPEG", quality=92)
    rgb = decode(source.getvalue()).rgb
    cut = finish(rgb, RawMatte(alpha, "fast"), "general", Settings())
    return source.getvalue(), alpha, cut, measure(rgb, cut.matte, cut.master, cut.shadow, cut.measurements, None)


def paint_results(store: Store, photo: PhotoRecord, colour: tuple[int, int, int], width: int, height: int) -> None:
    """Write the source, its raw matte, and master, matte, shadow, previews and checkpoint as process does."""
    source, alpha, cut, numbers = worked(colour, width, height)
    store.incoming.put(photo.key, source, "image/jpeg")
    settings = Settings()
    sha256 = photo.photo_id * 4
    Mattes(store, ENGINE).put(sha256, "", photo.segment, settings, RawMatte(alpha, "fast"))
    result = Result(
        photo_id=photo.photo_id,
        recipe="drawn",
        engine=ENGINE,
        settings=settings.to_dict(),
        profile_version=0,
        way="fast",
        altered=False,
        notes=[],
        width=width,
        height=height,
        measurements=numbers,
        seconds={},
    )
    write_result(store, photo.drop, result, cut)
    _plan(store, photo, sha256)


def _plan(store: Store, photo: PhotoRecord, sha256: str) -> None:
    """Add the photo to its lot's file."""
    ref = PhotoRef(
        photo_id=photo.photo_id,
        key=photo.key,
        sha256=sha256,
        sku=photo.sku,
        view=photo.view,
        segment=photo.segment,
    )
    key = keys.lot_key(photo.drop, photo.lot)
    try:
        lot = Lot.model_validate(store.work.get_json(key))
        lot = lot.model_copy(update={"chunks": [[*lot.chunks[0], ref]]})
    except Missing:
        lot = Lot(drop=photo.drop, lot=photo.lot, segment=photo.segment, settings={}, chunks=[[ref]])
    store.work.put_json(key, lot.model_dump())
