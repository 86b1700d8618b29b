"""Cutting a closed drop into lots of one segment, and lots into chunks: the same drop gives the same lots."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import Field

from packshot.learning.profiles import Profile
from packshot.plan.segments import choose, segments
from packshot.records import PhotoRecord, Record
from packshot.settings import PlanSettings


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


def references(photos: Iterable[PhotoRecord]) -> dict[str, list[PhotoRef]]:
    """Accepted photos by segment, in the order of SKU, view and number.

    ``<SKU>_inner`` photos are helpers of the other views of an apparel SKU; they join their lot after them.
    """
    records = sorted(photos, key=lambda p: (p.sku, p.view == INNER_VIEW, p.view, p.n, p.photo_id))
    inner = {p.sku: p for p in records if p.view == INNER_VIEW}
    worn = {p.sku for p in records if p.view != INNER_VIEW and (p.segment or choose(p).segment) == "apparel"}
    grouped: dict[str, list[PhotoRef]] = {}
    for photo in records:
        segment = photo.segment or choose(photo).segment
        inside = inner.get(photo.sku) if segment == "apparel" and photo.view != INNER_VIEW else None
        grouped.setdefault(segment, []).append(
            PhotoRef(
                photo_id=photo.photo_id,
                key=photo.key,
                version=photo.version,
                sha256=photo.sha256,
                sku=photo.sku,
                view=photo.view,
                n=photo.n,
                segment=segment,
                inner_key=inside.key if inside else "",
                inner_version=inside.version if inside else "",
                inner_sha256=inside.sha256 if inside else "",
                helper=photo.view == INNER_VIEW and photo.sku in worn,
            )
        )
    return grouped


def cut(
    drop: str, grouped: dict[str, list[PhotoRef]], settings: PlanSettings, profiles: Callable[[str], Profile]
) -> list[Lot]:
    """Lots of ``lot_min``..``lot_max`` photos where there are as many; a SKU stays within one lot if it can.

    A lot's id is made of its photos: the same photos in the same order give the same id.
    """
    lots = []
    for segment in sorted(grouped):
        profile = profiles(segment)
        for part in _even_parts(grouped[segment], settings.lot_max):
            digest = hashlib.sha256("".join(p.photo_id for p in part).encode()).hexdigest()[:8]
            lots.append(
                Lot(
                    drop=drop,
                    lot=f"{drop}-{segment}-{digest}",
                    segment=segment,
                    settings={**profile.settings(), **segments()[segment].settings},
                    profile_version=profile.version,
                    flag_threshold=profile.flag_threshold,
                    chunks=_chunks(part, settings),
                )
            )
    return lots


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


def _even_parts(photos: Sequence[PhotoRef], most: int) -> list[list[PhotoRef]]:
    """Parts of nearly equal size, at most ``most``: 230 photos make 77 + 77 + 76, not 100 + 100 + 30."""
    count = -(-len(photos) // most)
    size, more = divmod(len(photos), count)
    parts, start = [], 0
    for i in range(count):
        end = start + size + (i < more)
        parts.append(list(photos[start:end]))
        start = end
    return parts


def _chunks(photos: list[PhotoRef], settings: PlanSettings) -> list[list[PhotoRef]]:
    canary, rest = photos[: settings.canary_size], photos[settings.canary_size :]
    return [canary] + [rest[i : i + settings.chunk_size] for i in range(0, len(rest), settings.chunk_size)]
