"""What a stack changes in the process that it runs in. Each function answers how to take its change back."""

from __future__ import annotations

import functools
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

Undo = Callable[[], None]


def end_on_sigterm() -> Undo:
    """End like on Ctrl-C, so that what is open gets closed; where nobody else caught the signal before."""
    if threading.current_thread() is not threading.main_thread():
        return _nothing
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return _nothing

    def leave(signum: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signum)

    signal.signal(signal.SIGTERM, leave)
    return _default_sigterm


def turns_of(seconds: float) -> Undo:
    """How long a thread may go on while others wait."""
    undo = functools.partial(sys.setswitchinterval, sys.getswitchinterval())
    sys.setswitchinterval(seconds)
    return undo


def silence(logger_name: str, level: int) -> Undo:
    """Nothing of a logger below a level."""
    logger = logging.getLogger(logger_name)
    undo = functools.partial(logger.setLevel, logger.level)
    logger.setLevel(level)
    return undo


def environment(name: str, value: str) -> Undo:
    """Set an environment variable."""
    undo = functools.partial(_put_back, name, os.environ.get(name))
    os.environ[name] = value
    return undo


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _default_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _nothing() -> None:
    return
