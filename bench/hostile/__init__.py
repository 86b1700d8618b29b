"""Hostile inputs through intake and metadata code: no crash, no input over 2 s of CPU, no process over 500 MB.

    python -m bench hostile --count 100000 --seed 7 [--corpus DIR] [--workers 2] [--write]

Each input is a photo's event with its bytes, key, headers and catalogue, one of them hostile, or a file of
complaints. It goes through the real code (``bench.hostile.judge``) in a worker process that may die. Input
number N of a seed is always the same: ``--only N`` judges it alone, in this process, and shows the error;
``--save FILE`` keeps its bytes.

``--corpus DIR`` adds a folder of pictures: each of its files as it is, then broken. Pillow's source package
has one, made of files that once broke it:

    pip download --no-binary pillow --no-deps --dest DIR pillow==13.0.0 && tar xzf DIR/pillow-*.tar.gz -C DIR
    python -m bench hostile --corpus DIR/pillow-13.0.0/Tests/images
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import json
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL

from bench.hostile import seeds
from bench.hostile.crew import MOST_CPU_S, MOST_MB, Verdict, verdicts
from bench.hostile.inputs import make
from bench.hostile.judge import judge

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
MARKS = ("<!-- made by: python -m bench hostile --write -->", "<!-- end -->")


class Tally:
    """What all inputs came to, kind by kind."""

    def __init__(self) -> None:
        self.cpu: dict[str, list[float]] = defaultdict(list)
        self.peak: dict[str, float] = defaultdict(float)
        self.told: dict[str, Counter[str]] = defaultdict(Counter)
        self.faults: list[Verdict] = []

    def add(self, verdict: Verdict) -> None:
        """Count one."""
        self.cpu[verdict.kind].append(verdict.cpu_s)
        self.peak[verdict.kind] = max(self.peak[verdict.kind], verdict.peak_mb)
        self.told[verdict.kind][verdict.told or "fault"] += 1
        if verdict.fault:
            self.faults.append(verdict)

    @property
    def count(self) -> int:
        """How many were judged."""
        return sum(map(len, self.cpu.values()))

    def table(self) -> str:
        """A Markdown table: inputs, time, memory and ends, by kind."""
        rows = ["| kind | inputs | CPU median, longest | peak of the process | ends |", "|---|---|---|---|---|"]
        for kind in sorted(self.cpu):
            cpu, ends = self.cpu[kind], self.told[kind].most_common(4)
            told = ", ".join(f"{name} {100 * n / len(cpu):.0f} %" for name, n in ends)
            times = f"{1000 * float(np.median(cpu)):.0f} ms, {max(cpu):.2f} s"
            rows.append(f"| {kind} | {len(cpu):,} | {times} | {self.peak[kind]:.0f} MB | {told} |")
        return "\n".join(rows)


def run(count: int, seed: int, corpus: Path | None, workers: int, first: int = 0) -> Tally:
    """Judge that many inputs of a seed; fewer, if it is interrupted."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the workers: threads that wait would count as time
    tally = Tally()
    try:
        for verdict in verdicts(count, workers, functools.partial(make, seed, folder=corpus), judge, first):
            tally.add(verdict)
            if verdict.fault:
                print(f"{verdict.number}: {verdict.kind} {verdict.how}: {verdict.fault}", flush=True)
            if tally.count % 2000 == 0:
                print(f"{tally.count:,} of {count:,}, {len(tally.faults)} faults", flush=True)
    except KeyboardInterrupt:
        print(f"ended early, after {tally.count:,}")
    return tally


def paragraph(tally: Tally, seed: int, corpus: Path | None) -> str:
    """What the documentation says of a run."""
    files = len(seeds.collection(corpus))
    source = f", among them the {files:,} files of Pillow's own collection and broken ones" if files else ""
    return (
        f"{dt.date.today():%Y-%m-%d}, Python {platform.python_version()}, Pillow {PIL.__version__}, seed {seed}: "
        f"{tally.count:,} inputs{source}. {len(tally.faults)} faults (an exception that is not documented, the death "
        f"of the worker, over {MOST_CPU_S:g} s of CPU, over {MOST_MB:g} MB).\n\n{tally.table()}\n"
    )


def write(text: str) -> None:
    """Put the figures between the page's marks."""
    page = PAGE.read_text("utf-8")
    before, rest = page.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}{MARKS[1]}{after}", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="bench hostile", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", type=int, help="judge this input alone, in this process")
    parser.add_argument("--save", type=Path, help="with --only: keep the input's bytes")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/security.md")
    asked = parser.parse_args(arguments)
    if asked.only is not None:
        return _only(asked.only, asked.seed, asked.corpus, asked.save)
    tally = run(asked.count, asked.seed, asked.corpus, asked.workers, asked.first)
    text = paragraph(tally, asked.seed, asked.corpus)
    print(text)
    if asked.write:
        write(text)
    return 1 if tally.faults else 0


def _only(number: int, seed: int, corpus: Path | None, save: Path | None) -> int:
    given = make(seed, number, corpus)
    if save is not None:
        save.write_bytes(given.catalog if given.kind == "catalogue" else given.complaints or given.body)
    shown = {"kind": given.kind, "how": given.how, "bytes": len(given.body), "key": given.key, "headers": given.headers}
    print(json.dumps(shown, ensure_ascii=True, indent=1))
    print(judge(given))
    return 0
