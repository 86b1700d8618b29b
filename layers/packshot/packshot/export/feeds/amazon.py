"""Amazon's image ZIP: the files side by side under their ASIN.CODE names, streamed, never held in memory."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable
from typing import IO

NAME = "amazon_images.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: the same files give the same bytes


def write_zip(target: IO[bytes], files: Iterable[tuple[str, IO[bytes] | bytes]]) -> list[str]:
    """Stream files into a ZIP, stored and not deflated: JPEG does not shrink.

    Args:
        target: where the archive goes; need not be seekable.
        files: (name, bytes or open binary file), read one after another.

    Returns:
        The names in the archive, in order.

    Raises:
        ValueError: a name twice, or one that is not a plain file name.
    """
    names: list[str] = []
    seen: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
                raise ValueError(f"{name!r} is no plain file name")
            if name.casefold() in seen:
                raise ValueError(f"{name!r} is twice in the archive")
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            with archive.open(info, "w") as entry:
                if isinstance(content, bytes):
                    entry.write(content)
                else:
                    shutil.copyfileobj(content, entry, 1 << 20)
            names.append(name)
            seen.add(name.casefold())
    return names
