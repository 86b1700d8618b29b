"""From a gated drop on the real local stack to its exports, decided in the browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from packshot.records import DropStatus, LotStatus, Status, TaskState
from packshot_local.project import SAMPLES
from packshot_local.screenshots import Desk, reviewing, shown

pytestmark = [pytest.mark.slow, pytest.mark.models]
PHOTOS = ("MUG-01_front.jpg", "CHAIR-06_front.jpg", "BOTTLE-03_front.jpg")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("gated")
    for name in (*PHOTOS, "catalog.csv"):
        shutil.copy(SAMPLES / name, folder / name)
    with reviewing(folder, "gated") as made:
        yield made


def test_a_gated_drop_is_reviewed_in_the_browser_and_exported(desk: Desk, browser: Browser) -> None:
    waiting = list(desk.store.tasks.by_state(TaskState.OPEN))
    assert waiting, "the gate holds the sample back"
    assert all(photo.status != Status.EXPORTED for photo in desk.store.photos.of_drop("gated") if photo.lot in
               {task.lot for task in waiting})  # fmt: skip
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(desk.api.page_url)
    page.wait_for_selector("tbody tr")
    page.keyboard.press("Enter")

    changed = _change(page, desk)
    for _ in waiting[1:]:
        before = page.evaluate("location.hash")
        page.keyboard.press("a")
        page.wait_for_function("before => location.hash !== before", arg=before)
        _next_or_queue(page)
    expect(page.locator("h1")).to_have_text("Queue")

    assert desk.stack.wait_idle(120)
    drop = desk.store.drops.get("gated")
    assert drop is not None and drop.status == DropStatus.DONE
    photos = {photo.photo_id: photo for photo in desk.store.photos.of_drop("gated")}
    assert {photo.status for photo in photos.values()} == {Status.EXPORTED}
    assert all(lot.status == LotStatus.EXPORTED for lot in desk.store.lots.of_drop("gated"))
    for photo in photos.values():
        assert set(photo.exports) == {"amazon", "shopify", "google"}
        assert all(desk.store.output.get(key).body for key in photo.exports.values())
    task = desk.store.tasks.get(changed)
    assert task is not None and task.override == {"edge_shift_px": -4.0}
    result = desk.store.work.get_json(f"photos/gated/{task.photo_id}/measurements.json")
    assert result["settings"]["edge_shift_px"] == -4.0
    page.close()


def _change(page: Page, desk: Desk) -> str:
    """Pull the first photo's edge in, and approve it; its task."""
    shown(page)
    task = str(page.locator(".desk").get_attribute("data-shown"))
    record = desk.store.tasks.get(task)
    assert record is not None
    master = f"photos/gated/{record.photo_id}/master.png"
    before = desk.store.work.get(master).body
    page.keyboard.press("c")
    page.wait_for_selector(".desk[data-previewed]")
    page.get_by_label("Shift", exact=True).fill("-4")
    page.wait_for_function("() => Number(document.querySelector('.desk').dataset.previewed) >= 2")
    page.get_by_role("heading", level=1).click()
    before_hash = page.evaluate("location.hash")
    page.keyboard.press("a")
    page.wait_for_function("before => location.hash !== before", arg=before_hash)
    _next_or_queue(page)
    assert desk.store.work.get(master).body != before
    return task


def _next_or_queue(page: Page) -> None:
    """Wait for the next photo that is claimed, or for the empty queue."""
    page.wait_for_function(
        "() => location.hash === '#/queue' || "
        "(location.hash.includes(document.querySelector('.desk').dataset.shown) && "
        "!document.querySelector('.approve').disabled)"
    )
