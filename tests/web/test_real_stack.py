"""From a gated drop on the real local stack to its exports, decided in the browser."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from packshot.export.stage import ExportMeta, export_photo
from packshot.imaging.png import decode_png
from packshot.records import DropStatus, LotRecord, LotStatus, PhotoRecord, Status, TaskRecord, TaskState
from packshot.review.owners import owners
from packshot_local import drop as drops
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


def test_an_overdue_task_is_escalated_once_and_the_page_says_so(desk: Desk, browser: Browser) -> None:
    tasks = desk.store.tasks
    late, *rest = tasks.by_state(TaskState.OPEN)
    assert rest, "others are in time"
    tasks.update(late.task_id, late.version, due_at="2026-01-01T08:00:00Z")
    inbox = _inbox(desk, "overdue-inbox")
    told = [desk.stack.invoke("EscalateFunction", {}) for _ in range(2)]
    assert [json.loads(answer.payload) for answer in told] == [{"escalated": 1}, {"escalated": 0}]
    (letter,) = [json.loads(m["Body"]) for m in _letters(desk, inbox)]
    assert letter["Subject"] == f"packshot: 1 review task overdue ({owners().of(late.segment).owner})"
    assert f"{late.sku} {late.view}" in letter["Message"] and late.lot in letter["Message"]

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(desk.api.page_url)
    first = page.locator("tbody tr").first
    expect(first).to_contain_text(f"{late.sku} {late.view}")
    expect(first.locator("[data-label=Due]")).to_contain_text(re.compile("days late.*escalated"))
    expect(first.locator("[data-label=Owner]")).to_have_text(owners().of(late.segment).owner)
    expect(page.get_by_text("escalated")).to_have_count(1)
    expect(page.get_by_role("status").first).to_contain_text("1 overdue")
    page.keyboard.press("Enter")
    shown(page)
    expect(page.locator(".chips")).to_contain_text("escalated")
    page.locator("summary", has_text="History").click()
    expect(page.locator(".trail")).to_contain_text("packshot: escalated")
    page.keyboard.press("t")
    expect(page.locator(".tiles .bad")).to_contain_text("Overdue")
    _put_back(page, desk)
    page.close()


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

    changed, untouched = _change(page, desk)
    for _ in waiting[1:]:
        before = page.evaluate("location.hash")
        page.keyboard.press("a")
        page.wait_for_function("before => location.hash !== before", arg=before)
        _next_or_queue(page)
    expect(page.get_by_text("is not decided")).to_have_count(0)
    assert {task.task_id for task in desk.store.tasks.by_state(TaskState.OPEN)} <= {task.task_id for task in waiting}
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
    assert task is not None and task.override["edge_shift_px"] == -4.0
    assert task.override["shadow"]["kind"] == "contact"
    result = desk.store.work.get_json(f"photos/gated/{task.photo_id}/measurements.json")
    assert result["settings"]["edge_shift_px"] == -4.0
    photo = photos[task.photo_id]
    exported = pixels(desk.store.output.get(photo.exports["shopify"]).body)
    after, unchanged = (pixels(_export(photo, files)) for files in (_files(desk, task), untouched))
    assert (exported == after).all() and not np.array_equal(exported, unchanged), "what left is what was changed"
    page.close()


def test_a_lot_that_is_refused_twice_is_held_escalated_and_may_be_done_again(
    desk: Desk, browser: Browser, tmp_path: Path
) -> None:
    inbox = _inbox(desk, "held-inbox")
    for name in ("CHAIR-06_front.jpg", "catalog.csv"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(desk.api.page_url)
    page.get_by_role("link", name="New drop").click()
    page.get_by_label("Name of the drop").fill("refused")
    page.locator("#files").set_input_files([tmp_path / "CHAIR-06_front.jpg", tmp_path / "catalog.csv"])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("2 files are in", timeout=60_000)
    for _ in drops.follow(desk.stack, desk.store, "refused", drops.Progress()):
        continue
    expect(page.locator("main")).to_contain_text("refused", timeout=60_000)
    expect(page.get_by_role("button", name="Review")).to_be_visible(timeout=60_000)  # the page follows by itself
    page.keyboard.press("q")

    _reject(page, "done once more")
    assert desk.stack.wait_idle(240)
    lot = _lot(desk)
    assert (lot.attempt, lot.status, lot.decision) == (1, LotStatus.REVIEW, "")

    page.keyboard.press("q")
    _reject(page, "held and the operators are told", expected="refused again, held and escalated")
    assert desk.stack.wait_idle(120)
    lot = _lot(desk)
    assert (lot.decision, lot.status) == ("hold", LotStatus.HELD) and lot.reason is not None
    assert {photo.status for photo in desk.store.photos.of_drop("refused")} == {Status.HELD}
    letters = [json.loads(m["Body"]) for m in _letters(desk, inbox)]
    assert [letter["Subject"] for letter in letters] == ["packshot: lot held"]
    assert lot.lot in letters[0]["Message"]

    page.evaluate("location.hash = '#/drops/refused'")
    lots = page.locator("section", has=page.get_by_role("heading", name="Lots"))
    expect(lots.locator(".badge.held")).to_be_visible()
    expect(lots).to_contain_text(lot.reason.message)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#toasts")).to_contain_text("goes through once more")
    assert desk.stack.wait_idle(240)
    assert (_lot(desk).attempt, _lot(desk).status) == (2, LotStatus.REVIEW)
    page.keyboard.press("q")
    _open_first(page)
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("The lot is accepted")
    assert desk.stack.wait_idle(120)
    assert {photo.status for photo in desk.store.photos.of_drop("refused")} == {Status.EXPORTED}
    page.close()


def _lot(desk: Desk) -> LotRecord:
    (lot,) = desk.store.lots.of_drop("refused")
    return lot


def _open_first(page: Page) -> None:
    page.get_by_label("Drop", exact=True).fill("refused")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("heading", name="Queue").click()
    page.keyboard.press("Enter")
    shown(page)


def _reject(page: Page, toast: str, expected: str = "refused and done once more") -> None:
    """Reject the first photo that waits; the page has said before what comes of it, and says so after."""
    _open_first(page)
    expect(page.locator("section", has=page.locator("#lot-title"))).to_contain_text(expected)
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text(toast)


def _inbox(desk: Desk, name: str) -> str:
    """A queue that hears what the operators are told; its address."""
    sqs, sns = desk.stack.client("sqs"), desk.stack.client("sns")
    queue = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=desk.stack.physical("OperatorsTopic"), Protocol="sqs", Endpoint=arn)
    return queue


def _letters(desk: Desk, queue: str) -> list[dict[str, str]]:
    found = desk.stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return list(found.get("Messages", []))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def _files(desk: Desk, task: TaskRecord) -> dict[str, bytes]:
    """The master, and the shadow if there is one."""
    folder = f"photos/{task.drop}/{task.photo_id}/"
    there = [entry.key for entry in desk.store.work.list(folder)]
    return {
        name: desk.store.work.get(folder + name).body for name in ("master.png", "shadow.png") if folder + name in there
    }


def _export(photo: PhotoRecord, files: dict[str, bytes]) -> bytes:
    """What the export stage makes of these files for Shopify."""
    assert photo.catalog is not None
    meta = ExportMeta(catalog=photo.catalog, sku=photo.sku, view=photo.view, n=photo.n, segment=photo.segment)
    shadow = decode_png(files["shadow.png"]) if "shadow.png" in files else None
    # all channels, as the stage does: what served one of them is where the search for the next begins
    channels = ["amazon", "shopify", "google"]
    done = export_photo(decode_png(files["master.png"]), shadow, meta, channels, dt.date.today())
    return next(one.data for one in done if one.channel == "shopify")


def _change(page: Page, desk: Desk) -> tuple[str, dict[str, bytes]]:
    """Pull the first photo's edge in, lay a shadow, and approve it; its task, and its files before that."""
    shown(page)
    task = str(page.locator(".desk").get_attribute("data-shown"))
    record = desk.store.tasks.get(task)
    assert record is not None
    before = _files(desk, record)
    page.keyboard.press("c")
    page.wait_for_selector(".desk[data-previewed]")
    page.get_by_label("Shift", exact=True).fill("-4")
    page.wait_for_function("() => Number(document.querySelector('.desk').dataset.previewed) >= 2")
    page.get_by_label("Shadow kind").select_option("contact")
    page.wait_for_function("() => Number(document.querySelector('.desk').dataset.previewed) >= 3")
    page.get_by_role("heading", level=1).click()
    before_hash = page.evaluate("location.hash")
    page.keyboard.press("a")
    page.wait_for_function("before => location.hash !== before", arg=before_hash)
    _next_or_queue(page)
    assert _files(desk, record)["shadow.png"] != before.get("shadow.png")
    return task, before


def _put_back(page: Page, desk: Desk) -> None:
    """Wait until no task is claimed any more: what a page puts back as it is left arrives by itself."""
    until = time.monotonic() + 20
    while list(desk.store.tasks.by_state(TaskState.CLAIMED)):
        assert time.monotonic() < until, "a task stays claimed"
        page.wait_for_timeout(50)


def _next_or_queue(page: Page) -> None:
    """Wait for the next photo that is claimed, or for the empty queue."""
    page.wait_for_function(
        "() => location.hash === '#/queue' || "
        "(location.hash.includes(document.querySelector('.desk').dataset.shown) && "
        "document.querySelector('.desk').dataset.mine)"
    )
