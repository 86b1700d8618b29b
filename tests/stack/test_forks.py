"""A worker that is forked is what a worker started afresh would be."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import until

from packshot_local.stack.launch import Launcher, base_environment
from packshot_local.stack.records import FunctionSpec, LogLine
from packshot_local.stack.worker import NICENESS, Worker
from packshot_local.stack.workers import Pool

if sys.platform != "linux":
    pytest.skip("workers are forked on Linux alone", allow_module_level=True)

LOOK = """
import json, os, random, signal, sys, threading, time

OWN = ("AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_SDK_UA_APP_ID", "_X_AMZN_TRACE_ID")

def descriptors():
    found = {int(name): os.readlink(f"/proc/self/fd/{name}").split(":")[0] for name in os.listdir("/proc/self/fd")
             if os.path.exists(f"/proc/self/fd/{name}")}
    return sorted((fd, kind) for fd, kind in found.items() if not kind.endswith("/fd"))

def handler(event, context):
    match event.get("do"):
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "leave":
            os._exit(7)
        case "draw":
            import numpy
            return [random.random(), float(numpy.random.random())]
        case "whose":
            import defusedxml
            return {"parent": os.getppid(), "file": defusedxml.__file__}
    return {
        "environment": {name: value for name, value in sorted(os.environ.items()) if name not in OWN},
        "path": sys.path, "folder": os.getcwd(), "arguments": sys.argv, "zone": time.tzname,
        "descriptors": descriptors(), "threads": sorted(thread.name for thread in threading.enumerate()),
        "signals": [str(signal.getsignal(n)).split(" at ")[0] for n in sorted(signal.valid_signals() - {9, 19})],
        "leads": [os.getpid() == os.getpgrp(), os.getpid() == os.getsid(0)], "nice": os.nice(0),
        "flags": [sys.flags.safe_path, sys.stdout.write_through, sys.stdout.encoding],
        "main": sys.modules["__main__"].__name__, "frozen": "packshot" in sys.modules,
    }
"""
MODULES = ("numpy.random", "defusedxml", "no_such_module")

Start = Callable[..., Worker]


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    launcher = Launcher({"PATH": os.defpath, "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}, MODULES)
    yield launcher
    launcher.close()


@pytest.fixture
def spec(tmp_path: Path) -> FunctionSpec:
    (tmp_path / "look.py").write_text(LOOK)
    env = {"TZ": "Asia/Tokyo", "QUALITY": "best"}
    return FunctionSpec("Look", "look", "arn:look", "look.handler", tmp_path, 20, 128, 1, env, (tmp_path / "layer",))


@pytest.fixture
def start(launcher: Launcher, spec: FunctionSpec) -> Iterator[Start]:
    workers = []

    def start(lines: list[LogLine] | None = None, by: Launcher = launcher, **changes: Any) -> Worker:
        worker = Worker(replace(spec, **changes), by, ([] if lines is None else lines).append)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.close()


def ask(worker: Worker, **event: Any) -> Any:
    return worker.run(json.dumps(event).encode(), 0.0, lambda: None).value()


def parent(worker: Worker) -> int:
    return int(Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.fixture
def afresh() -> Launcher:
    launcher = Launcher({"PATH": os.defpath, "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"})
    launcher.close()
    launcher.forks = None
    return launcher


def test_a_fork_sees_what_a_fresh_interpreter_sees(launcher: Launcher, start: Start, afresh: Launcher) -> None:
    forked, fresh = start(), start(by=afresh)
    start()  # a further one has nothing of its brothers
    assert launcher.forks is not None
    assert (parent(forked), parent(fresh)) == (launcher.forks.pid, os.getpid())
    seen, expected = ask(forked), ask(fresh)
    assert seen == expected
    assert seen["environment"]["QUALITY"] == "best" and seen["zone"] == ["JST", "JST"] and not seen["frozen"]


def test_no_two_forks_draw_the_same_numbers(start: Start) -> None:
    one, other = ask(start(), do="draw"), ask(start(), do="draw")
    assert one[0] != other[0] and one[1] != other[1]


@pytest.mark.parametrize(("event", "code", "words"), [("leave", 7, "exit status 7"), ("die", -9, "signal: killed")])
def test_how_a_fork_ended_is_told(start: Start, event: str, code: int, words: str) -> None:
    worker = start()
    with pytest.raises(Exception, match=words):
        ask(worker, do=event)
    assert (worker.process.returncode, worker.alive) == (code, False)


def test_a_warm_pool_has_its_workers_before_there_is_an_event(launcher: Launcher, spec: FunctionSpec) -> None:
    pool = Pool(replace(spec, concurrency=2), launcher, [].append, lambda: None)
    try:
        pool.warm()
        waiting = {worker.pid for worker in pool.workers()}
        answer = pool.invoke(b"{}").value()
        assert len(waiting) == 2 and {worker.pid for worker in pool.workers()} == waiting
        assert answer["environment"]["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
    finally:
        pool.close()


def test_one_that_cannot_start_says_why(start: Start, tmp_path: Path) -> None:
    lines: list[LogLine] = []
    worker = start(lines, task_root=tmp_path / "gone")
    assert worker.process.wait() == 1
    assert until(lambda: any("No such file or directory" in line.text for line in lines))


def test_a_fork_gives_way_alone(start: Start) -> None:
    humble, other = start(gives_way=True), start()
    assert [os.getpriority(os.PRIO_PROCESS, worker.process.pid) for worker in (humble, other)] == [NICENESS, 0]
    assert [ask(worker)["nice"] for worker in (humble, other)] == [NICENESS, 0]
    if (weights := Path(f"/proc/{humble.process.pid}/autogroup")).exists():
        assert f"nice {NICENESS}" in weights.read_text()


def test_what_functions_share_is_imported_once_and_only_for_those_that_share_it(
    start: Start, spec: FunctionSpec, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "shared.py").write_text("import os\nmaker = os.getpid()\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "shared.py").write_text("maker = 'its own'\n")
    for folder in (tmp_path, tmp_path / "own"):
        (folder / "look.py").write_text(
            "import os, shared, sys\n"
            "def handler(event, context): return [os.getppid(), shared.maker, sys.path.count(os.environ['LAYER'])]\n"
        )
    launcher = Launcher({"PATH": os.defpath}, ["shared"], [layer])
    env = {"LAYER": str(layer)}
    try:
        assert launcher.forks is not None
        server = launcher.forks.pid
        assert ask(start(by=launcher, env=env)) == [server, server, 1]
        assert ask(start(by=launcher, env=env, task_root=tmp_path / "own")) == [os.getpid(), "its own", 1]
    finally:
        launcher.close()


ASKS = """
import boto3, os
from botocore.config import Config

