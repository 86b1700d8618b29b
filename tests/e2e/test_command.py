"""The command of the README, with the real networks: a folder in, files for the marketplaces out."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from packshot.imaging import models
from packshot_local.project import SAMPLES

pytestmark = [pytest.mark.slow, pytest.mark.models]
FILES = ("MUG-01_front.jpg", "EYEGLASSES-11_front.jpg", "LAMP-12_front.jpg", "catalog.csv")
CHANNELS = ("amazon", "shopify", "google")
FIELDS = {
    "file", "sku", "view", "segment", "status", "reason", "cure", "verdict", "flags", "error_score", "altered",
    "matte", "exports",
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("spring")
    for name in FILES:
        shutil.copy(SAMPLES / name, folder / name)
    out = tmp_path_factory.mktemp("out")
    command = [sys.executable, "-m", "packshot_local", "run", str(folder), "--out", str(out), "--json"]
    command += ["--channels", ",".join(CHANNELS), "--drop", "spring"]
    env = {**os.environ, "PACKSHOT_MODELS": str(models.models_dir()), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1]), out


def test_the_books_balance_and_the_object_is_whole(ran: tuple[dict[str, Any], Path]) -> None:
    told, out = ran
    numbers = {name: told[name] for name in ("dropped", "rejected", "exported", "held", "failed")}
    assert numbers == {"dropped": 3, "rejected": 2, "exported": 1, "held": 0, "failed": 0}
    assert told["drop"] == "spring" and Path(told["out"]) == out and told["seconds"] > 0 and told["flagged"] in (0, 1)
    assert all(photo.keys() >= FIELDS for photo in told["photos"])


def test_rejections_say_why_and_what_to_do(ran: tuple[dict[str, Any], Path]) -> None:
    told, out = ran
    refused = {photo["file"]: photo for photo in told["photos"] if photo["status"] == "rejected"}
    assert {file: photo["reason"] for file, photo in refused.items()} == {
        "EYEGLASSES-11_front.jpg": "TOO_SMALL",
        "LAMP-12_front.jpg": "TRUNCATED",
    }
    with (out / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows.keys() == refused.keys() and all(row["cure"] for row in rows.values())


def test_every_channel_has_its_file_and_the_matte_is_of_the_photos_size(ran: tuple[dict[str, Any], Path]) -> None:
    told, out = ran
    mug = next(photo for photo in told["photos"] if photo["file"] == FILES[0])
    assert set(mug["exports"]) == set(CHANNELS)
    for path in mug["exports"].values():
        with Image.open(path) as image:
            assert min(image.size) >= 1000
    with Image.open(SAMPLES / FILES[0]) as source, Image.open(mug["matte"]) as matte:
        assert matte.size == ImageOps.exif_transpose(source).size and matte.mode == "L"
    assert Path(mug["matte"]) == out / "mattes" / "MUG-01_front.png"
    assert (out / "masters" / "MUG-01_front.png").is_file()


def test_the_report_is_there_for_people_and_programs(ran: tuple[dict[str, Any], Path]) -> None:
    _, out = ran
    report = json.loads((out / "report.json").read_text("utf-8"))
    manifest = (out / "manifest.json").read_text("utf-8")
    page = (out / "report.html").read_text("utf-8")
    assert report["balanced"] and json.loads(manifest)
    assert "MUG-01_front.jpg" in page and ("TOO_SMALL" in page or "too few pixels" in page)
