"""Faults: every entry of the catalogue on the real pipeline, and the table of docs/reliability.md.

    python -m bench faults [--only WORDS] [--list] [--write]

Each fault befalls a drop of three photos on one local stack: the real template, state machine and functions, with
moto in place of AWS. It must end with nothing lost (the audit's equation, dead letters) and nothing done twice (one
execution, the bytes of an undisturbed drop, verdicts, outcomes and metrics counted once). ``--write`` writes the table.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

from bench.faults import events, people, stuck, wire, workers  # noqa: F401 - they fill the catalogue
from bench.faults.case import PARAMETERS
from bench.faults.catalogue import CATALOGUE, Fault, Ground
from bench.faults.promises import Outcome
from bench.line import open_line

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
COLUMNS = ("fault", "what is injected", "struck", "photos", "executions", "nothing lost, nothing twice")
HEAD = "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
AREAS = ("wire", "workers", "events", "review", "stuck drops")


def faults() -> list[Fault]:
    """The catalogue, by area."""
    return sorted(CATALOGUE.faults, key=lambda fault: AREAS.index(fault.area))


def row(fault: Fault, outcome: Outcome) -> str:
    """One line of the table."""
    ends = ", ".join(f"{count} {name}" for name, count in outcome.ends.items())
    fine = "yes" if not outcome.wrong else "**no**: " + "; ".join(outcome.wrong)
    cells = (fault.name, fault.injected, str(outcome.struck), ends, str(outcome.executions), fine)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write(rows: dict[str, str]) -> None:
    """Put rows into the table by the names of their faults; those of faults that are no more go."""
    text = PAGE.read_text("utf-8")
    before, table, after = text.partition(BEGIN)[0], text.partition(BEGIN)[2].partition(END)[0], text.partition(END)[2]
    kept = dict(re.findall(r"^(?=\| (.*?) \|)(.*)$", table, re.M))
    lines = [line for fault in faults() if (line := rows.get(fault.name, kept.get(fault.name)))]
    PAGE.write_text(before + BEGIN + "\n" + HEAD + "\n".join(lines) + "\n" + END + after, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the catalogue; 1 when something was lost or done twice."""
    parser = argparse.ArgumentParser(prog="python -m bench faults", description=__doc__)
    parser.add_argument("--only", default="", help="only faults with this text in area or name")
    parser.add_argument("--list", action="store_true", help="name them and run none")
    parser.add_argument("--write", action="store_true", help="write its rows into docs/reliability.md")
    asked = parser.parse_args(arguments)
    chosen = [fault for fault in faults() if asked.only in f"{fault.area}: {fault.name}"]
    if asked.list:
        for fault in chosen:
            print(f"{fault.area:12} {fault.name}: {fault.injected}")
        return 0
    rows: dict[str, str] = {}
    bad = 0
    with tempfile.TemporaryDirectory() as folder, open_line("advisory", Path(folder, "log"), PARAMETERS) as line:
        ground = Ground(line)
        for number, fault in enumerate(chosen, 1):
            began = time.monotonic()
            outcome = ground.run(fault, f"fault-{number}")
            bad += bool(outcome.wrong)
            rows[fault.name] = row(fault, outcome)
            if asked.write:
                write(rows)
            verdict = "BAD" if outcome.wrong else "ok "
            said = f"{verdict} {time.monotonic() - began:4.0f} s  {fault.area}: {fault.name}"
            print(said, *outcome.wrong, sep="\n      ", flush=True)
    print(f"{len(chosen)} faults, {bad} not as they must be")
    return int(bool(bad))
