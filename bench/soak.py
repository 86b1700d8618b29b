"""An hour's drops, compressed: one after the other without a pause, and what memory and file handles do meanwhile.

    python -m bench soak [--drops 60] [--photos 5]

One line a drop: resident memory and open files of the stack's own process, and the sums over all workers. The end
says what each grew by per photo between the first quarter, when everything has warmed up, and the end.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from bench.line import Line, draw, open_line, remark
from packshot_local.stack.worker import memory_bytes

SIDE = 1024
PARAMETERS = {"MinPixels": "1000"}
MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """The processes after a drop; memory in MiB."""

    photos: int
    stack_mib: float
    stack_peak_mib: float
    stack_files: int
    workers: int
    workers_mib: float
    worker_files: int


def sample(line: Line, photos: int) -> Sample:
    """Look at all processes; files of the busiest worker."""
    pids = [worker.pid for worker in line.stack.workers()]
    now, peak = memory_bytes(os.getpid())
    return Sample(
        photos=photos,
        stack_mib=now / MIB,
        stack_peak_mib=peak / MIB,
        stack_files=open_files(os.getpid()),
        workers=len(pids),
        workers_mib=sum(memory_bytes(pid)[0] for pid in pids) / MIB,
        worker_files=max((open_files(pid) for pid in pids), default=0),
    )


def open_files(pid: int) -> int:
    """Open file descriptors of a process; 0 when it has gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - entries vanish while they are listed
    except FileNotFoundError:
        return 0


def soak(line: Line, drops: int, photos: int) -> list[Sample]:
    """Run drops, each of photos that no other drop has; raises AssertionError when a photo is not exported."""
    drawn = [draw(seed, SIDE) for seed in range(3)]
    samples = []
    for number in range(drops):
        batch = {}
        for index in range(photos):
            body, matte = drawn[index % len(drawn)]
            body = remark(body, f"{number}-{index}")
            line.know(body, matte)
            batch[f"BOX-{index}"] = body
        line.drop(f"soak-{number}", batch)
        books = line.books(f"soak-{number}", 60 + 30 * photos)
        assert books.balanced and books.exported == photos, f"drop {number}: {books}"
        line.lines.clear()
        samples.append(sample(line, (number + 1) * photos))
        print("  ".join(f"{name} {value:.0f}" for name, value in asdict(samples[-1]).items()), flush=True)
    return samples


def growth(samples: list[Sample]) -> dict[str, float]:
    """By how much the means of the last quarter are above those of the second one; memory per photo, in KiB."""
    part = max(1, len(samples) // 4)
    early, late = samples[part : 2 * part] or samples[:1], samples[-part:]
    photos = mean(s.photos for s in late) - mean(s.photos for s in early) or 1

    def rise(name: str) -> float:
        return float(mean(getattr(s, name) for s in late) - mean(getattr(s, name) for s in early))

    return {
        "stack, KiB a photo": rise("stack_mib") * 1024 / photos,
        "workers, KiB a photo": rise("workers_mib") * 1024 / photos,
        "files of the stack": rise("stack_files"),
        "files of a worker": rise("worker_files"),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the samples and the growth."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--drops", type=int, default=60)
    parser.add_argument("--photos", type=int, default=5, help="photos in each drop")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, open_line("advisory", Path(folder, "log"), PARAMETERS) as line:
        samples = soak(line, asked.drops, asked.photos)
    for name, value in growth(samples).items():
        print(f"{name:24} {value:+.1f}")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(s) for s in samples], indent=1), "utf-8")
    return 0
