"""Runs a stack with work in every corner, tells its workers, and waits to be ended one way or another."""

import json
import sys
import threading
from pathlib import Path

from conftest import SAMPLE, Bench, until
from packshot_local.stack import Stack


def main() -> None:
    stack = Stack(SAMPLE / "template.yaml", python_paths=[SAMPLE / "layer"], state=Path(sys.argv[1]))
    try:
        with stack:
            bench = Bench(stack, [])
            stack.serve_http()
            bench.put("kept.txt", b"kept")
            photos = [{"do": "sleep", "seconds": 60, "key": "1"}]
            bench.start(
                [{"lot": "left", "review": True, "photos": []}, {"lot": "x", "photos": photos}], "left"
            )
            until(lambda: bench.item("token#left"))
            child = stack.invoke("Work", {"do": "spawn"}).value()["child"]
            print(json.dumps({"pids": [child, *(worker.pid for worker in stack.workers())]}), flush=True)
            sys.stdin.read()
    finally:
        print(json.dumps({"threads": [thread.name for thread in threading.enumerate()]}), flush=True)


main()
