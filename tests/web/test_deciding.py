"""Decisions in a real browser: a lot by keyboard, reasons, undo, two reviewers, leases."""

from __future__ import annotations

import time
from urllib.parse import unquote

from backend import Backend
from driving import Visit, ahead, lot_of, ready, start, task_of
from playwright.sync_api import expect


def test_a_whole_lot_by_keyboard_opens_the_gate(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    shown = start(page, drop)
    seen = [shown]
    for _ in range(3):
        page.keyboard.press("a")
        shown = ready(page, shown)
        seen.append(shown)
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Nothing more waits")
    expect(page.locator("#toasts")).to_contain_text("The lot is accepted")
    assert sorted(seen) == sorted(lot_of(backend, drop).task_ids)
    assert lot_of(backend, drop).decision == "accept"


def test_reject_with_reasons_and_take_it_back(backend: Backend, visit: Visit, drop: str) -> None:
    lots = backend.studio.store.lots
    lots.update(drop, f"{drop}-general-001", acceptance_number=1)
    page = visit()
    task = start(page, drop)
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_be_visible()
    for key in ("3", "7", "Enter"):
        page.keyboard.press(key)
    ready(page, task)
    expect(page.locator("#toasts")).to_contain_text("Rejected")
    decided = task_of(backend, task)
    assert (decided.decision, decided.reasons) == ("reject", ["FRINGE", "SHADOW_WRONG"])

    page.keyboard.press("z")
    assert ready(page, str(page.locator(".desk").get_attribute("data-shown"))) == task
    assert task_of(backend, task).state == "claimed"


def test_an_empty_queue_finds_new_work_by_itself(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    page.clock.install()
    page.get_by_label("Drop", exact=True).fill(f"{drop}-later")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    backend.studio.drop(f"{drop}-later", photos=1, tasks=1)
    page.clock.run_for(16_000)
    expect(page.locator("tbody tr")).to_have_count(1)


def test_leaving_the_reasons_decides_nothing(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Reject Enter")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert task_of(backend, task).state == "claimed"


def test_two_browsers_at_once_never_hold_one_task(backend: Backend, visit: Visit, drop: str) -> None:
    ann, bob = visit("ann"), visit("bob")
    hers, his = start(ann, drop), start(bob, drop)
    assert hers != his
    bob.evaluate("id => { location.hash = `#/task/${encodeURIComponent(id)}` }", hers)
    expect(bob.locator(".state")).to_contain_text("ann@localhost is looking at this photo")
    expect(bob.locator(".approve")).to_be_disabled()
    held = [task_of(backend, name) for name in lot_of(backend, drop).task_ids]
    assert {task.owner for task in held if task.state == "claimed"} <= {"ann@localhost", "bob@localhost"}


def test_a_photo_that_a_colleague_took_meanwhile_is_passed_over(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    page.get_by_label("Drop", exact=True).fill(drop)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(4)
    lines = [
        unquote(str(a.get_attribute("href"))).removeprefix("#/task/")
        for a in page.locator("tbody td:first-child a").all()
    ]
    backend.studio.store.tasks.claim(lines[1], "bob", 60)
    page.get_by_role("heading", name="Queue").click()
    page.keyboard.press("Enter")
    assert ready(page) == lines[0]
    page.keyboard.press("n")
    assert ready(page, lines[0]) == lines[2]
    assert task_of(backend, lines[1]).owner == "bob"


def test_a_key_that_is_kept_down_decides_one_photo(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    first = start(page, drop)
    ahead(page)
    page.keyboard.down("a")
    second = ready(page, first)
    for _ in range(5):
        page.keyboard.down("a")  # what the system sends while a key is held
    page.keyboard.up("a")
    expect(page.locator("#toasts .toast")).to_have_count(1)
    assert (task_of(backend, first).decision, task_of(backend, second).decision) == ("approve", "")
    page.keyboard.press("a")
    ready(page, second)
    expect(page.locator("#toasts .toast")).to_have_count(2)
    assert task_of(backend, second).decision == "approve"


def test_leaving_the_desk_gives_both_photos_back(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    held = [start(page, drop), ahead(page)]
    assert [task_of(backend, name).state for name in held] == ["claimed", "claimed"]
    page.keyboard.press("q")
    page.wait_for_load_state("networkidle")
    assert [task_of(backend, name).state for name in held] == ["open", "open"]


def test_a_refused_lot_takes_the_photo_on_the_desk_along(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    first = start(page, drop)
    while task_of(backend, first).why != "sample":
        page.keyboard.press("n")
        first = ready(page, first)
    ahead(page)
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_be_visible()
    for key in ("3", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#toasts")).to_contain_text("The lot is refused and done once more")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Nothing more waits")
    page.wait_for_load_state("networkidle")
    states = [task_of(backend, name).state for name in lot_of(backend, drop).task_ids]
    assert sorted(states) == ["decided", "superseded", "superseded", "superseded"]


def test_a_lease_that_ran_out_is_said_and_nothing_is_counted(backend: Backend, visit: Visit, drop: str) -> None:
    ann, bob = visit("ann"), visit("bob")
    task = start(ann, drop)
    record = task_of(backend, task)
    backend.studio.store.tasks.update(task, record.version, lease_until=int(time.time()) - 1)
    start(bob, drop)
    bob.evaluate("id => { location.hash = `#/task/${encodeURIComponent(id)}` }", task)
    ready(bob)
    ann.keyboard.press("a")
    expect(ann.locator("#toasts")).to_contain_text("is not decided")
    assert task_of(backend, task).state == "claimed"
    assert task_of(backend, task).owner == "bob@localhost"
