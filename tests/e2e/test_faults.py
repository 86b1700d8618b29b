"""A few faults of the catalogue, one of each area; `python -m bench faults` runs them all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bench import faults
from bench.faults.case import PARAMETERS
from bench.faults.catalogue import Fault, Ground
from bench.line import open_line

NAMES = (
    "DynamoDB loses answers of updates",
    "process killed between a photo's files",
    "export killed between file and record",
    "events in reverse order",
    "the answer that wakes the gate is lost",
    "the execution is stopped in mid-lot",
)
CHOSEN = [fault for fault in faults.faults() if fault.name in NAMES]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_line("advisory", tmp_path_factory.mktemp("logs") / "stack.jsonl", PARAMETERS) as line:
        yield Ground(line)


@pytest.mark.slow
@pytest.mark.parametrize("fault", CHOSEN, ids=[fault.name.replace(" ", "-") for fault in CHOSEN])
def test_nothing_is_lost_and_nothing_done_twice(ground: Ground, fault: Fault) -> None:
    outcome = ground.run(fault, f"fault-{CHOSEN.index(fault)}")
    assert outcome.wrong == []
    assert outcome.struck > 0


def test_a_fault_of_every_area_is_among_them() -> None:
    assert len(CHOSEN) == len(NAMES) and {fault.area for fault in CHOSEN} == set(faults.AREAS)


def test_the_table_is_of_the_catalogue_as_it_is_and_all_is_well() -> None:
    text = faults.PAGE.read_text("utf-8")
    table = text[text.index(faults.BEGIN) : text.index(faults.END)]
    rows = re.findall(r"^\| (.*) \| (.*) \| (\d+) \| (.*) \| (\d+) \| (.*) \|$", table, re.M)
    assert [(name, injected) for name, injected, *_ in rows] == [(f.name, f.injected) for f in faults.faults()]
    assert len(rows) >= 30 and len({name for name, *_ in rows}) == len(rows)
    assert {row[-1] for row in rows} == {"yes"}, "python -m bench faults --write"
    assert all(int(row[2]) > 0 for row in rows), "every fault has struck"
