"""The deployed system as a discrete-event simulation: hours, dollars and the bottleneck, for 10^3 to 10^7 photos.

    python -m bench deployed [--plot FILE]

Intake's batches pass the queue's pollers and Lambda's environments, then the drop is closed and planned, and lots move
on their own: chunks through process, the review gate through people, export; then the report. What it rests on is data:
``bench/data/deployed.yaml`` and ``prices.yaml``; nothing of it was measured on AWS. Large drops move in larger grains
(several batches, several lots at a time), which keeps every rate and every limit.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import simpy
import yaml

from packshot_local.quote import cost, prices

DATA = Path(__file__).parent / "data" / "deployed.yaml"
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MOST_GRAINS = 4_000
DAY = 86_400.0
Steps = Generator[simpy.Event, Any, Any]


@cache
def facts() -> dict[str, Any]:
    """The data file."""
    found: dict[str, Any] = yaml.safe_load(DATA.read_text("utf-8"))
    return found


@dataclass
class Pool:
    """Servers of which only so many may work, and which come into being at a limited rate: Lambda's environments."""

    env: simpy.Environment
    most: int
    every_10_s: int
    cold_s: float
    busy_s: float = 0.0
    served: int = 0
    waited_s: float = 0.0
    grain: int = 1
    slots: simpy.Resource = field(init=False)
    warm: int = 0

    def __post_init__(self) -> None:
        self.slots = simpy.Resource(self.env, max(1, self.most // self.grain))

    def work(self, seconds: float) -> Steps:
        """One call of a function: wait for a slot, start an environment if none is warm, work."""
        asked = self.env.now
        with self.slots.request() as slot:
            yield slot
            self.waited_s += self.env.now - asked
            start = 0.0
            if self.warm < self.slots.count:
                self.warm += 1
                wave = self.warm * self.grain / self.every_10_s  # tens of seconds until that many may exist
                start = self.cold_s + max(0.0, 10 * math.floor(wave) - (self.env.now - asked))
            yield self.env.timeout(start + seconds)
            self.busy_s += (start + seconds) * self.grain
            self.served += 1


@dataclass
class Run:
    """What became of one drop: seconds as simulated, and for each stage the least that its work can take."""

    photos: int
    seconds: dict[str, float] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)
    busy_s: dict[str, float] = field(default_factory=dict)
    arrived: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)

    @property
    def hours(self) -> float:
        """From the first upload to the written report."""
        return sum(self.seconds.values()) / 3600

    @property
    def bottleneck(self) -> str:
        """The stage that could not be done sooner with everything to itself: the largest bound. ``latency`` where all
        bounds together are less than half of the time: then a lot's own steps, one after another, take it.
        """
        if sum(self.bounds.values()) < sum(self.seconds.values()) / 2:
            return "latency"
        return max(self.bounds, key=lambda name: self.bounds[name])


def simulate(photos: int, gate: bool = True, concurrency: int | None = None) -> Run:
    """One drop from the first upload to its report."""
    run, given = Run(photos), facts()
    limit = concurrency or given["lambda"]["concurrency"]
    stage = {name: share.seconds for name, share in prices().stages.items()}
    _intake(run, stage["intake"], given, min(limit, given["intake"]["concurrency"]))
    for name in ("close", "plan"):
        run.seconds[name] = run.bounds[name] = 2 + given[f"{name}_s_a_million"] * photos / 1e6
    _lots(run, stage, given, limit, gate)
    run.seconds["report"] = run.bounds["report"] = 2 + given["report_s_a_million"] * photos / 1e6
    return run


