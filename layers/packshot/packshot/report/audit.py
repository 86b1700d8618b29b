"""The audit equation of a drop: rejected + exported + held + failed = dropped, from S3 and DynamoDB alone."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from pydantic import Field, computed_field

from packshot import keys
from packshot.ends import UNENDED
from packshot.records import DropRecord, PhotoRecord, Record, Status
from packshot.store import Store

MOST_NAMED = 100  # keys and records that an audit names; their number shows in the sums


class Audit(Record):
    """The audit equation: rejected + exported + held + failed = dropped."""

    drop: str
    dropped: int
    rejected: int = 0
    exported: int = 0
    held: int = 0
    failed: int = 0
    open: int = Field(default=0, description="on the way, at no end yet")
    unrecorded: list[str] = Field(default_factory=list, description="keys without a record")
    unknown: list[str] = Field(default_factory=list, description="records without a key")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def balanced(self) -> bool:
        """Whether every dropped photo has exactly one end, and every record its photo."""
        ended = self.rejected + self.exported + self.held + self.failed
        return ended == self.dropped and not (self.open or self.unrecorded or self.unknown)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def says(self) -> str:
        """The equation for people; photos on the way stand in it too, so that it shows what is missing."""
        terms = [f"{getattr(self, name)} {name}" for name in ("rejected", "exported", "held", "failed")]
        terms += [f"{self.open} on the way"] if self.open else []
        sums = self.rejected + self.exported + self.held + self.failed + self.open
        return f"{' + '.join(terms)} {'=' if sums == self.dropped else '≠'} {self.dropped} dropped"


class Count:
    """What was dropped (S3, deleted ones too), and how it ended (DynamoDB): counted as the photos' records pass by, so
    that who reads them anyway need not read them twice.

    Takes some 30 bytes of memory a photo. Raises LookupError when there is no such drop.
    """

    def __init__(self, store: Store, drop: str) -> None:
        record = store.drops.get(drop)
        if record is None:
            raise LookupError(f"there is no drop {drop}")
        self._store, self._drop = store, record
        self._dropped = np.unique(np.fromiter((int(name, 16) for name, _ in _dropped(store, record)), np.uint64))
        self._counts: Counter[str] = Counter()
        self._ids = array("Q")

    def passing(self, photos: Iterable[PhotoRecord]) -> Iterator[PhotoRecord]:
        """All photos of the drop, counted."""
        for photo in photos:
            self._counts["open" if photo.status in UNENDED else photo.status] += 1
            self._ids.append(int(photo.photo_id, 16))
            yield photo

    def audit(self) -> Audit:
        """The equation, once all have passed."""
        recorded = np.unique(np.array(self._ids, np.uint64))
        lost = {f"{name:016x}" for name in np.setdiff1d(self._dropped, recorded, assume_unique=True).tolist()}
        keys_lost = (key for name, key in _dropped(self._store, self._drop) if name in lost) if lost else ()
        unknown = np.setdiff1d(recorded, self._dropped, assume_unique=True)[:MOST_NAMED].tolist()
        return Audit(
            drop=self._drop.drop,
            dropped=len(self._dropped),
            rejected=self._counts[Status.REJECTED],
            exported=self._counts[Status.EXPORTED],
            held=self._counts[Status.HELD],
            failed=self._counts[Status.FAILED],
            open=self._counts["open"],
            unrecorded=list(islice(keys_lost, MOST_NAMED)),
            unknown=[f"{name:016x}" for name in unknown],
        )


def audit(store: Store, drop: str) -> Audit:
    """Count a drop, photo by photo. Raises LookupError when there is no such drop."""
    count = Count(store, drop)
    for _ in count.passing(store.photos.of_drop(drop, only=("status",))):
        continue
    return count.audit()


def _dropped(store: Store, drop: DropRecord) -> Iterator[tuple[str, str]]:
    """photo_id and key of every photo that was ever put below the drop's prefix, in the order of the keys."""
    for key in store.incoming.keys_ever(drop.prefix):
        parsed = keys.parse(key)
        if parsed is not None and parsed.drop == drop.drop and parsed.is_photo:
            yield parsed.photo_id, key
