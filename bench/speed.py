"""Photos per hour: the whole local pipeline, its stages, the limit, and rembg on the same photos in the same run.

    python -m bench speed --photos DIR [--rembg COMMAND] [--workers 2] [--megapixels 24]

The limit is decoding, the networks on what the pipeline asked them, and encoding what it writes alone, in as many
processes as workers. Timings of one run are comparable with each other, not with those of another machine or hour.
`--megapixels` first enlarges the photos to the size that cameras have today, with the grain of a sensor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path
from statistics import mean
from typing import Any

import cv2
import numpy as np
from PIL import Image

from packshot.imaging.cutout import Settings, find_matte, finish
from packshot.imaging.decode import decode
from packshot.imaging.light import F32
from packshot.imaging.networks import Networks
from packshot.imaging.png import encode_png

CHANNELS = 3
EXPORT_SIDE = 2000
SHORTEST_SIDE = 2000
"""Photos whose long side is shorter are rejected at the door."""
GRAIN = 1.5
"""Standard deviation of the grain that enlarged photos get, of 255."""


def whole(photos: Path, out: Path, workers: int) -> tuple[dict[str, Any], float]:
    """Run the pipeline as a user does; the summary, and wall seconds set-up of the stack included."""
    command = [sys.executable, "-m", "packshot_local", "run", str(photos), "--out", str(out), "--json"]
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


class Asked(Networks):
    """The networks, and the inputs that their sessions were run with."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.inputs: list[tuple[str, F32]] = []

    def run(self, name: str, batch: F32) -> F32:
        """A network's answer, and its input kept."""
        self.inputs.append((name, batch))
        return super().run(name, batch)


def bare(job: tuple[str, str]) -> float:
    """Decode, infer and encode one photo of a segment with nothing between; wall seconds of these alone."""
    path, segment = job
    networks, settings = _networks(), Settings()
    data = Path(path).read_bytes()
    started = time.perf_counter()
    rgb = decode(data).rgb
    spent = time.perf_counter() - started
    networks.inputs.clear()
    raw = find_matte(rgb, segment, settings, networks)
    cut = finish(rgb, raw, segment, settings)
    small = Image.fromarray(rgb)
    small.thumbnail((EXPORT_SIDE, EXPORT_SIDE))
    inputs = list(networks.inputs)
    started = time.perf_counter()
    for name, batch in inputs:
        networks.run(name, batch)
    for picture in (raw.matte, cut.matte, cut.master):
        encode_png(picture)
    for _ in range(CHANNELS):
        small.save(BytesIO(), "JPEG", quality=90)
    return spent + time.perf_counter() - started


_held: list[Asked] = []


def _networks() -> Asked:
    if not _held:
        cv2.setNumThreads(1)
        _held.append(Asked())
    return _held[0]


def limit(photos: Path, segments: dict[str, str], workers: int) -> float:
    """Wall seconds of decoding, inference and encoding alone for all photos; models are loaded before."""
    jobs = [(str(photos / name), segment) for name, segment in segments.items()]
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(bare, jobs[:workers]))
        return sum(pool.map(bare, jobs)) / workers


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


def camera_sized(photos: Path, folder: Path, megapixels: float) -> Path:
    """A copy of a folder in which every JPEG that the door would let in has so many megapixels, its metadata kept."""
    shutil.copytree(photos, folder)
    rng = np.random.default_rng(0)
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg")):
        with Image.open(path) as image:
            kept = {name: image.info[name] for name in ("exif", "icc_profile", "xmp") if name in image.info}
            scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
            if max(image.size) < SHORTEST_SIDE or scale <= 1:
                continue
            size = (2 * round(image.width * scale / 2), 2 * round(image.height * scale / 2))
            large = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), np.float32)
        grainy = large + rng.normal(0, GRAIN, large.shape).astype(np.float32)
        picture = Image.fromarray(np.clip(grainy + 0.5, 0, 255).astype(np.uint8))
        picture.save(path, "JPEG", quality=92, subsampling="4:4:4", **kept)
    return folder


def _same_disk(a: Path, b: Path) -> bool:
    return a.stat().st_dev == b.stat().st_dev


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def measured(photos: Path, workers: int, rembg_command: str | None) -> dict[str, Any]:
    """All figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        summary, seconds = whole(photos, Path(folder), workers)
        by_step = steps(Path(folder, "packshot.log"))
        report = json.loads(Path(folder, "report.json").read_text("utf-8"))
    segments = {p["file"]: p["segment"] for p in report["photos"] if p["status"] in ("exported", "held")}
    count = len(segments)
    rows: dict[str, Any] = {
        "photos": count,
        "packshot run, photos an hour": round(3600 * count / summary["seconds"]),
        "with the command's own start": round(3600 * count / seconds),
        "steps of process, s a photo": by_step,
    }
    alone = limit(photos, segments, workers)
    rows["limit, photos an hour"] = round(3600 * count / alone)
    rows["pipeline time / limit"] = round(summary["seconds"] / alone, 2)
    if rembg_command:
        theirs = rembg(rembg_command, photos, list(segments))
        rows["rembg isnet, photos an hour"] = round(3600 * count / theirs)
        rows["packshot / rembg"] = round(theirs / seconds, 2)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench speed", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rembg", help="the rembg command of another environment")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--megapixels", type=float, help="enlarge the photos to this first")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        photos = (
            camera_sized(asked.photos, Path(folder, "photos"), asked.megapixels) if asked.megapixels else asked.photos
        )
        rows = measured(photos, asked.workers, asked.rembg)
    for name, value in rows.items():
        print(f"{name:34} {value}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