def _intake(run: Run, seconds: float, given: dict[str, Any], most: int) -> None:
    """Uploads into the queue; batches out of it, as many at once as pollers and concurrency allow."""
    env, sqs, batch = simpy.Environment(), given["sqs"], given["sqs"]["batch"]
    grain = min(math.ceil(run.photos / batch / MOST_GRAINS), most // 8)
    start, cold = given["lambda"]["environments_every_10_s"], given["lambda"]["cold_start_s"]["intake"]
    pool = Pool(env, most, start, cold, grain=grain)
    pollers = simpy.Container(env, init=max(sqs["pollers"], grain))
    rate, units = given["intake"]["upload_photos_s"], math.ceil(run.photos / (batch * grain))

    def scale() -> Steps:
        for _ in range(int(60 * (sqs["most_pollers"] - sqs["pollers"]) / sqs["pollers_a_minute"])):
            yield env.timeout(1)
            yield pollers.put(sqs["pollers_a_minute"] / 60)

    def one(at: float) -> Steps:
        yield env.timeout(at)
        yield pollers.get(grain)
        yield from pool.work(seconds * batch)
        yield pollers.put(grain)

    env.process(scale())
    env.run(until=env.all_of([env.process(one((i + 1) * batch * grain / rate)) for i in range(units)]))
    run.seconds["intake"] = env.now
    run.bounds["intake"] = max(run.photos / rate, run.photos * seconds / most)
    run.busy_s["intake"] = pool.busy_s


def _lots(run: Run, stage: dict[str, float], given: dict[str, Any], limit: int, gate: bool) -> None:
    """Every lot on its own: canary, chunks, inspection, people, export."""
    env, lot, cold = simpy.Environment(), given["lot"], given["lambda"]["cold_start_s"]
    lots = math.ceil(run.photos / lot["photos"])
    grain = max(1, math.ceil(lots / MOST_GRAINS))
    units, start = math.ceil(lots / grain), given["lambda"]["environments_every_10_s"]
    at_once = min(lots, lot["lot_concurrency"])
    wide = max(1, min(lot["chunk_concurrency"], lot["workers"] // at_once))
    chunks = math.ceil((lot["photos"] - lot["canary"]) / lot["chunk"])
    workers = min(limit, lot["workers"])
    process = Pool(env, workers, start, cold["process"], grain=grain)
    export = Pool(env, workers, start, cold["export"], grain=grain)
    children = simpy.Resource(env, max(1, at_once // grain))
    review = given["review"]
    people = simpy.Resource(env, review["reviewers"])
    look_s = review["seconds_a_photo"] * DAY / 3600 / review["hours_a_day"]  # nights count: the gate waits on

    def wave(pool: Pool, seconds: float, count: int, lanes: int) -> Steps:
        mine = simpy.Resource(env, lanes)

        def chunk() -> Steps:
            with mine.request() as lane:
                yield lane
                yield from pool.work(seconds)

        yield env.all_of([env.process(chunk()) for _ in range(count)])

    def one() -> Steps:
        run.arrived.append(env.now)
        with children.request() as place:
            yield place
            yield from process.work(stage["process"] * lot["canary"])
            yield from wave(process, stage["process"] * lot["chunk"], chunks, wide)
            yield env.timeout(stage["inspect"] * lot["photos"])
            if gate:
                looks = math.ceil(lot["photos"] * (review["sample"] + review["flagged"])) * grain
                with people.request() as person:
                    yield person
                    yield env.timeout(looks * look_s)
            yield from wave(export, stage["export"] * lot["chunk"], chunks + 1, wide)
        run.left.append(env.now)

    env.run(until=env.all_of([env.process(one()) for _ in range(units)]))
    run.seconds["lots"] = env.now
    looks = run.photos * (review["sample"] + review["flagged"])
    run.bounds |= {
        "process": run.photos * stage["process"] / workers,
        "review": looks * look_s / review["reviewers"] if gate else 0.0,
        "export": run.photos * stage["export"] / workers,
    }
    run.busy_s |= {"process": process.busy_s, "export": export.busy_s}


def table(gate: bool) -> str:
    """The predictions as a table in Markdown."""
    stages = ("intake", "process", "review", "report") if gate else ("intake", "process", "report")
    rows = [
        f"| photos | hours | {' | '.join(f'{name} at least' for name in stages)} | dollars | bottleneck |",
        "|---" * (len(stages) + 4) + "|",
    ]
    for size in SIZES:
        run = simulate(size, gate)
        least = " | ".join(f"{run.bounds[name] / 3600:.2f}" for name in stages)
        dollars = sum(cost(size, size).values())
        rows.append(f"| {size:,} | {run.hours:.2f} | {least} | {dollars:,.2f} | {run.bottleneck} |")
    return "\n".join(rows)


def draw(path: Path) -> None:
    """Hours, dollars and bottleneck for every size, with and without people, and each stage's least."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 5), sharey=True)
    for axis, gate in zip(axes, (True, False), strict=True):
        runs = [simulate(size, gate) for size in SIZES]
        for colour, name in enumerate(("review", "process", "report", "intake", "close", "plan", "export")):
            if runs[0].bounds[name]:
                hours = [run.bounds[name] / 3600 for run in runs]
                axis.loglog(SIZES, hours, "--", color=f"C{colour}", label=f"{name} at least", lw=1)
        axis.loglog(SIZES, [run.hours for run in runs], "ko-", label="simulated")
        for run in runs:
            took = f"{60 * run.hours:.2g} min" if run.hours < 1 else f"{run.hours:,.3g} h"
            took = f"{run.hours:,.0f} h" if run.hours >= 100 else took
            said = f"{took}, ${sum(cost(run.photos, run.photos).values()):,.2f}\n{run.bottleneck}"
            axis.annotate(said, (run.photos, run.hours), (0, 8), textcoords="offset points", ha="center", fontsize=7)
        axis.set(title="people at the gate" if gate else "advisory: nobody is waited for", xlabel="photos in the drop")
        axis.margins(0.12)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("hours from the first upload to the report")
    axes[0].legend(fontsize=7, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})


def main(arguments: list[str] | None = None) -> int:
    """Print the predictions; ``--plot`` draws them."""
    parser = argparse.ArgumentParser(prog="python -m bench deployed", description=__doc__)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args(arguments)
    for gate in (True, False):
        print("with people at the gate" if gate else "advisory: nobody is waited for")
        print(table(gate))
    if asked.plot:
        draw(asked.plot)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
