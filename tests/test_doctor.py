"""`packshot doctor`: each of the likely faults of an installation is produced, found, and told with its cure."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from packshot_local import doctor
from packshot_local.cli import app

Fault = Callable[[pytest.MonkeyPatch, Path], None]


def _refuse(*_: object) -> None:
    raise PermissionError("Operation not permitted")


def _broken_channel(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "mine.yaml").write_text("name: mine\nwrong: true\n", "utf-8")
    patch.setenv("PACKSHOT_CHANNELS", str(folder))


def _proxy(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("HTTP_PROXY", "http://proxy:3128")
    for name in ("NO_PROXY", "no_proxy"):
        patch.delenv(name, raising=False)


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "python": (lambda p, _: p.setattr(sys, "version_info", (3, 10, 4, "final", 0)), "3.10.4", "3.11 or newer"),
    "packages": (lambda p, _: p.setattr(doctor, "NEEDED", ("moto", "no_such_library")), "no_such_library", "make run"),
    "checkout": (lambda p, d: p.setattr(doctor, "TEMPLATE", doctor.ROOT / "gone.yaml"), "gone.yaml", "full checkout"),
    "models": (lambda p, d: p.setenv("PACKSHOT_MODELS", str(d)), "is missing", "packshot models pull"),
    "rules": (_broken_channel, "mine", ""),
    "cores": (lambda p, _: p.setattr(os, "sched_getaffinity", lambda _pid: {0}), "1 cores", "--workers 1"),
    "memory": (lambda p, _: p.setattr(doctor, "LEAST_MEMORY", 1 << 60), "GB", "--workers 1"),
    "disk": (lambda p, _: p.setattr(shutil, "disk_usage", lambda _f: SimpleNamespace(free=0)), "0.0 GB", "TMPDIR"),
    "open files": (lambda p, _: p.setattr(resource, "getrlimit", lambda _w: (64, 64)), "limit 64", "ulimit"),
    "loopback": (_proxy, "HTTP_PROXY", "NO_PROXY"),
    "output": (lambda p, _: p.setattr(os, "access", lambda *_a: False), "not writable", "--out"),
}


def test_there_is_a_fault_for_everything_that_is_examined() -> None:
    assert set(FAULTS) == set(doctor.EXAMINATIONS) and len(FAULTS) >= 10


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_told_with_its_cure(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    produce, says, cure = FAULTS[name]
    produce(monkeypatch, tmp_path)

    found = {finding.name: finding for finding in doctor.examine()}[name]

    assert not found.fine
    assert says in found.says and cure in found.cure and found.cure


def test_an_examination_that_breaks_is_itself_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "bind", _refuse)
    found = {finding.name: finding for finding in doctor.examine()}["loopback"]
    assert not found.fine and "PermissionError" in found.says


def test_the_command_says_what_is_wrong_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = doctor.Finding("disk", False, "0.1 GB free", "Free some space.")
    monkeypatch.setattr("packshot_local.cli.examine", lambda: iter([wrong]))

    told = CliRunner().invoke(app, ["doctor"])
    as_json = CliRunner().invoke(app, ["doctor", "--json"])

    assert told.exit_code == as_json.exit_code == 1
    assert json.loads(as_json.stdout)[0]["cure"] == "Free some space."
