"""Runs as one process beside the stack: imports once what many functions import, and forks their workers.

Started by path (`python -P -u fork_server.py <folders> <module>...`), so it imports nothing of this package, nor
anything of the functions but modules in the folders of the layers that they share. Its standard input is a Unix socket
of whole messages (SOCK_SEQPACKET), the end of which means that the stack is gone. A message is a JSON object with
`handler`, `cwd`, `env` and `path`, and carries three descriptors: the worker's input, its output, and a channel
(SOCK_SEQPACKET too) on which the worker tells `started <process id>`, and this server later `ended <exit status>`, a
signal's number below zero.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

LARGEST = 1 << 20
SERVICES = ("s3", "dynamodb")
"""What nearly every function asks."""


def serve() -> tuple[dict[str, Any], list[int]] | None:
    """Fork a worker for every message. Returns in each worker, with what it was asked for; None when all is over."""
    requests = socket.socket(fileno=0)
    workers: dict[int, tuple[int, int]] = {}
    """Process id and channel of each worker, by its pidfd, which is ready to read once the process has ended."""
    watch = select.poll()
    watch.register(0, select.POLLIN)
    while True:
        for ready, _ in watch.poll():
            if ready:
                watch.unregister(ready)
                pid, channel = workers.pop(ready)
                _tell(channel, f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")
                os.close(ready)
                continue
            message, descriptors, _, _ = socket.recv_fds(requests, LARGEST, 3)
            if not message:
                return None
            if len(list(Path("/proc/self/task").iterdir())) > 1:
                raise SystemExit("the fork server has threads, which a fork would leave behind; see OMP_NUM_THREADS")
            pid = os.fork()
            if pid == 0:
                requests.detach()  # the worker's input takes its place
                for pidfd, (_, channel) in workers.items():
                    os.close(pidfd)
                    os.close(channel)
                return json.loads(message), descriptors
            theirs, output, channel = descriptors
            os.close(theirs)
            os.close(output)
            pidfd = os.pidfd_open(pid)
            workers[pidfd] = pid, channel
            watch.register(pidfd, select.POLLIN)


def _tell(channel: int, words: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for this worker any more
        os.write(channel, words.encode())
    os.close(channel)


def become(asked: dict[str, Any], descriptors: list[int]) -> None:
    """Make this fork what a fresh interpreter with this environment would be."""
    theirs, output, channel = descriptors
    os.setsid()
    os.dup2(theirs, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(theirs)
    os.close(output)
    _tell(channel, f"started {os.getpid()}")
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    sys.path[:0] = asked["path"]
    if "numpy.random" in sys.modules:  # the standard library's generator sees to itself
        sys.modules["numpy.random"].seed()


def describe_services() -> None:
    """Let boto3's session, which forks have too, read what a client is made from: 70 ms of a worker's start."""
    if boto3 := sys.modules.get("boto3"):
        for service in SERVICES:
            boto3.client(service)


def main() -> None:
    """Import, then serve; in a fork, run the worker."""
    gc.disable()  # nothing that is imported is garbage
    folders = sys.argv[1].split(os.pathsep) if sys.argv[1] else []
    sys.path[:0] = folders
    for name in sys.argv[2:]:
        with contextlib.suppress(Exception):  # not installed, or broken: told by the function that imports it
            importlib.import_module(name)
    del sys.path[: len(folders)]
    with contextlib.suppress(Exception):  # the same
        describe_services()
    gc.freeze()  # a worker's collector leaves these pages alone, so that they stay shared
    gc.enable()
    if (work := serve()) is None:
        return
    become(*work)
    file = str(Path(__file__).with_name("worker_main.py"))
    sys.argv = [file, work[0]["handler"]]
    runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    main()
