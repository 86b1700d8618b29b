"""Cutting a closed drop into lots of one segment, and lots into chunks: the same drop gives the same lots."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from typing import Any

from pydantic import Field

from packshot.learning.profiles import Profile
from packshot.plan.segments import choose, segments
from packshot.records import PhotoRecord, Record
from packshot.settings import PlanSettings
from packshot.spool import Spool


class PhotoRef(Record):
    """What process needs to know of a photo, so that it need not ask the table."""

    photo_id: str
    key: str
    version: str = ""
    sha256: str
    sku: str
    view: str
    n: int = 1
    segment: str
    inner_key: str = Field(default="", description="key of <SKU>_inner, the inside of the garment")
    inner_version: str = ""
    inner_sha256: str = ""
    helper: bool = Field(default=False, description="an inner photo: used for other views, no cut-out of its own")


class Lot(Record):
    """One lot as written to S3: its photos in chunks; chunk 0 is the canary."""

    drop: str
    lot: str
    segment: str
    settings: dict[str, Any] = Field(description="fields of the cut-out's settings")
    profile_version: int = 0
    flag_threshold: float = Field(default=0.3, ge=0, le=1, description="error score from which on is flagged")
    chunks: list[list[PhotoRef]]

    @property
    def photos(self) -> list[PhotoRef]:
        """All photos of the lot, canary first."""
        return [photo for chunk in self.chunks for photo in chunk]


class LotItem(Record):
    """One item of the distributed Map: ids and numbers only."""

    drop: str
    lot: str
    attempt: int = 0
    chunks: list[int] = Field(description="the chunks after the canary")
    all_chunks: list[int]
    chunk_concurrency: int
    review_seconds: int


INNER_VIEW = "inner"


def cut(
    drop: str, photos: Iterable[PhotoRecord], settings: PlanSettings, profiles: Callable[[str], Profile]
) -> Iterator[Lot]:
    """Lots of ``lot_min``..``lot_max`` photos where there are as many, by segment; a SKU stays within one lot if it
    can. A lot's id is made of its photos: the same photos, in whatever order they come, give the same lots. Segments
    come in the order of `segments.yaml`, the slow ones first: a long one begun last would keep a drop waiting.

    Photos go through files in the place for temporary files; in memory are those of one SKU and one lot.
    """
    with ExitStack() as files:
        by_sku = files.enter_context(Spool(5))
        for photo in photos:
            by_sku.add((photo.sku, photo.view == INNER_VIEW, photo.view, photo.n, photo.photo_id), _reference(photo))
        by_segment = files.enter_context(Spool(2))
        sizes: Counter[str] = Counter()
        rank = {segment: place for place, segment in enumerate(segments())}
        found = (PhotoRef.model_validate_json(body) for body in by_sku.bodies())
        for _, group in groupby(found, lambda ref: ref.sku):
            for ref in _of_one_sku(list(group)):
                by_segment.add((rank[ref.segment], sizes[ref.segment]), ref.model_dump_json())
                sizes[ref.segment] += 1
        ordered = (PhotoRef.model_validate_json(body) for body in by_segment.bodies())
        for segment in sorted(sizes, key=rank.__getitem__):
            profile = profiles(segment)
            for size in _even_sizes(sizes[segment], settings.lot_max):
                yield _lot(drop, segment, list(islice(ordered, size)), profile, settings)


def _reference(photo: PhotoRecord) -> str:
    return PhotoRef(
        photo_id=photo.photo_id, key=photo.key, version=photo.version, sha256=photo.sha256, sku=photo.sku,
        view=photo.view, n=photo.n, segment=photo.segment or choose(photo).segment,
    ).model_dump_json()  # fmt: skip


def _of_one_sku(photos: list[PhotoRef]) -> list[PhotoRef]:
    """A SKU's photos in order; its ``inner`` one serves its apparel views as their inside, and comes last."""
    inner = next((ref for ref in reversed(photos) if ref.view == INNER_VIEW), None)
    worn = [ref for ref in photos if ref.view != INNER_VIEW and ref.segment == "apparel"]
    if inner is None or not worn:
        return photos
    for ref in worn:
        ref.inner_key, ref.inner_version, ref.inner_sha256 = inner.key, inner.version, inner.sha256
    for ref in photos:
        ref.helper = ref.view == INNER_VIEW
    return photos


def _lot(drop: str, segment: str, part: list[PhotoRef], profile: Profile, settings: PlanSettings) -> Lot:
    digest = hashlib.sha256("".join(ref.photo_id for ref in part).encode()).hexdigest()[:8]
    return Lot(
        drop=drop,
        lot=f"{drop}-{segment}-{digest}",
        segment=segment,
        settings={**profile.settings(), **segments()[segment].settings},
        profile_version=profile.version,
        flag_threshold=profile.flag_threshold,
        chunks=_chunks(part, settings),
    )


def width(lots: int, settings: PlanSettings) -> int:
    """Chunks of one lot at once, so that all lots together ask for no more workers than there are.

    Asking for more is no gain: the calls are refused, tried again and again, and in the end given up.
    """
    return max(1, min(settings.chunk_concurrency, settings.workers // max(1, min(lots, settings.lot_concurrency))))


def item(lot: Lot, settings: PlanSettings) -> LotItem:
    """The Map's item for a lot."""
    numbers = list(range(len(lot.chunks)))
    return LotItem(
        drop=lot.drop,
        lot=lot.lot,
        chunks=numbers[1:],
        all_chunks=numbers,
        chunk_concurrency=settings.chunk_concurrency,
        review_seconds=int(settings.review_days * 86400),
    )


def _even_sizes(photos: int, most: int) -> Iterator[int]:
    """Sizes that are nearly equal, at most ``most``: 230 photos make 77 + 77 + 76, not 100 + 100 + 30."""
    count = -(-photos // most)
    size, more = divmod(photos, count)
    for i in range(count):
        yield size + (i < more)


def _chunks(photos: list[PhotoRef], settings: PlanSettings) -> list[list[PhotoRef]]:
    canary, rest = photos[: settings.canary_size], photos[settings.canary_size :]
    return [canary] + [rest[i : i + settings.chunk_size] for i in range(0, len(rest), settings.chunk_size)]
