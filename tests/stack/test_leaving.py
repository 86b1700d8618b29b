"""However a stack ends, no process stays, and no thread, and what can be kept is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small import until

WAYS = {"ctrl-c": signal.SIGINT, "terminate": signal.SIGTERM, "kill": signal.SIGKILL}

Left = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """Three stacks, ended in three ways: what they told, and their folders."""
    told: Left = {way: {"folder": tmp_path_factory.mktemp("ways", numbered=True) / way} for way in WAYS}
    for about in told.values():
        (about["folder"] / "tmp").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("leave.py")), *(str(a["folder"]) for a in told.values())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests run in the background ignore it
    )
    with process:
        for line in process.stdout:
            news = json.loads(line)
            told[news["way"]].update(news)
            if "pids" in news:
                os.kill(news["stack"], WAYS[news["way"]])
    yield told


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("way", WAYS)
def test_no_process_stays(left: Left, way: str) -> None:
    assert len(left[way]["pids"]) >= 4
    until(lambda: not [pid for pid in left[way]["pids"] if runs(pid)], 5)


@pytest.mark.parametrize("way", ["ctrl-c", "terminate"])
def test_no_thread_and_no_file_stays(left: Left, way: str) -> None:
    assert left[way]["threads"] == ["MainThread"]
    assert list((left[way]["folder"] / "tmp").iterdir()) == []


@pytest.mark.parametrize(("way", "code"), [("ctrl-c", -signal.SIGINT), ("terminate", 128 + signal.SIGTERM)])
def test_the_state_is_kept_on_the_way_out(left: Left, way: str, code: int) -> None:
    assert left[way]["code"] == code
    index = json.loads((left[way]["folder"] / "state" / "index.json").read_text())
    assert "kept.txt" in [entry["key"] for entry in index["buckets"]["Photos"]]


def test_a_killed_stack_is_really_killed(left: Left) -> None:
    assert left["kill"]["code"] == -signal.SIGKILL
    assert "threads" not in left["kill"]
