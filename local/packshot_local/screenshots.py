"""``python -m packshot_local.screenshots``: pictures of the review desk for the docs, from a real gated drop.

Needs the development extras (playwright) and a Chromium; everything else is the local stack as ``packshot up``
starts it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from packshot.imaging import models as model_registry
from packshot.records import TaskState
from packshot.store import Store
from packshot_local import drop as drops
from packshot_local.project import ROOT, SAMPLES, open_desk, open_stack, store_of
from packshot_local.stack import Stack
from packshot_local.stack.http_api import HttpApi

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Desk:
    """A stack with a drop that waits for people, and the desk in front of it."""

    stack: Stack
    store: Store
    api: HttpApi
    drop: str


@contextmanager
def reviewing(folder: Path, drop: str) -> Iterator[Desk]:
    """The local stack with a folder's drop at its review gate."""
    parameters = {"GateMode": "gate", "ChunkConcurrency": "2", "LotConcurrency": "40", "ChunkSize": "4"}
    with open_stack(parameters=parameters, workers=2, models=model_registry.models_dir()) as stack:
        store = store_of(stack)
        seen = drops.Progress()
        drops.upload(store, folder, drop, seen)
        for _ in drops.follow(stack, store, drop, seen):
            continue
        api = open_desk(stack)
        try:
            yield Desk(stack, store, api, drop)
        finally:
            api.close()


def chromium() -> str:
    """The browser's path. Raises LookupError when there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise LookupError("no Chromium is installed: apt-get install chromium")


def shown(page: Page) -> None:
    """Wait for a photo that is on the desk and claimed, with its lot."""
    page.wait_for_selector(".desk[data-shown]")
    page.wait_for_selector(".desk[data-mine]")
    page.wait_for_selector("#lot-title")
    page.wait_for_load_state("networkidle")


def shoot(desk: Desk, folder: Path) -> list[Path]:
    """Every picture of the docs, written to a folder; their paths."""
    made: list[Path] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)

        def keep(page: Page, name: str) -> None:
            page.wait_for_load_state("networkidle")
            path = folder / f"{name}.png"
            page.screenshot(path=path)
            made.append(path)

        dark = browser.new_page(viewport=WIDE, color_scheme="dark")
        _desk_views(dark, desk, keep)
        light = browser.new_page(viewport=WIDE, color_scheme="light")
        light.goto(f"{desk.api.url}/#token={desk.api.add_user('lead')}")
        light.wait_for_selector("tbody tr")
        keep(light, "queue")
        light.keyboard.press("t")
        light.wait_for_selector(".tiles")
        keep(light, "metrics")
        light.evaluate("drop => { location.hash = `#/drops/${drop}` }", desk.drop)
        light.wait_for_selector(".audit .badge")
        keep(light, "drop")
        phone = browser.new_page(viewport=NARROW, color_scheme="light", has_touch=True)
        phone.goto(f"{desk.api.url}/#token={desk.api.add_user('phone')}")
        phone.wait_for_selector("tbody tr")
        phone.locator("tbody tr:not(.taken) a").first.click()
        shown(phone)
        keep(phone, "phone")
        browser.close()
    return made


def _desk_views(page: Page, desk: Desk, keep: Callable[[Page, str], None]) -> None:
    page.goto(desk.api.page_url)
    page.wait_for_selector("tbody tr")
    page.keyboard.press("Enter")
    shown(page)
    keep(page, "desk")
    _lot_view(page, desk, keep)
    page.keyboard.press("c")
    page.get_by_label("Shift", exact=True).fill("-2")
    page.get_by_label("Shadow kind").select_option("contact")
    page.wait_for_selector(".desk[data-previewed]")
    for key in ("v", "b", "b", "e"):
        page.keyboard.press(key)
    keep(page, "override")
    page.keyboard.press("r")
    keep(page, "reject")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("a")
    page.wait_for_selector(".toast.approve")


def _lot_view(page: Page, desk: Desk, keep: Callable[[Page, str], None]) -> None:
    """The lot of a sampled photo, then back to the photo before."""
    waiting = desk.store.tasks.by_state(TaskState.OPEN)
    sampled = next((task for task in waiting if task.why == "sample"), None)
    before = page.evaluate("location.hash")
    if sampled is not None:
        _open(page, f"#/task/{sampled.task_id}", sampled.task_id)
    page.locator("summary", has_text="What this sample proves").click()
    page.locator("#lot-title").scroll_into_view_if_needed()
    keep(page, "lot")
    if sampled is not None:
        _open(page, before, before.removeprefix("#/task/"))


def _open(page: Page, hash_: str, task: str) -> None:
    page.evaluate("hash => { location.hash = hash }", hash_)
    page.wait_for_selector(f'.desk[data-shown="{task}"]')
    shown(page)


def main() -> None:
    """Take the pictures into ``docs/images`` (or the folder given)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "samples"
        shutil.copytree(SAMPLES, photos)
        with reviewing(photos, "samples") as desk:
            for path in shoot(desk, folder):
                print(path)


if __name__ == "__main__":
    main()
