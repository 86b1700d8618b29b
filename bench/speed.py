"""Photos per hour: the whole local pipeline, its stages, the limit, and rembg on the same photos in the same run.

    python -m bench speed --photos DIR [--rembg COMMAND] [--workers 2]

The limit is decode, the networks as the pipeline used them, and encoding alone, in as many processes as workers.
Timings of one run are comparable with each other, not with those of another machine or hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path
from statistics import mean
from typing import Any

from PIL import Image

from packshot.imaging.decode import decode
from packshot.imaging.networks import Networks

CHANNELS = 3
EXPORT_SIDE = 2000


def whole(photos: Path, out: Path, workers: int) -> tuple[dict[str, Any], float]:
    """Run the pipeline as a user does; the summary, and wall seconds set-up of the stack included."""
    command = [sys.executable, "-m", "packshot_local.cli", "run", str(photos), "--out", str(out), "--json"]
    start = time.perf_counter()
    done = subprocess.run([*command, "--workers", str(workers)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - start


def steps(log: Path) -> dict[str, float]:
    """Mean wall seconds a photo of each step of process, from the functions' own log."""
    found: dict[str, list[float]] = {}
    for line in log.read_text("utf-8").splitlines():
        fields = json.loads(line).get("fields", {})
        if fields.get("message") == "photo processed":
            for name, seconds in fields["seconds"].items():
                found.setdefault(name, []).append(seconds)
    return {name: round(mean(values), 3) for name, values in found.items()}


def bare(job: tuple[str, str]) -> float:
    """Decode, infer and encode one photo with nothing between; wall seconds."""
    path, way = job
    start = time.perf_counter()
    rgb = decode(Path(path).read_bytes()).rgb
    networks = _networks()
    if way == "fast":
        networks.u2netp(rgb)
    else:
        networks.isnet(rgb, 1024)
        networks.isnet(rgb, 768)
    image = Image.fromarray(rgb)
    image.thumbnail((EXPORT_SIDE, EXPORT_SIDE))
    for _ in range(CHANNELS):
        image.save(BytesIO(), "JPEG", quality=90)
    return time.perf_counter() - start


_held: list[Networks] = []


def _networks() -> Networks:
    if not _held:
        _held.append(Networks(threads=1))
    return _held[0]


def limit(photos: Path, ways: dict[str, str], workers: int) -> float:
    """Wall seconds of decode, inference and encode alone for all photos; models loaded before the clock starts."""
    jobs = [(str(photos / name), way) for name, way in ways.items()]
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(bare, jobs[:workers]))
        start = time.perf_counter()
        list(pool.map(bare, jobs))
        return time.perf_counter() - start


def rembg(command: str, photos: Path, names: list[str]) -> float:
    """Wall seconds of ``rembg p -m isnet-general-use`` on the same photos, its own start included."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in")
        source.mkdir()
        for name in names:
            os.link(photos / name, source / name) if _same_disk(photos, source) else _copy(photos / name, source / name)
        start = time.perf_counter()
        subprocess.run([command, "p", "-m", "isnet-general-use", str(source), str(Path(folder, "out"))], check=True)
        return time.perf_counter() - start


def _same_disk(a: Path, b: Path) -> bool:
    return a.stat().st_dev == b.stat().st_dev


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench speed", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rembg", help="the rembg command of another environment")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        summary, seconds = whole(asked.photos, Path(folder), asked.workers)
        by_step = steps(Path(folder, "packshot.log"))
        report = json.loads(Path(folder, "report.json").read_text("utf-8"))
    ways = {p["file"]: p["way"] for p in report["photos"] if p["status"] in ("exported", "held")}
    count = len(ways)
    rows: dict[str, Any] = {
        "photos": count,
        "packshot run, photos an hour": round(3600 * count / summary["seconds"]),
        "with the command's own start": round(3600 * count / seconds),
        "steps of process, s a photo": by_step,
    }
    alone = limit(asked.photos, ways, asked.workers)
    rows["limit, photos an hour"] = round(3600 * count / alone)
    rows["pipeline time / limit"] = round(summary["seconds"] / alone, 2)
    if asked.rembg:
        theirs = rembg(asked.rembg, asked.photos, list(ways))
        rows["rembg isnet, photos an hour"] = round(3600 * count / theirs)
        rows["packshot / rembg"] = round(theirs / seconds, 2)
    for name, value in rows.items():
        print(f"{name:34} {value}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
