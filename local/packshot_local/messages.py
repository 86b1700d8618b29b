"""What the command says to people: progress, endings, addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from packshot.store import Store
from packshot_local import drop as drops
from packshot_local.stack import Stack
from packshot_local.stack.http_api import HttpApi

console = Console(stderr=True)


def bars(seen: drops.Progress) -> Progress:
    """A bar for each stage, kept up to date while it is open."""
    shown = Progress(
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    tasks = {stage: shown.add_task(stage, total=None) for stage in drops.STAGES}

    def changed() -> None:
        for stage, task in tasks.items():
            shown.update(task, completed=seen.done[stage], total=seen.total or None)

    seen.changed = changed
    return shown


def say(ended: dict[str, Any], out: Path, state: Path | None) -> None:
    """What was done, what people must look at, and where everything lies."""
    photos = ended["photos"]
    for photo in photos:
        if photo["status"] != "exported":
            colour = "yellow" if photo["status"] == "held" else "red"
            console.print(f"[{colour}]{photo['status']}[/] {photo['file']}: {photo['message']}", highlight=False)
            console.print(f"    {photo['cure']}", highlight=False)
    console.print(f"{ended['says']}, in {ended['seconds']} s")
    review = ended["to_review"]
    if review:
        keep = f" --state {state}" if state else " --state DIR (give run the same --state to keep its drops)"
        console.print(f"{review} photos wait for review. Open the desk: packshot up{keep}")
    console.print(f"Look at {out / 'report.html'}; files for upload are in {out / 'exports'}")


def welcome(stack: Stack, store: Store, api: HttpApi, out: Path, watch: Path | None) -> None:
    """Where the desk is, how to drop photos, where results go."""
    bucket = store.incoming.name
    console.print(f"review desk   {api.page_url}", soft_wrap=True)
    console.print(f"S3 endpoint   {stack.endpoint}", soft_wrap=True)
    console.print("drop photos   ", end="")
    console.print(
        f"AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws --endpoint-url {stack.endpoint} s3 cp FOLDER "
        f"s3://{bucket}/incoming/NAME/ --recursive",
        soft_wrap=True,
        highlight=False,
    )
    if watch is not None:
        console.print(f"watching      {watch}: every subfolder becomes a drop")
    console.print(f"results       {out}/NAME; Ctrl-C ends")
