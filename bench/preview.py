"""How long a reviewer waits: previews by the desk's API on the local stack, photo by photo, and the next photo.

    python -m bench preview [--photos samples] [--names MUG-01,CHAIR-06] [--side 1600] [--busy]

Wall time is what the page waits for; CPU time is what the preview's worker spent, which other load does not change.
The last rows are measured in Chromium, from the key to the pixels of the photo that was loaded ahead. ``--busy``
drops all samples at the same time, so that the batch's workers take every core.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from packshot.records import TaskState
from packshot_local import drop as drops
from packshot_local.project import SAMPLES
from packshot_local.screenshots import FLAGS, WIDE, Desk, chromium, reviewing, shown

NAMES = "MUG-01,CHAIR-06,TSHIRT-02,BOTTLE-03,KETTLE-04,BEAR-05"
STROKE = {"mode": "remove", "size": 0.03, "softness": 0.3, "points": [[0.3, 0.3], [0.4, 0.45], [0.5, 0.4]]}
CHANGES: dict[str, Callable[[int], Any]] = {
    "edge": lambda n: {"edge_shift_px": -4 + n / 2, "feather_px": 1},
    "fringe": lambda n: {"fringe": n / 20},
    "brush": lambda n: {"strokes": [STROKE] * (n + 1)},
    "contact shadow": lambda n: {"shadow": {"kind": "contact", "density": n / 20}},
    "own shadow": lambda n: {"shadow": {"kind": "natural", "density": n / 20}},
}


class Taken(NamedTuple):
    """One preview: of which photo, after which change, and seconds until it came."""

    sku: str
    change: str
    wall: float
    cpu: float


CLOCK = """() => {
  addEventListener('keydown', (event) => { window.pressed = event.timeStamp }, { capture: true });
  const frame = (then) => requestAnimationFrame(then);
  const shown = () => frame(() => frame(() => { window.drawn = performance.now() }));
  new MutationObserver(shown).observe(document.querySelector('.desk'), { attributeFilter: ['data-shown'] });
}"""
"""Notes when a key was pressed, and the frame after the one that painted the next photo: its pixels are out then."""


def ask(desk: Desk, task: str, change: Any, side: int) -> tuple[float, float]:
    """Ask for one preview: seconds of wall and of the workers' CPU. Raises RuntimeError when it is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", desk.api.server_port, timeout=60)
    headers = {"Authorization": f"Bearer {desk.api.token}", "Content-Type": "application/json"}
    before, start = cpu(desk), time.perf_counter()
    connection.request("POST", f"/v1/tasks/{quote(task)}/preview?side={side}", json.dumps(change), headers)
    answer = connection.getresponse()
    body = answer.read()
    wall = time.perf_counter() - start
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {body[:300]!r}")
    return wall, cpu(desk) - before


def cpu(desk: Desk) -> float:
    """Seconds that the preview's workers have spent so far."""
    workers = (worker for worker in desk.stack.workers() if worker.function == "PreviewFunction")
    return sum(_spent(worker.pid) for worker in workers)


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(desk: Desk, side: int, turns: int) -> Iterator[Taken]:
    """All changes of all photos; the ``first`` preview of a photo lays it out."""
    for task in desk.store.tasks.by_state(TaskState.OPEN):
        if task.drop == desk.drop:
            yield Taken(task.sku, "first", *ask(desk, task.task_id, {}, side))
            for name, change in CHANGES.items():
                for n in range(turns):
                    yield Taken(task.sku, name, *ask(desk, task.task_id, change(n), side))


def next_photos(desk: Desk) -> Iterator[Taken]:
    """Each photo of the queue as the page shows it after the key for the next one, then after approving."""
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium(), args=FLAGS).new_page(viewport=WIDE)
        page.goto(desk.api.page_url)
        page.wait_for_selector("tbody tr")
        count = page.locator("tbody tr").count()
        page.keyboard.press("Enter")
        shown(page)
        page.evaluate(CLOCK)
        for key in "n" * count + "a" * (count - 1):
            page.wait_for_function("() => document.querySelector('.desk').dataset.preloaded")
            page.wait_for_load_state("networkidle")
            before = page.locator(".desk").get_attribute("data-shown")
            page.evaluate("window.drawn = 0")
            page.keyboard.press(key)
            page.wait_for_function("before => document.querySelector('.desk').dataset.shown !== before", arg=before)
            page.wait_for_function("() => window.drawn")
            shown(page)
            took = page.evaluate("window.drawn - window.pressed") / 1000
            yield Taken("", "next photo" if key == "n" else "approve, next", took, float("nan"))


def main(arguments: list[str] | None = None) -> int:
    """Print medians by change, and over all but the first previews."""
    parser = argparse.ArgumentParser(prog="python -m bench preview", description=__doc__)
    parser.add_argument("--photos", type=Path, default=SAMPLES)
    parser.add_argument("--names", default=NAMES, help="SKUs to take")
    parser.add_argument("--side", type=int, default=1600, help="px, as large as the screen shows the photo")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--busy", action="store_true", help="while a batch takes every core")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in asked.names.split(","):
            shutil.copy(asked.photos / f"{name}_front.jpg", folder)
        shutil.copy(asked.photos / "catalog.csv", folder)
        with reviewing(folder, "bench") as desk:
            if asked.busy:
                drops.upload(desk.store, SAMPLES, "busy", drops.Progress())
                time.sleep(10)  # until intake is over and the networks run
            rows = list(measure(desk, asked.side, asked.turns))
            ahead = list(next_photos(desk))
            still = not desk.stack.idle()
    if asked.busy and not still:
        print("the batch ended before the last preview: take fewer --turns")
    print(f"{'ms, median':18}{'wall':>8}{'cpu':>8}")
    for name in ("first", *CHANGES):
        _line(name, [row for row in rows if row.change == name])
    changed = [row for row in rows if row.change != "first"]
    for sku in dict.fromkeys(row.sku for row in rows):
        _line(sku, [row for row in changed if row.sku == sku])
    _line("all but the first", changed)
    for name in ("next photo", "approve, next"):
        _line(name, [row for row in ahead if row.change == name])
    return 0


def _line(name: str, rows: list[Taken]) -> None:
    wall, spent = statistics.median(row.wall for row in rows), statistics.median(row.cpu for row in rows)
    print(f"{name:18}{1000 * wall:8.0f}{1000 * spent:8.0f}")


if __name__ == "__main__":
    raise SystemExit(main())
