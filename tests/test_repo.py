"""What is committed stands alone and stays readable."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".json",
    ".toml",
    ".html",
    ".css",
    ".js",
    ".csv",
    ".txt",
    ".in",
    ".lock",
    ".sh",
    "",
}
MOST_LINES = 350
HERE = "tests/test_repo.py"
# Written in two halves, so that this file passes its own test.
MACHINE = re.compile(r"/(?:wo" r"rk|ro" r"ot|ho" r"me|Us" r"ers)/[\w.]+/|(?<![\w/.])/tm" r"p/[\w-]")
REGISTRY = re.compile(
    r"https?://(?!(?:pypi\.org|registry\.npmjs\.org)\b)[\w.-]*(?:art"
    r"ifactory|ne"
    r"xus|pack"
    r"ages?\.|mir"
    r"ror)[\w.-]*",
    re.IGNORECASE,
)
AUTHORS = re.compile(
    r"\b(?:cla" r"ude|chat" r"gpt|anth" r"ropic|open" r"ai|sub" r"agent|ai[- ]ag" r"ent|helper se" r"ssion)\b", re.I
)


@cache
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def found(pattern: re.Pattern[str], but: tuple[str, ...] = ()) -> list[str]:
    hits = []
    for name in tracked():
        if name == HERE or name.startswith(but) or Path(name).suffix not in TEXT:
            continue
        for number, line in enumerate((ROOT / name).read_text("utf-8", "replace").splitlines(), 1):
            if match := pattern.search(line):
                hits.append(f"{name}:{number}: {match.group()}")
    return hits


def test_no_path_of_somebodys_machine() -> None:
    assert found(MACHINE) == []


def test_no_private_registry() -> None:
    assert found(REGISTRY) == []


def test_nothing_speaks_of_how_it_was_written() -> None:
    assert found(AUTHORS) == []


def test_modules_can_be_read_in_one_sitting() -> None:
    modules = [n for n in tracked() if n.endswith(".py") and n.startswith(("layers/", "functions/", "local/"))]
    assert len(modules) > 50
    sizes = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in modules}
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES} == {}


def test_no_module_is_called_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name for name in tracked() if Path(name).stem in empty and name.endswith(".py")] == []


def test_nothing_large_or_secret_is_tracked() -> None:
    large = [name for name in tracked() if (ROOT / name).stat().st_size > 5_000_000]
    secret = [name for name in tracked() if Path(name).suffix in {".pem", ".key", ".onnx"} and "refiner" not in name]
    assert large == [] and secret == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE, "open('/home/ann/photo.jpg')"),
        (MACHINE, "see /tmp/x.log"),
        (REGISTRY, "https://artifactory.example.com/simple"),
        (AUTHORS, "written by claude"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
