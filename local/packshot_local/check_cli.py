"""``packshot check``: does any image, ours or not, keep a channel's rules?

Channels and their rules are imported when they are asked for: other commands have this module, too.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from packshot.export.compliance import RuleResult

Paths = Annotated[list[Path], typer.Argument(exists=True, help="Image files, ours or not, and folders of them")]
Date = Annotated[dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Rules of this day, not today's")]


def check(
    files: Paths,
    channel: Annotated[str, typer.Option(help="Whose rules count: amazon, google, … or a channel of your own")],
    secondary: Annotated[bool, typer.Option("--secondary", help="Not the product's main image: fewer rules")] = False,
    on: Date = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output")] = False,
) -> None:
    """Check image files against a channel's rules.

    Exit code 0: every must-rule is kept; 1: one is broken, or a file is no picture; 2: asked wrongly.
    """
    from packshot.export.channels import load
    from packshot.export.compliance import Facts, breaches
    from packshot.export.compliance import check as judged

    rules = load().get(channel)
    if rules is None:
        raise typer.BadParameter(f"there is no {channel!r}; there are {', '.join(load())}", param_hint="--channel")
    day = on.date() if on else dt.datetime.now(dt.UTC).date()
    pictures = [path for given in files for path in _pictures(given)]
    out, broken = Console(highlight=False, soft_wrap=True), 0
    rows: dict[str, list[dict[str, object]]] = {}
    for path in pictures:
        found = judged(path.read_bytes(), rules, path.name, facts=Facts(main=not secondary), on=day)
        rows[str(path)] = [result.model_dump(mode="json") for result in found]
        broken += bool(breaches(found))
        if not as_json:
            say(out, path, found)
    if as_json:
        told = {"channel": channel, "on": day.isoformat(), "passed": not broken, "files": rows}
        print(json.dumps(told, ensure_ascii=False))
    elif len(pictures) > 1:
        out.print(f"{len(pictures) - broken} of {len(pictures)} files keep every must-rule of {rules.title}.")
    raise typer.Exit(1 if broken else 0)


def _pictures(given: Path) -> list[Path]:
    """The file itself, or a folder's pictures, subfolders too."""
    from packshot.export.inspection import SUFFIXES

    if not given.is_dir():
        return [given]
    found = sorted(path for path in given.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise typer.BadParameter(f"no pictures ({', '.join(sorted(SUFFIXES))}) in {given}", param_hint="FILES")
    return found


def say(out: Console, path: Path, found: list[RuleResult]) -> None:
    """What one file keeps and breaks."""
    from packshot.export.compliance import breaches

    bad = sorted((result for result in found if not result.passed), key=lambda result: result.level)
    musts = len(breaches(found))
    parts = [f"{musts} must-rule{'s' * (musts > 1)}" * bool(musts), f"{len(bad) - musts} advised" * (len(bad) > musts)]
    verdict = f"breaks {' and '.join(filter(None, parts))} of" if bad else "keeps all"
    out.print(f"{path}: {verdict} {len(found)} rules", markup=False)
    for result in bad:
        out.print(f"  {result.level:6} ", style="red" if result.level == "must" else "yellow", end="")
        out.print(f"{result.rule}: {result.measured}; required: {result.required}", markup=False)
        out.print(f"         mend: {result.fix}", markup=False)
        if result.source:
            out.print(f"         says: {result.source} ({result.confidence.replace('_', '-')})", markup=False)
