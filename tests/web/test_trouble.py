"""When things break in a real browser: no connection, errors of the server, photos that are gone."""

from __future__ import annotations

from backend import Backend
from driving import Visit, ahead, lot_of, ready, start, task_of
from playwright.sync_api import expect

from packshot.review.gate import settle_lot


def test_offline_is_said_and_work_goes_on_after_it(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("is not decided")
    expect(page.get_by_role("alert")).to_contain_text("No connection")
    page.context.set_offline(False)
    page.evaluate("id => { location.hash = '#/queue'; location.hash = `#/task/${encodeURIComponent(id)}` }", task)
    ready(page)
    expect(page.get_by_role("alert")).to_be_empty()
    assert task_of(backend, task).decision == ""


def test_an_error_of_the_server_is_said_with_a_way_on(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    start(page, drop)
    backend.broken = True
    try:
        page.keyboard.press("d")
        expect(page.locator("main")).to_contain_text("Try again")
    finally:
        backend.broken = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("tbody")).to_contain_text(drop)


def test_a_photo_that_is_gone_does_not_leave_another_one_to_look_at(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    start(page, drop)
    page.evaluate("location.hash = '#/task/none'")
    expect(page.get_by_role("heading", name="No such task")).to_be_visible()
    expect(page.locator("canvas")).to_have_attribute("aria-label", "No photo")
    expect(page.locator(".side")).to_be_empty()
    expect(page.locator(".approve")).to_be_disabled()
    blank = """() => {
      const { width, height } = document.querySelector('canvas');
      const pixels = document.querySelector('canvas').getContext('2d').getImageData(0, 0, width, height).data;
      return pixels.every((value) => value === 0);
    }"""
    page.wait_for_function(blank)


def test_a_lot_that_was_refused_meanwhile_needs_no_decision(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    hers = (task, ahead(page))
    other = next(name for name in lot_of(backend, drop).task_ids if name not in hers)
    backend.studio.store.tasks.claim(other, "bob", 60)
    backend.studio.store.tasks.decide(other, "bob", decision="reject", reasons=["HOLES"])
    assert settle_lot(backend.studio.store, drop, lot_of(backend, drop).lot) == "rework"
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("this photo needs no decision")
    assert (task_of(backend, task).state, task_of(backend, task).decision) == ("superseded", "")
