"""However a stack ends, no process stays, and no thread, and what can be kept is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import until

WAYS = {"ctrl-c": signal.SIGINT, "terminate": signal.SIGTERM, "kill": signal.SIGKILL}


@dataclass
class Left:
    """A stack's process and its traces, after it was ended in one of the ways."""

    process: subprocess.Popen[str]
    folder: Path
    pids: list[int]
    threads: list[str] | None = None


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Left]]:
    """Three stacks at once, as starting takes the time, ended in three ways."""
    running = {}
    for way in WAYS:
        folder = tmp_path_factory.mktemp(way)
        (folder / "tmp").mkdir()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("leave.py")), str(folder / "state")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        running[way] = Left(process, folder, [])
    try:
        for way, stack in running.items():
            stack.pids = json.loads(stack.process.stdout.readline())["pids"]
            stack.process.send_signal(WAYS[way])
        for stack in running.values():
            out, _ = stack.process.communicate(timeout=30)
            stack.threads = json.loads(out)["threads"] if out else None
        yield running
    finally:
        for stack in running.values():
            stack.process.kill()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("way", WAYS)
def test_no_process_stays(left: dict[str, Left], way: str) -> None:
    assert len(left[way].pids) >= 3
    until(lambda: not [pid for pid in left[way].pids if runs(pid)], 5)


@pytest.mark.parametrize("way", ["ctrl-c", "terminate"])
def test_no_thread_and_no_file_stays(left: dict[str, Left], way: str) -> None:
    assert left[way].threads == ["MainThread"]
    assert list((left[way].folder / "tmp").iterdir()) == []


@pytest.mark.parametrize(("way", "code"), [("ctrl-c", -signal.SIGINT), ("terminate", 128 + signal.SIGTERM)])
def test_the_state_is_kept_on_the_way_out(left: dict[str, Left], way: str, code: int) -> None:
    assert left[way].process.returncode == code
    index = json.loads((left[way].folder / "state" / "index.json").read_text())
    assert "kept.txt" in [entry["key"] for entry in index["buckets"]["Photos"]]
