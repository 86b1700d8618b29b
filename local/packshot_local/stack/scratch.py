"""The stack's temporary folder: large objects, and the functions' /tmp."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "packshot-stack-"


def make_scratch() -> Path:
    """A new folder of this process, after those of processes that were killed have been removed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not _runs(int(owner)):
            remove_scratch(folder)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def remove_scratch(folder: Path) -> None:
    """Remove a folder with all that is in it; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
