"""Every S3 key that packshot reads or writes, built and parsed in one place.

Incoming keys are data from strangers: spaces, unicode, ``%``, ``+`` and ``..`` mean nothing here. A drop's
name and a photo's key are turned into ids that are safe in keys, execution names and file systems.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

INCOMING = "incoming/"
READY = "_READY"
CATALOG = "catalog.csv"
LONGEST = 1024  # bytes of UTF-8
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class DropKey:
    """An incoming key taken apart: ``incoming/<drop_name>/<file>``."""

    key: str
    drop_name: str
    file: str

    @property
    def drop(self) -> str:
        """The drop's safe id, at most 40 characters of ``[A-Za-z0-9_-]``."""
        return drop_id(self.drop_name)

    @property
    def prefix(self) -> str:
        """The S3 prefix of everything in this drop."""
        return f"{INCOMING}{self.drop_name}/"

    @property
    def photo_id(self) -> str:
        """16 hex digits that stand for this key for ever."""
        return photo_id(self.key)

    @property
    def is_ready(self) -> bool:
        """True for the marker that says: the drop is complete."""
        return self.file == READY

    @property
    def is_catalog(self) -> bool:
        """True for the drop's catalogue."""
        return self.file == CATALOG

    @property
    def is_photo(self) -> bool:
        """True for whatever counts as dropped: all but the control files and folder markers."""
        return bool(self.file) and not self.file.endswith("/") and not (self.is_ready or self.is_catalog)


def parse(key: str) -> DropKey | None:
    """Take an unquoted S3 key apart; None when it does not lie below ``incoming/``.

    A photo that lies directly in ``incoming/`` belongs to the drop with the empty name, id ``_loose``.
    """
    if not key.startswith(INCOMING):
        return None
    name, slash, file = key[len(INCOMING) :].partition("/")
    return DropKey(key, name, file) if slash else DropKey(key, "", name)


def drop_id(name: str) -> str:
    """A safe, stable id for a drop's name: itself if harmless, else a slug with a hash (no collisions)."""
    if _SAFE.fullmatch(name):
        return name
    if not name:
        return "_loose"
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:24] or "drop"
    return f"{slug}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def photo_id(key: str) -> str:
    """16 hex digits of the key's SHA-256: the photo's identity, whatever its versions."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def lots_key(drop: str, run: str) -> str:
    """Work bucket: the items of the distributed Map (a JSON array of lot items)."""
    return f"plans/{drop}/{run}/lots.json"


def lot_key(drop: str, lot: str) -> str:
    """Work bucket: one lot's photos and settings."""
    return f"plans/{drop}/lots/{lot}.json"


def photo_key(drop: str, photo: str, name: str) -> str:
    """Work bucket: a working file of one photo, e.g. ``master.png``, ``measurements.json``."""
    return f"photos/{drop}/{photo}/{name}"


def rejected_key(drop: str, photo: str) -> str:
    """Output bucket: why a photo was rejected."""
    return f"rejected/{drop}/{photo}.json"


def export_key(channel: str, drop: str, name: str) -> str:
    """Output bucket: one exported file."""
    return f"exports/{channel}/{drop}/{name}"


def sheet_key(drop: str, photo: str) -> str:
    """Output bucket: what export made of one photo, for the report; kept as long as the files it tells of."""
    return f"sheets/{drop}/{photo}.json"


def report_key(drop: str, name: str) -> str:
    """Output bucket: the drop's report files (report.json, manifest.json, rejected.csv)."""
    return f"reports/{drop}/{name}"


def feed_key(drop: str, channel: str, name: str) -> str:
    """Output bucket: one feed of a channel."""
    return f"feeds/{drop}/{channel}/{name}"
