"""A running pipeline and drops of drawn photos: what the fault runs, the soak and the tests of whole drops share.

The photos are drawn here, so their mattes are known: they are laid into the work bucket where process keeps the
mattes of photos that it has seen before. Everything after the networks is real, and no model is needed.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot import keys
from packshot.imaging import models
from packshot.imaging.cutout import RawMatte, Settings
from packshot.plan.segments import segments
from packshot.process.checkpoint import Mattes
from packshot.process.engine import engine
from packshot.records import DropStatus, PhotoRecord
from packshot.report import Audit, audit
from packshot.store import Store
from packshot_local.project import open_stack, store_of
from packshot_local.stack import LogLine, Stack, StackError

SIDE = 2048
SEGMENT = "general"
PARAMETERS = {
    "Channels": "google",
    "ChunkSize": "2",
    "LotConcurrency": "2",
    "ChunkConcurrency": "2",
    "QuietMinutes": "0.05",
}


def until(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """The first true value of ``condition``, looked at often; AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s")


def draw(seed: int, side: int = SIDE) -> tuple[bytes, npt.NDArray[np.uint8]]:
    """A photo of a coloured box with rounded corners on a light sweep, as JPEG, and its true matte; ``side`` px."""
    rng = np.random.default_rng(seed)
    part = side / SIDE
    alpha: npt.NDArray[Any] = np.zeros((side, side), np.float32)
    left, top = (int(part * (least + int(rng.integers(0, 120)))) for least in (500, 520))
    cv2.rectangle(alpha, (left, top), (side - left, side - top), 1.0, -1)
    round_ = (cv2.GaussianBlur(alpha, (0, 0), 40 * part) > 0.5).astype(np.float32)
    alpha = cv2.GaussianBlur(round_, (0, 0), 0.8)
    colour = rng.integers(40, 150, 3).astype(np.float32)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (side, side)).astype(np.float32), (0, 0), 1.2)
    product = np.clip(colour + grain[..., None], 5, 245)
    sweep = np.full((side, side, 3), (238, 238, 236), np.float32)
    photo = product * alpha[..., None] + sweep * (1 - alpha[..., None])
    out = io.BytesIO()
    Image.fromarray(photo.round().astype(np.uint8)).save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue(), np.asarray((alpha * 255).round(), np.uint8)


def remark(jpeg: bytes, text: str) -> bytes:
    """The same picture in other bytes: a JPEG with a comment behind its first marker."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def catalogue(skus: list[str]) -> bytes:
    """A catalog.csv for these SKUs."""
    rows = "".join(f"{sku},Box number {sku[4:]},Acme,Home,cardboard\n" for sku in skus)
    return ("sku,title,brand,category,material\n" + rows).encode()


@dataclass
class Line:
    """A running stack with the few things that are done again and again."""

    stack: Stack
    store: Store
    lines: list[LogLine] = field(default_factory=list)

    @contextmanager
    def reaper(self, functions: Iterable[str], *, once: bool) -> Iterator[list[str]]:
        """Kill a worker of each function while it works: the first time, or every time. Yields who was killed."""
        killed: list[str] = []
        gone: set[int] = set()
        over = threading.Event()

        def reap() -> None:
            while not over.wait(0.002):
                for name in functions:
                    if (once and name in killed) or not self.stack.working(name):
                        continue
                    try:
                        pid = self.stack.kill_worker(name)
                    except StackError:
                        continue  # its worker is about to start
                    if pid not in gone:  # a process that was killed is seen alive until it is reaped
                        gone.add(pid)
                        killed.append(name)

        thread = threading.Thread(target=reap)
        thread.start()
        try:
            yield killed
        finally:
            over.set()
            thread.join()

    def photo(self, seed: int, side: int = SIDE) -> bytes:
        """A photo whose matte the work bucket holds, for both ways."""
        body, matte = draw(seed, side)
        self.know(body, matte)
        return body

    def know(self, body: bytes, matte: npt.NDArray[np.uint8]) -> None:
        """Lay a photo's matte where process looks for it."""
        mattes = Mattes(self.store, engine("cpu"))
        first = Settings.from_dict(segments()[SEGMENT].settings)
        for way in (first.way, "accurate"):
            raw = RawMatte(matte, way, {"certainty": 0.99})
            mattes.put(hashlib.sha256(body).hexdigest(), "", SEGMENT, first.model_copy(update={"way": way}), raw)

    def put(self, drop: str, file: str, body: bytes) -> None:
        """Put one file of a drop."""
        self.store.incoming.put(f"{keys.INCOMING}{drop}/{file}", body, "application/octet-stream")

    def drop(self, name: str, photos: dict[str, bytes], *, ready: bool = True) -> None:
        """Put photos by SKU, then their catalogue, then the marker."""
        for sku, body in photos.items():
            self.put(name, f"{sku}_front.jpg", body)
        self.put(name, keys.CATALOG, catalogue(list(photos)))
        if ready:
            self.put(name, keys.READY, b"")

    def books(self, drop: str, seconds: float = 300.0) -> Audit:
        """Wait until the drop is through, then its audit."""
        until(lambda: (found := self.store.drops.get(drop)) and found.status == DropStatus.DONE, seconds)
        assert self.stack.wait_idle(30)
        return audit(self.store, drop)

    def records(self, drop: str) -> dict[str, PhotoRecord]:
        """The photos' records by file."""
        return {record.file: record for record in self.store.photos.of_drop(drop)}

    def exports(self, drop: str) -> dict[str, bytes]:
        """The exported files by channel and name."""
        found = {}
        for record in self.store.photos.of_drop(drop):
            for channel, key in record.exports.items():
                found[f"{channel}/{key.rsplit('/', 1)[-1]}"] = self.store.output.get(key).body
        return found

    def executions(self, drop: str) -> list[dict[str, Any]]:
        """The executions of a drop: its own and the resumes."""
        machine = self.store.workflow.machine_arn
        all_ = self.stack.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return [e for e in all_ if e["name"] == drop or e["name"].startswith(f"{drop}-")]

    def letters(self) -> list[dict[str, Any]]:
        """Take all messages out of the dead-letter queue of photos."""
        sqs, url, found = self.stack.client("sqs"), self.store.failed_queue.url, []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def said(self, message: str, function: str) -> list[dict[str, Any]]:
        """What a function has logged with this message."""
        fields = [line.fields for line in list(self.lines) if line.function == function and line.fields]
        return [entry for entry in fields if entry.get("message") == message]


@contextmanager
def open_line(mode: str, log_file: Path, parameters: dict[str, str] | None = None) -> Iterator[Line]:
    """A line on a stack of its own; ``mode``: gate or advisory."""
    lines: list[LogLine] = []
    with open_stack(
        parameters={**PARAMETERS, "GateMode": mode, **(parameters or {})},
        workers=2,
        models=models.models_dir(),
        on_log=lines.append,
        log_file=log_file,
    ) as stack:
        yield Line(stack, store_of(stack), lines)
