"""Dollars for 1,000 photos by stage, beside what commercial services ask: ``python -m bench cost [--docs]``.

Seconds, memory and prices are ``local/packshot_local/prices.yaml`` (with its date), which ``packshot plan`` uses too;
what others ask is ``bench/data/commercial.yaml``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from bench.deployed import table as deployed
from bench.scale_figures import PAGE, insert
from packshot_local.quote import cost, prices

COMMERCIAL = Path(__file__).parent / "data" / "commercial.yaml"


def table() -> str:
    """The parts of the price of 1,000 photos, and the others' prices below."""
    price, parts = prices(), cost(1000, 1000)
    others: dict[str, Any] = yaml.safe_load(COMMERCIAL.read_text("utf-8"))
    lines = [f"| 1,000 photos | rests on | US dollars, {price.region}, {price.read_on} |", "|---|---|---|"]
    for name, dollars in parts.items():
        share = price.stages.get(name)
        rests = f"{share.seconds} s a photo at {share.memory_mb:,} MB" if share else "calls a photo"
        lines.append(f"| {name} | {rests} | {dollars:.4f} |")
    lines.append(f"| **packshot** | | **{sum(parts.values()):.2f}** |")
    lines += [f"| {o['name']} | {o['what']} ([source]({o['source']})) | {o['usd']:.2f} |" for o in others["services"]]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; ``--docs`` writes it, and the simulation's, into docs/scale.md."""
    parser = argparse.ArgumentParser(prog="python -m bench cost", description=__doc__)
    parser.add_argument("--docs", action="store_true")
    asked = parser.parse_args(arguments)
    print(table())
    if asked.docs:
        insert(PAGE, "cost", table())
        insert(PAGE, "gate", deployed(True))
        insert(PAGE, "advisory", deployed(False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
