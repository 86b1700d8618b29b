"""The stack's side of the fork server: workers that are there in some 20 ms, to be used like a `Popen`."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

START_SECONDS = 60.0
"""Longest wait for a fork, the server's own imports included."""


class Forked:
    """A process forked by the server, with the part of `Popen` that a worker needs."""

    def __init__(self, pid: int, channel: socket.socket, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        self._channel = channel
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit status, or a signal's number below zero; None while the process runs."""
        self._look(0)
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the process, and tell how it ended."""
        while self.returncode is None:
            self._look(None)
        return self.returncode

    def _look(self, milliseconds: int | None) -> None:
        if self.returncode is not None:
            return
        ready = select.poll()  # one for each thread that looks
        ready.register(self._channel, select.POLLIN)
        if not ready.poll(milliseconds):
            return
        with self._lock:
            if self.returncode is None:
                said = self._channel.recv(64).split()
                if not said:  # the server is gone, and nobody else can watch the process
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(self.pid, signal.SIGKILL)
                self.returncode = int(said[1]) if said else -signal.SIGKILL

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pipes and wait, as `Popen` does."""
        self.stdout.close()
        self.stdin.close()
        self.wait()
        self._channel.close()


class ForkServer:
    """Process that has imported `modules`, from `folders` first, under `env` and forks workers; one import that fails
    is left out."""

    def __init__(self, env: Mapping[str, str], modules: Sequence[str], folders: Sequence[str] = ()) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        file = str(Path(__file__).with_name("fork_server.py"))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                [sys.executable, "-P", "-u", file, os.pathsep.join(folders), *modules],
                env=dict(env),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the server itself."""
        return int(self._process.pid)

    def start(self, handler: str, cwd: Path, env: Mapping[str, str], path: Sequence[str]) -> Forked:
        """Fork a worker; waits until it is there. Raises OSError when the server cannot do it."""
        message = json.dumps({"handler": handler, "cwd": str(cwd), "env": dict(env), "path": list(path)}).encode()
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            channel, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.enter_context(channel)
            theirs.enter_context(end)
            inward, lifeline = os.pipe()
            stdin = ours.enter_context(os.fdopen(lifeline, "wb"))
            theirs.callback(os.close, inward)
            output, outward = os.pipe()
            stdout = ours.enter_context(os.fdopen(output, "rb"))
            theirs.callback(os.close, outward)
            socket.send_fds(self._socket, [message], [inward, outward, end.fileno()])
            theirs.close()  # so that the channel ends with the server
            channel.settimeout(START_SECONDS)
            said = channel.recv(64).decode()
            if not said.startswith("started "):
                raise ChildProcessError(f"a fork {said}" if said else "the fork server has ended")
            channel.settimeout(None)
            ours.pop_all()
        return Forked(int(said.split()[1]), channel, stdin, stdout)

    def close(self) -> None:
        """End the server, which holds nothing that could be lost; workers that still run are the caller's."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
