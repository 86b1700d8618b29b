"""The command ends at once, and still says all that it has to say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WITH = "import atexit, sys, threading, time; from packshot_local.__main__ import main; sys.argv = ['packshot', '{}']; "


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("no-such-command", 2)])
def test_it_ends_with_its_status_after_everything_is_said(argument: str, status: int) -> None:
    done = ended(WITH.format(argument) + "atexit.register(print, 'at the very end'); main()")
    assert done.returncode == status
    assert done.stdout.endswith("at the very end\n")
    assert "Usage" in done.stdout + done.stderr


def test_it_waits_for_another_thread_that_is_at_work() -> None:
    late = "threading.Thread(target=lambda: (time.sleep(0.5), print('late')))"
    done = ended(WITH.format("run") + f"from packshot_local import cli; cli.main = lambda: {late}.start(); main()")
    assert (done.returncode, done.stdout) == (0, "late\n")


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    gone = "from packshot_local import cli; cli.main = lambda: print('unread'); main()"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", WITH.format("run") + gone],
            stdout=write,
            stderr=subprocess.PIPE,
            env=buffered,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_error_that_nobody_expects_is_told_with_its_traceback() -> None:
    broken = "from packshot_local import cli; cli.main = lambda: 1 / 0; main()"
    done = ended(WITH.format("--help") + broken)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
