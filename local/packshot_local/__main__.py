"""The command's start and end: what it imports is there to stay, so nothing of it is looked through for garbage, nor
taken down piece by piece."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Import the command, run it, and end this process."""
    gc.disable()  # looking through all that has been imported so far, again and again, takes a quarter of a second
    from packshot_local import cli

    gc.freeze()
    gc.enable()
    try:
        cli.main()
        leave(None)
    except SystemExit as end:
        leave(end.code)


def leave(code: object) -> NoReturn:
    """End as ``sys.exit`` does, but let the system take the memory back at once: the interpreter takes every module and
    object apart first, which is a third of a second."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # nobody reads what was said
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
