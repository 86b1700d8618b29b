"""A new drop from the page: addresses for its files, straight into the incoming bucket."""

from __future__ import annotations

from packshot import keys
from packshot.records import DropStatus
from packshot.review.refusal import Refusal
from packshot.review.views import UploadComplete, UploadFile, UploadPlan, UploadRequest, UploadTarget
from packshot.settings import IntakeSettings
from packshot.store import Store
from packshot.store.objects import Missing
from packshot.store.uploads import MULTIPART_FROM, begin, complete, put_url

SECONDS = 3600


def plan(store: Store, limits: IntakeSettings, request: UploadRequest) -> UploadPlan:
    """Where a drop's files go; ask in several requests for many files, until it is closed. Raises Refusal."""
    name = _checked(request.drop, "drop")
    drop = keys.drop_id(name)
    record = store.drops.get(drop)
    if record is not None and record.status != DropStatus.OPEN:
        raise Refusal("conflict", "Drop is closed", "Photos that come now would be late: choose another name.")
    prefix = f"{keys.INCOMING}{name}/"
    return UploadPlan(
        drop=drop,
        targets=[_target(store, prefix, file, limits) for file in request.files],
        ready_url=put_url(store.incoming, prefix + keys.READY, SECONDS),
    )


def finish(store: Store, request: UploadComplete) -> int:
    """Join the parts of one large file; how many there were. Raises Refusal for an unknown upload."""
    key = f"{keys.INCOMING}{_checked(request.drop, 'drop')}/{_checked(request.name, 'file')}"
    try:
        return complete(store.incoming, key, request.upload_id)
    except Missing as error:
        raise Refusal("not-found", "No such upload", "It was never begun, or it is complete already.") from error


def _target(store: Store, prefix: str, file: UploadFile, limits: IntakeSettings) -> UploadTarget:
    name = _checked(file.name, "file")
    if file.bytes > limits.max_bytes:
        raise Refusal("too-large", "File too large", f"{name} has {file.bytes} bytes; {limits.max_bytes} are allowed.")
    if len((prefix + name).encode()) > 1024:
        raise Refusal("invalid", "Name too long", f"{name[:40]}...: an S3 key has at most 1024 bytes.")
    if file.bytes < MULTIPART_FROM:
        return UploadTarget(name=name, url=put_url(store.incoming, prefix + name, SECONDS))
    parts = begin(store.incoming, prefix + name, file.bytes, SECONDS)
    return UploadTarget(name=name, upload_id=parts.upload_id, part_bytes=parts.part_bytes, part_urls=parts.urls)


def _checked(name: str, what: str) -> str:
    """The name, if it is one step of a path: the rest of what may be in it does no harm in a key."""
    if "/" in name or "\\" in name or name in (".", "..") or not name.isprintable() or name != name.strip():
        raise Refusal("invalid", f"Bad {what} name", f"A {what} name has no slashes, control or leading blanks.")
    if what == "file" and name == keys.READY:
        raise Refusal("invalid", "Bad file name", f"{keys.READY} is put last, by the address that the plan gives.")
    return name
