"""The command in the middle of its work: Ctrl-C leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.line import catalogue, draw, until
from packshot.imaging import models

pytestmark = [pytest.mark.slow, pytest.mark.models]


def descendants(pid: int) -> list[int]:
    """All processes below one, however deep."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        if fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    for n in range(3):
        (folder / f"BOX-{n}_front.jpg").write_bytes(draw(n)[0])
    (folder / "catalog.csv").write_bytes(catalogue([f"BOX-{n}" for n in range(3)]))
    command = [sys.executable, "-m", "packshot_local", "run", str(folder), "--out", str(tmp_path / "out")]
    env = {**os.environ, "PACKSHOT_MODELS": str(models.models_dir()), "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
    )
    try:
        log = tmp_path / "out" / "packshot.log"
        until(lambda: run.poll() is not None or (log.is_file() and "ProcessFunction" in log.read_text()))
        assert run.poll() is None, run.stdout.read() if run.stdout else ""
        workers = descendants(run.pid)
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    finally:
        run.kill()

    assert len(workers) >= 3 and run.returncode != 0
    until(lambda: not [pid for pid in workers if alive(pid)], 10)
    assert "Traceback" not in said
