"""The audit equation of a drop: rejected + exported + held + failed = dropped, from S3 and DynamoDB alone."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
from pydantic import Field, computed_field

from packshot import keys
from packshot.ends import UNENDED
from packshot.records import DropRecord, Record, Status
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


def audit(store: Store, drop: str) -> Audit:
    """Count what was dropped (S3, deleted ones too) and how it ended (DynamoDB), photo by photo.

    Takes some 30 bytes of memory a photo.

    Raises LookupError when there is no such drop.
    """
    record = store.drops.get(drop)
    if record is None:
        raise LookupError(f"there is no drop {drop}")
    dropped = np.unique(np.fromiter((int(name, 16) for name, _ in _dropped(store, record)), np.uint64))
    counts: Counter[str] = Counter()
    ids = array("Q")
    for photo in store.photos.of_drop(drop, only=("status",)):
        counts["open" if photo.status in UNENDED else photo.status] += 1
        ids.append(int(photo.photo_id, 16))
    recorded = np.unique(np.array(ids, np.uint64))
    lost = {f"{name:016x}" for name in np.setdiff1d(dropped, recorded, assume_unique=True).tolist()}
    told = islice((key for name, key in _dropped(store, record) if name in lost), MOST_NAMED) if lost else ()
    return Audit(
        drop=drop,
        dropped=len(dropped),
        rejected=counts[Status.REJECTED],
        exported=counts[Status.EXPORTED],
        held=counts[Status.HELD],
        failed=counts[Status.FAILED],
        open=counts["open"],
        unrecorded=list(told),
        unknown=[f"{name:016x}" for name in np.setdiff1d(recorded, dropped, assume_unique=True)[:MOST_NAMED].tolist()],
    )


def _dropped(store: Store, drop: DropRecord) -> Iterator[tuple[str, str]]:
    """photo_id and key of every photo that was ever put below the drop's prefix, in the order of the keys."""
    for key in store.incoming.keys_ever(drop.prefix):
        parsed = keys.parse(key)
        if parsed is not None and parsed.drop == drop.drop and parsed.is_photo:
            yield parsed.photo_id, key
