"""The command ``packshot``: run a drop on this machine, look after it, ask what it would cost.

What only one command needs is imported in it: a run would wait 0.2 s for what it never asks.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from packshot.imaging import models as model_registry
from packshot.settings import PlanSettings
from packshot.store import Store
from packshot_local import drop as drops
from packshot_local import results
from packshot_local.bulk import BulkError
from packshot_local.bulk_cli import bulk
from packshot_local.check_cli import check
from packshot_local.desk import Collector, Watcher
from packshot_local.doctor import examine
from packshot_local.messages import bars, console, say, welcome
from packshot_local.models_cli import have_models, models_app
from packshot_local.project import open_desk, open_stack, require_free, store_of
from packshot_local.stack import Stack, StackError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(models_app, name="models")
app.command()(check)
app.command()(bulk)

Folder = Annotated[Path, typer.Argument(help="Folder with photos named <SKU>_<view>.jpg and a catalog.csv")]
AsJson = Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output")]
State = Annotated[Path | None, typer.Option(help="Keep buckets and tables in this folder between runs")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes for process and export; one a core is best")]
Language = Annotated[str, typer.Option(help="Of titles, alt texts and descriptions: en, de")]
Gate = Annotated[str, typer.Option(help="advisory: export at once; gate: export waits for the sample's review")]


def main() -> None:
    """Run the command; expected errors become one sentence and exit code 1."""
    try:
        app()
    except Exception as error:
        from packshot.export.channels import ChannelError

        expected = (drops.DropError, StackError, model_registry.ModelError, ChannelError, BulkError, LookupError)
        if not isinstance(error, expected):
            raise
        console.print(f"[red]{error}")
        sys.exit(1)


@app.command()
def run(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Where exports, mattes, masters and reports go")],
    channels: Annotated[str, typer.Option(help="Comma-separated channels")] = "amazon,shopify,google",
    language: Language = "en",
    gate: Gate = "advisory",
    drop: Annotated[str, typer.Option(help="The drop's name; default: the folder's")] = "",
    workers: Workers = 2,
    state: State = None,
    min_pixels: Annotated[int, typer.Option(help="Least longest edge, px")] = 2000,
    sample_share: Annotated[float, typer.Option(min=0.10, max=0.15, help="Share for people to see")] = 0.12,
    as_json: AsJson = False,
) -> None:
    """Take a folder of photos through the whole pipeline and bring the results home."""
    _gate_mode(gate)
    name = drop or drops.drop_name(folder)
    photos = drops.photos_of(folder)
    have_models()
    parameters = {
        "Channels": channels, "Language": language, "GateMode": gate, "MinPixels": str(min_pixels),
        "SampleShare": str(sample_share),
        **_sizes(workers, len(photos)),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    seen = drops.Progress()
    with open_stack(
        parameters=parameters, workers=workers, models=model_registry.models_dir(), state=state, on_log=seen.on_log,
        log_file=out / "packshot.log",
    ) as stack:  # fmt: skip
        stack.warm("ProcessFunction")  # opens its networks while photos are uploaded and taken in
        store = store_of(stack)
        with bars(seen):
            drops.upload(store, folder, name, seen, ready=False)
            drops.complete(stack, store, name, seen)
            for _ in drops.follow(stack, store, name, seen):
                continue
        report = results.collect(store, name, folder, out)
        if state is not None:
            stack.wait_idle(drops.LEARNT_S)
    ended = results.summary(name, report, time.monotonic() - start, out)
    if as_json:
        print(json.dumps(ended, ensure_ascii=False))
    else:
        say(ended, out, state)
    if not ended["balanced"]:
        raise typer.Exit(1)


def _gate_mode(gate: str) -> None:
    if gate not in ("advisory", "gate"):
        raise typer.BadParameter("takes advisory or gate", param_hint="--gate")


def _sizes(workers: int, photos: int = 1000) -> dict[str, str]:
    """Small chunks, so that progress is seen, and that in a small drop no worker idles while another does the last;
    many lots, as one at its gate keeps its place.
    """
    chunk = min(4, max(1, photos // (8 * workers)))
    return {"ChunkConcurrency": str(min(40, workers)), "LotConcurrency": "100", "ChunkSize": str(chunk)}


@app.command()
def audit(
    drop: Annotated[str, typer.Argument(help="The drop's name")],
    state: Annotated[Path, typer.Option(help="The folder that run or up kept its state in")],
    repair: Annotated[bool, typer.Option("--repair", help="First let go on what is stuck, where that is safe")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that nothing is lost: rejected + exported + held + failed = dropped."""
    from packshot.reconcile import reconcile_drop
    from packshot.report import audit as audit_drop

    with open_stack(parameters={}, workers=1, models=model_registry.models_dir(), state=state) as stack:
        store = store_of(stack)
        if repair:
            for finding in reconcile_drop(store, drop).found:
                console.print(f"{finding.state}: {finding.did}", highlight=False)
            stack.wait_idle(drops.STALLED_S)
        numbers = audit_drop(store, drop)
    if as_json:
        print(numbers.model_dump_json())
    else:
        console.print(numbers.says)
        for key in numbers.unrecorded:
            console.print(f"[red]no record of {key}")
    raise typer.Exit(0 if numbers.balanced else 1)


