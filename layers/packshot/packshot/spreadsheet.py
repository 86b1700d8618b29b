"""CSV as people's spreadsheets write it, streamed: whatever the encoding, the separator, the ends of lines."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 48_000_000
MOST_FIELD = 1_000_000  # characters between two separators, before a quote that does not close is given up
MOST_LINE = 2_000_000  # characters
_HEAD = 1 << 20  # bytes or characters looked at in one piece


class Unreadable(Exception):
    """The file is no table of text; the text says why."""


def rows(data: bytes) -> Reader:
    """The rows of a CSV file (UTF-8, UTF-16 with a mark, or Windows-1252; ``,``, ``;``, tab or ``|``).

    Raises Unreadable; while the rows are read, Unreadable or csv.Error.
    """
    text = _open(data)
    head = text.read(_HEAD)
    if not head.strip("\ufeff \r\n\t"):
        raise Unreadable("it is empty")
    text.seek(0)
    csv.field_size_limit(MOST_FIELD)
    return csv.reader(_lines(text), delimiter=_separator(head))


def _open(data: bytes) -> io.TextIOWrapper:
    """The file as text, decoded as it is read: UTF-8 or UTF-16 if all of it is, else Windows-1252."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{len(data):,} bytes; at most {MOST_BYTES:,} are read")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data[:4096]:
        raise Unreadable("it holds zero bytes: not a text file (a spreadsheet must be exported as CSV)")
    else:
        encoding = "utf-8-sig"
    if not _decodes(data, encoding):
        return io.TextIOWrapper(io.BytesIO(data), "cp1252", errors="replace", newline="")
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _HEAD):
            decoder.decode(data[start : start + _HEAD])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MOST_LINE):
        if len(line) == MOST_LINE:
            raise Unreadable(f"a line of {MOST_LINE:,} characters or more")
        yield line


def _separator(head: str) -> str:
    """The separator that the header row uses most; quoted parts do not count."""
    header = re.sub(r'"[^"]*"', "", next((line for line in head.splitlines() if line.strip()), ""))
    return max(",;\t|", key=header.count)
