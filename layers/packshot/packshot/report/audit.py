"""The audit equation of a drop: rejected + exported + held + failed = dropped, from S3 and DynamoDB alone."""

from __future__ import annotations

from collections import Counter

from pydantic import Field, computed_field

from packshot import keys
from packshot.ends import UNENDED
from packshot.records import Record, Status
from packshot.store import Store


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

    Raises LookupError when there is no such drop.
    """
    record = store.drops.get(drop)
    if record is None:
        raise LookupError(f"there is no drop {drop}")
    dropped: dict[str, str] = {}
    for key in store.incoming.keys_ever(record.prefix):
        parsed = keys.parse(key)
        if parsed is not None and parsed.drop == drop and parsed.is_photo:
            dropped[parsed.photo_id] = key
    counts: Counter[str] = Counter()
    recorded = set()
    for photo in store.photos.of_drop(drop):
        counts["open" if photo.status in UNENDED else photo.status] += 1
        recorded.add(photo.photo_id)
    return Audit(
        drop=drop,
        dropped=len(dropped),
        rejected=counts[Status.REJECTED],
        exported=counts[Status.EXPORTED],
        held=counts[Status.HELD],
        failed=counts[Status.FAILED],
        open=counts["open"],
        unrecorded=sorted(dropped[name] for name in dropped.keys() - recorded)[:100],
        unknown=sorted(recorded - dropped.keys())[:100],
    )
