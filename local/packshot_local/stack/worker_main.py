"""Runs inside every worker process: AWS's runtime client, which dies with the stack that started it.

Started by path (`python -P worker_main.py <handler>`), so it imports nothing of this package. Its standard
input is a pipe held open by the stack: the end of the file means that the stack is gone, however it went.
"""

import os
import runpy
import signal
import sys
import threading


def _die_with_the_stack() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_die_with_the_stack, name="lifeline", daemon=True).start()
    sys.argv = ["awslambdaric", sys.argv[1]]
    runpy.run_module("awslambdaric", run_name="__main__")
