"""S3 object bodies on disk without a file descriptor each."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends


class DiskBuffer:
    """As much of `tempfile.SpooledTemporaryFile` as moto uses: bytes in memory, beyond `max_size` in a file.

    The file is open only while it is read or written, and gone with the buffer.
    """

    directory: ClassVar[Path | None] = None
    """Where the files go; None for the system's place for temporary files."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._memory = io.BytesIO()
        self._path: Path | None = None
        self._position = 0

    def seek(self, position: int) -> None:
        """Set the position from the start, in bytes."""
        self._position = position

    def truncate(self) -> None:
        """Cut off at the current position; moto only ever empties the whole."""
        if self._position:
            raise NotImplementedError("DiskBuffer can only be emptied")
        self._forget_file()
        self._memory = io.BytesIO()

    def write(self, data: bytes) -> None:
        """Write at the position and go on behind it."""
        if self._path is None and self._position + len(data) <= self._max_size:
            self._memory.seek(self._position)
            self._memory.write(data)
        else:
            self._write_to_file(data)
        self._position += len(data)

    def _write_to_file(self, data: bytes) -> None:
        if self._path is None:
            handle, name = tempfile.mkstemp(prefix="object-", dir=self.directory)
            self._path = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(self._memory.getvalue())
            self._memory = io.BytesIO()
        with self._path.open("r+b") as file:
            file.seek(self._position)
            file.write(data)

    def read(self, size: int = -1) -> bytes:
        """Read `size` bytes from the position, all the rest when negative."""
        if self._path is None:
            self._memory.seek(self._position)
            data = self._memory.read(size)
        else:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read(size)
        self._position += len(data)
        return data

    def save(self, path: Path) -> bool:
        """Write all of it to a file; False when its own file has just gone, as the object was written anew."""
        if self._path is None:
            path.write_bytes(self._memory.getvalue())
            return True
        try:
            shutil.copyfile(self._path, path)
        except FileNotFoundError:
            return False
        return True

    def close(self) -> None:
        """End everything and wait for it."""
        self._forget_file()

    def _forget_file(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


def save_object(bucket: str, key: str, path: Path) -> bool:
    """Copy an object of this process's stack to a file, without the way through HTTP, which takes twenty times as
    long; False, and to be read in the usual way, when it is not there or has just changed."""
    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
    buffer = found._value_buffer if found is not None else None
    return isinstance(buffer, DiskBuffer) and buffer.save(path)