@app.command()
def up(
    state: State = None,
    out: Annotated[Path, typer.Option(help="Where finished drops are brought home, one folder each")] = Path("out"),
    watch: Annotated[Path | None, typer.Option(help="Take every subfolder of this folder as a drop")] = None,
    channels: Annotated[str, typer.Option(help="Comma-separated channels")] = "amazon,shopify,google",
    language: Language = "en",
    gate: Gate = "gate",
    workers: Workers = 2,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the review desk; 0: any")] = 8710,
    quiet_minutes: Annotated[float, typer.Option(min=0.05, help="A drop without _READY closes after so long")] = 1.0,
) -> None:
    """Start the local stack and the review desk, and stay until Ctrl-C."""
    _gate_mode(gate)
    if watch is not None and not watch.is_dir():
        raise typer.BadParameter(f"{watch} is not a folder", param_hint="--watch")
    require_free(port)
    have_models()
    parameters = {
        "Channels": channels,
        "Language": language,
        "GateMode": gate,
        "QuietMinutes": str(quiet_minutes),
        **_sizes(workers),
    }
    out.mkdir(parents=True, exist_ok=True)
    folder = model_registry.models_dir()
    with open_stack(
        parameters=parameters, workers=workers, models=folder, state=state, log_file=out / "packshot.log"
    ) as stack:
        store = store_of(stack)
        api = open_desk(stack, port)
        try:
            welcome(stack, store, api, out, watch)
            _stay(stack, store, out, watch)
        except KeyboardInterrupt:
            console.print("Closing the stack …")
        finally:
            api.close()


def _stay(stack: Stack, store: Store, out: Path, watch: Path | None) -> None:
    watcher = Watcher(watch, store, console.print) if watch is not None else None
    collector = Collector(stack, store, watch, out, console.print)
    while True:
        if watcher is not None:
            watcher.look()
        collector.look()
        time.sleep(1)


@app.command()
def plan(
    folder: Folder,
    workers: Workers = 2,
    lot_max: Annotated[int, typer.Option(min=1, max=1000, help="Most photos in a lot")] = 100,
    min_pixels: Annotated[int, typer.Option(help="Least longest edge, px")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Say what a folder would become before anything is spent: rejections, lots, minutes, dollars."""
    from packshot_local import quote as quotes

    name = drops.drop_name(folder)
    seen = drops.Progress()
    settings = PlanSettings(lot_max=lot_max)
    parameters = {"MinPixels": str(min_pixels), "LotMax": str(lot_max)}
    with open_stack(parameters=parameters, workers=workers, models=model_registry.models_dir()) as stack:
        store = store_of(stack)
        drops.upload(store, folder, name, seen, ready=False)
        if not stack.wait_idle(drops.STALLED_S):
            raise drops.DropError("Intake did not come to an end; try a smaller folder.")
        quotes.settle(store, name)
        asked = quotes.quote(store, name, settings, workers)
    if as_json:
        print(json.dumps(asked.as_dict()))
        return
    for photo in asked.rejected:
        if photo.reason is not None:
            console.print(f"[red]rejected[/] {photo.file}: {photo.reason.message}", highlight=False)
            console.print(f"    {photo.reason.cure}", highlight=False)
    table = Table("segment", "lots", "photos")
    for segment, sizes in asked.lots.items():
        table.add_row(segment, str(len(sizes)), str(sum(sizes)))
    console.print(table)
    price = quotes.prices()
    console.print(f"{asked.photos} photos, {len(asked.rejected)} rejected.")
    console.print("Models: isnet; u2netp for chrome and second tries.")
    console.print(f"On this machine with {workers} workers: about {asked.local_minutes:.1f} minutes.")
    console.print(f"On AWS ({price.region}, prices of {price.read_on}): about {asked.total:.4f} {price.currency}.")


@app.command()
def profile(
    segment: Annotated[str, typer.Argument(help="A segment, for example textured")],
    state: Annotated[Path | None, typer.Option(help="The folder that run or up kept its state in")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a segment's settings, and what moved them: every version with its cause and evidence."""
    from packshot.learning.history import history_text
    from packshot.learning.stage import history, inspection
    from packshot.plan.segments import segments

    if segment not in segments():
        raise LookupError(f"There is no segment {segment}; there are {', '.join(segments())}.")
    with open_stack(parameters={}, workers=1, models=model_registry.models_dir(), state=state) as stack:
        store = store_of(stack)
        versions, switch = history(store, segment), inspection(store, segment)
    if as_json:
        print(
            json.dumps({"versions": [v.model_dump(mode="json") for v in versions], "inspection": switch.model_dump()})
        )
        return
    console.print(history_text(versions), highlight=False)
    console.print(f"Inspection: {switch.state}{f' ({switch.cause})' if switch.cause else ''}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Find out what is wrong with this installation, and how to mend it."""
    found = list(examine())
    if as_json:
        print(json.dumps([vars(finding) for finding in found]))
    else:
        for finding in found:
            mark = "[green]fine[/]" if finding.fine else "[red]wrong[/]"
            console.print(f"{mark:18} {finding.name}: {finding.says}", highlight=False)
            if not finding.fine:
                console.print(f"      {finding.cure}", highlight=False)
    raise typer.Exit(0 if all(finding.fine for finding in found) else 1)


if __name__ == "__main__":
    main()
