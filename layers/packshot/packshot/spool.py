"""Rows on disk, handed back in order: for what must be sorted as a whole and does not fit in memory."""

from __future__ import annotations

import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

BATCH = 1000
CACHE_KB = 16_000


class Spool:
    """Rows of a text and the key by which they are wanted back, in a temporary SQLite file that goes with it.

    Some 30 MB of memory however many rows there are. The disk holds the rows twice while they are being sorted
    (a function's ``/tmp`` is set in the template). Keys are tuples of ``width`` texts or whole numbers, which sort
    as Python sorts them: texts by code point. ``packed`` deflates the texts: right for some kilobytes of JSON each.
    """

    def __init__(self, width: int, *, packed: bool = False) -> None:
        self._packed = packed
        self._file = tempfile.NamedTemporaryFile(prefix="spool-", suffix=".sqlite")  # noqa: SIM115 - closed in __exit__
        self._db = sqlite3.connect(self._file.name, isolation_level=None)
        for setting in (f"cache_size = -{CACHE_KB}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
            self._db.execute(f"PRAGMA {setting}")
        self._columns = ", ".join(f"k{i}" for i in range(width))
        self._db.execute(f"CREATE TABLE spool ({self._columns}, body)")
        self._add = f"INSERT INTO spool VALUES ({', '.join('?' * (width + 1))})"  # noqa: S608 - no data in it
        self._waiting: list[tuple[str | int | bytes, ...]] = []
        self._rows = 0

    def __enter__(self) -> Self:
        self._db.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._file.close()

    def __len__(self) -> int:
        return self._rows

    def add(self, key: tuple[str | int, ...], body: str) -> None:
        """Put a row by; two of the same key both stay."""
        data = body.encode("utf-8", "surrogatepass")
        data = zlib.compress(data, 1) if self._packed else data
        self._waiting.append((*(_sortable(part) for part in key), data))
        self._rows += 1
        if len(self._waiting) == BATCH:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany(self._add, self._waiting)
        self._waiting.clear()

    def bodies(self) -> Iterator[str]:
        """All texts in the order of their keys; those of equal keys as they were added."""
        self._flush()
        found = self._db.execute(f"SELECT body FROM spool ORDER BY {self._columns}, rowid")  # noqa: S608
        for (data,) in found:
            yield (zlib.decompress(data) if self._packed else data).decode("utf-8", "surrogatepass")


def _sortable(part: str | int) -> int | bytes:
    """Bytes compare as the code points of their text do, with lone surrogates and zero bytes too."""
    return part if isinstance(part, int) else part.encode("utf-8", "surrogatepass")
