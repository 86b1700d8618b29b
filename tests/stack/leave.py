"""Runs a stack with work in every corner for each way to end it, and waits to be ended so.

Forks before anything runs, as importing takes the most time: one process for each way, which tells what it
has running and later what is left in it; then the exit codes.
"""

import json
import os
import sys
import tempfile
import threading
from pathlib import Path

from small import SAMPLE, Bench, until

from packshot_local.stack import Stack


def tell(way: str, **what: object) -> None:
    os.write(1, (json.dumps({"way": way, **what}) + "\n").encode())


def parents(pids: list[int]) -> set[int]:
    """The fork server, where there is one."""
    stats = [Path(f"/proc/{pid}/stat") for pid in pids]
    found = {int(stat.read_text().rsplit(")", 1)[1].split()[1]) for stat in stats if stat.exists()}
    return found - {os.getpid()}


def run(way: str, folder: Path) -> None:
    tempfile.tempdir = str(folder / "tmp")
    try:
        with Stack(SAMPLE / "template.yaml", python_paths=[SAMPLE / "layer"], state=folder / "state") as stack:
            bench = Bench(stack, [])
            stack.serve_http()
            bench.put("kept.txt", b"kept")
            photos = [{"do": "sleep", "seconds": 60, "key": "1"}]
            bench.start([{"lot": "left", "review": True, "photos": []}, {"lot": "x", "photos": photos}], "left")
            until(lambda: bench.item("token#left"), 30)
            child = stack.invoke("Worker", {"do": "spawn"}).value()["child"]
            workers = [worker.pid for worker in stack.workers()]
            tell(way, stack=os.getpid(), pids=[child, *workers, *parents(workers)])
            sys.stdin.read()
    finally:
        tell(way, threads=[thread.name for thread in threading.enumerate()])


def main() -> None:
    children = {}
    for folder in map(Path, sys.argv[1:]):
        children[folder.name] = os.fork()
        if children[folder.name] == 0:
            run(folder.name, folder)
            sys.exit()
    for way, pid in children.items():
        tell(way, code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main()
