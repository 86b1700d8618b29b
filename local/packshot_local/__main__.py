"""The command's start: what it imports is there to stay, so nothing of it is looked through for garbage."""

from __future__ import annotations

import gc


def main() -> None:
    """Import the command and run it."""
    gc.disable()  # looking through all that has been imported so far, again and again, takes a quarter of a second
    from packshot_local import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
