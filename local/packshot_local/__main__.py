"""The command's start and end: what it imports stays until it ends, so nothing looks through it or takes it apart."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading


def main() -> None:
    """Import the command, run it, and end."""
    gc.disable()  # looking through all that has been imported so far, again and again, takes a quarter of a second
    from packshot_local import cli

    gc.freeze()
    gc.enable()
    try:
        cli.main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            _end(ended.code or 0)
        raise
    _end(0)


def _end(status: int) -> None:
    """End the process at once, if nobody else is at work in it: everything is closed, and to free what was imported
    piece by piece would take 0.7 s. With other threads it ends as any does, in time.
    """
    if threading.active_count() > 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:  # whoever read has gone, as with `| head`
        status = status or 1
    os._exit(status)


if __name__ == "__main__":
    main()