def handler(event, context):
    client = boto3.client("s3")
    config = client.meta.config
    return [os.getppid(), client.meta.endpoint_url, config.retries["total_max_attempts"], config.user_agent_appid[:4],
            boto3.DEFAULT_SESSION.profile_name]
"""


def test_a_session_made_before_reads_the_function_s_variables(start: Start, spec: FunctionSpec, tmp_path: Path) -> None:
    (tmp_path / "look.py").write_text(ASKS)
    (tmp_path / "config").write_text("[profile own]\n")
    base = base_environment("http://127.0.0.1:9", "eu-central-1", tmp_path)
    launcher = Launcher({**base, "OMP_NUM_THREADS": "1"}, ["boto3"])
    own = {"AWS_MAX_ATTEMPTS": "7", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7"}
    profile = {"AWS_PROFILE": "own", "AWS_CONFIG_FILE": str(tmp_path / "config")}
    try:
        assert launcher.forks is not None
        server = launcher.forks.pid
        assert ask(start(by=launcher, env=own)) == [server, "http://127.0.0.1:7", 7, "Look", "default"]
        assert ask(start(by=launcher, env={**own, **profile}))[0:5:4] == [os.getpid(), "own"]
    finally:
        launcher.close()


@pytest.mark.parametrize("file", ["sitecustomize.py", "defusedxml.py"])
def test_a_function_that_brings_its_own_gets_a_fresh_interpreter(start: Start, tmp_path: Path, file: str) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / file).write_text("__file__ = 'its own'\n")
    assert ask(start(), do="whose")["parent"] == os.getpid()


def test_of_this_process_s_variables_functions_see_what_tells_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")  # its kernels round otherwise: the same file comes out of both
    monkeypatch.delenv("OPENBLAS_L2_SIZE", raising=False)
    monkeypatch.setenv("AWS_PROFILE", "a person's own")
    seen = base_environment("http://127.0.0.1:9", "eu-central-1", tmp_path)
    assert seen["OPENBLAS_CORETYPE"] == "Nehalem"
    assert not {"AWS_PROFILE", "OPENBLAS_L2_SIZE"} & set(seen)


def test_variables_of_the_interpreter_are_heeded(start: Start, spec: FunctionSpec) -> None:
    assert ask(start(env={**spec.env, "PYTHONOPTIMIZE": "1"}), do="whose")["parent"] == os.getpid()


def test_without_its_server_a_fork_ends_and_the_next_starts_afresh(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    launcher = Launcher({"PATH": os.defpath})
    try:
        worker = start(by=launcher)
        assert launcher.forks is not None and ask(worker, do="whose")["parent"] == launcher.forks.pid
        os.kill(launcher.forks.pid, signal.SIGKILL)
        assert worker.process.wait() == -signal.SIGKILL
        assert ask(start(by=launcher), do="whose")["parent"] == os.getpid()
        assert "could not be forked" in caplog.text
    finally:
        launcher.close()


def test_a_server_with_threads_forks_nothing(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    launcher = Launcher({"PATH": os.defpath}, ["onnxruntime"])  # which starts a thread as it is imported
    try:
        assert ask(start(by=launcher), do="whose")["parent"] == os.getpid()
    finally:
        launcher.close()
    assert "has threads" in capfd.readouterr().err
