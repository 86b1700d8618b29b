"""``packshot models``: the networks' weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from packshot.imaging import models as model_registry
from packshot_local.messages import console

models_app = typer.Typer(no_args_is_help=True, help="The networks' weights: list, pull, verify.")
AsJson = Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output")]


def have_models() -> None:
    """Pull the models that are missing, with a word about it."""
    for name in ("u2netp", "isnet"):
        try:
            model_registry.verify(name)
        except model_registry.ModelError:
            console.print(f"Pulling the model {name} …")
            model_registry.pull(name)


@models_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """The models, their licences, and whether they are here and sound."""
    rows = []
    for name, spec in model_registry.registry().items():
        try:
            model_registry.verify(name)
            state = "ready"
        except model_registry.ModelError as error:
            state = str(error)
        rows.append({"name": name, "bytes": spec.bytes, "licence": spec.licence, "state": state})
    if as_json:
        print(json.dumps(rows))
        return
    table = Table("model", "MB", "licence", "state")
    for row in rows:
        table.add_row(str(row["name"]), f"{int(str(row['bytes'])) / 1e6:.1f}", str(row["licence"]), str(row["state"]))
    console.print(table)


@models_app.command("pull")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Models; default: all that packshot needs")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder; default: the models' folder of this user")] = None,
) -> None:
    """Fetch models, try their sources in order, check their hashes."""
    for name in names or ["u2netp", "isnet"]:
        path = model_registry.pull(name, to)
        console.print(f"{name}: {path}")


@models_app.command("verify")
def models_verify() -> None:
    """Check the hashes of the models that packshot needs; exit code 1 when one is missing or damaged."""
    for name in ("u2netp", "isnet"):
        model_registry.verify(name)
        console.print(f"{name}: sound")
