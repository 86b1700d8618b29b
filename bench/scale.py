"""The real close, plan, inspect, audit and report code on drops of 10^3 to 10^6 made-up photos: time and memory.

    python -m bench scale --records 1000000 [--stages close,plan] [--keep bench/data/scale.json]

Every stage runs in a process of its own, on a stand-in for S3 and DynamoDB that keeps everything on disk
(``bench/scale_cloud.py``). Seconds are CPU seconds of that process, the stand-in's share included; memory is its peak,
interpreter and libraries included. ``--docs`` fits and draws what was kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.scale_drop import DROP, Drop
from bench.scale_figures import write as figures
from packshot.export import channels
from packshot.intake.close import Outcome, close
from packshot.plan.stage import plan_drop
from packshot.quality.stage import inspect_canary, inspect_lot
from packshot.report import audit, report_drop
from packshot.settings import CloseSettings, InspectSettings, PlanSettings, ReportSettings

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def run_close(drop: Drop) -> dict[str, Any]:
    """Close a drop whose catalogue came last for half of it, in calls of fifteen CPU minutes."""
    first, calls = 0, 0
    while True:
        end = time.process_time() + 900
        result = close(drop.store, CloseSettings(), DROP, first, lambda: end - time.process_time())  # noqa: B023
        calls += 1
        if result.outcome is not Outcome.SETTLING:
            break
        first = result.first
    if result.outcome is not Outcome.STARTED or result.photos != drop.records:
        raise AssertionError(f"the drop was not closed: {result}")
    return {"calls": calls}


def run_plan(drop: Drop) -> dict[str, Any]:
    """Cut the drop into lots."""
    return {"lots": plan_drop(drop.store, PlanSettings(), DROP, "run").lots}


def run_inspect(drop: Drop) -> dict[str, Any]:
    """Judge the canary and the photos of every lot, draw the samples, write the tasks."""
    photos = 0
    for lot in drop.store.lots.of_drop(DROP):
        inspect_canary(drop.store, DROP, lot.lot)
        inspect_lot(drop.store, InspectSettings(gate_mode="advisory"), DROP, lot.lot, 0)
        photos += lot.size
    return {"photos": photos}


def run_audit(drop: Drop) -> dict[str, Any]:
    """Hold the records against the listing."""
    numbers = audit(drop.store, DROP)
    if numbers.dropped != drop.records or numbers.unknown or numbers.unrecorded:
        raise AssertionError(f"the books are wrong: {numbers}")
    return {"balanced": numbers.balanced}


def run_report(drop: Drop) -> dict[str, Any]:
    """Report on the drop as if every accepted photo had been exported to two channels with a feed."""
    drop.export()
    start = time.process_time()
    rules = {name: rule for name, rule in channels.load().items() if name in ("shopify", "google")}
    numbers = report_drop(drop.store, ReportSettings(public_url="https://cdn.example"), rules, DROP)
    if not numbers.balanced:
        raise AssertionError(f"the books are wrong: {numbers}")
    return {"exported": numbers.exported, "seconds": time.process_time() - start}


STAGES: dict[str, Callable[[Drop], dict[str, Any]]] = {
    "close": run_close, "plan": run_plan, "inspect": run_inspect, "audit": run_audit, "report": run_report,
}  # fmt: skip


def measured(folder: Path, records: int, stage: str) -> dict[str, Any]:
    """One stage in a process of its own: what it says of its CPU seconds and its peak of memory."""
    command = [
        sys.executable,
        "-m",
        "bench.scale",
        "--child",
        stage,
        "--folder",
        str(folder),
        "--records",
        str(records),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def child(folder: Path, records: int, stage: str) -> None:
    """Run one stage here and print its row."""
    drop = Drop(folder / "drop.sqlite", records)
    cpu, wall = time.process_time(), time.monotonic()
    said = drop.make() if stage == "make" else STAGES[stage](drop)
    row = {
        "records": records,
        "stage": stage,
        "seconds": round(time.process_time() - cpu, 2),
        "wall": round(time.monotonic() - wall, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **(said or {}),
    }
    print(json.dumps(row))


def main(arguments: list[str] | None = None) -> int:
    """Measure, or fit and draw what was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=__doc__)
    parser.add_argument("--records", type=int, default=0, help="one size only; without it 10^3, 10^4 and 10^5")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--keep", type=Path, help="add the rows to this file")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--docs", action="store_true", help="fit and draw what was kept, for docs/scale.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.child:
        child(asked.folder, asked.records, asked.child)
        return 0
    if asked.docs:
        figures()
        return 0
    for records in [asked.records] if asked.records else SIZES[:-1]:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            for stage in ["make", *asked.stages.split(",")]:
                row = measured(Path(folder), records, stage)
                print(json.dumps(row), flush=True)
                if asked.keep and stage != "make":
                    keep(asked.keep, row)
    return 0


def keep(path: Path, row: dict[str, Any]) -> None:
    """Add a row to the file, in place of one of the same size and stage."""
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    rows = [r for r in rows if (r["records"], r["stage"]) != (row["records"], row["stage"])] + [row]
    order = list(STAGES)
    rows.sort(key=lambda r: (order.index(r["stage"]), r["records"]))
    path.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
