"""``packshot bulk``: a catalogue that lies in S3 already becomes a drop of a deployed packshot."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import boto3
import typer
from botocore.config import Config

from packshot import keys
from packshot_local.bulk import Brought, BulkError, bring, manifest
from packshot_local.messages import console

MOST_TOLD = 20


def bulk(
    source: Annotated[
        str, typer.Argument(metavar="S3URI", help="s3://bucket/key of a CSV, JSONL or inventory's manifest.json")
    ],
    incoming: Annotated[str, typer.Option(help="The deployment's IncomingBucket")],
    drop: Annotated[str, typer.Option(help="The drop's name")],
    skip: Annotated[int, typer.Option(min=0, help="Rows to leave out at the start: what a run before has done")] = 0,
    ready: Annotated[bool, typer.Option("--ready", help="Put _READY at the end, if nothing failed")] = False,
) -> None:
    """Copy the objects that a manifest in S3 names into a drop. Needs AWS credentials that may read and copy them."""
    place = urlsplit(source)
    if place.scheme != "s3" or not place.netloc or len(place.path) < 2:
        raise typer.BadParameter("takes s3://bucket/key", param_hint="S3URI")
    s3 = boto3.client(
        "s3", config=Config(retries={"mode": "standard", "total_max_attempts": 8}, max_pool_connections=32)
    )

    def tell(done: Brought) -> None:
        console.print(f"{done.copied:,} copied, {len(done.failed):,} failed", highlight=False)

    done = bring(s3, incoming, drop, manifest(s3, place.netloc, place.path[1:]), skip, tell)
    tell(done)
    for number, why in list(done.failed.items())[:MOST_TOLD]:
        console.print(f"[red]row {number}: {why}", highlight=False)
    if done.failed:
        raise BulkError(f"{len(done.failed):,} objects could not be copied; mend that and run it again.")
    if ready:
        s3.put_object(Bucket=incoming, Key=f"{keys.INCOMING}{drop}/{keys.READY}", Body=b"")
