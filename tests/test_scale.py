"""docs/scale.md says what its commands give, and the measured growth is linear and bounded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench import cost, scale_figures
from bench.deployed import table as deployed

PAGE = scale_figures.PAGE.read_text("utf-8")
ROWS = json.loads(scale_figures.KEPT.read_text("utf-8"))
STAGES = sorted({row["stage"] for row in ROWS})


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_tables_are_what_the_commands_give() -> None:
    assert part("cost") == cost.table()
    assert part("gate") == deployed(True)
    assert part("advisory") == deployed(False)
    assert part("scale") == scale_figures.table(ROWS)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_grows_linearly_and_stays_below_500_mb(stage: str) -> None:
    rows = [row for row in ROWS if row["stage"] == stage]
    slope, _, r2 = scale_figures.fit(rows)
    assert 0.85 < slope < 1.15 and r2 > 0.99
    assert max(row["peak_mb"] for row in rows) < 500


def test_a_million_records_were_closed_and_planned() -> None:
    assert {row["stage"] for row in ROWS if row["records"] == 1_000_000} >= {"close", "plan"}


def test_the_bench_runs_all_stages(tmp_path: Path) -> None:
    from bench.scale import STAGES as real
    from bench.scale_drop import Drop

    drop = Drop(tmp_path / "drop.sqlite", 400)
    drop.make()
    said = {name: run(drop) for name, run in real.items()}
    assert said["close"]["calls"] == 1 and said["plan"]["lots"] >= 4
    assert said["inspect"]["photos"] == 388, "four duplicates, four names taken twice, four without metadata"
    assert 350 < said["report"]["exported"] <= 388
