"""Edges, brush and shadow changed in a real browser: previewed, undone, rendered, kept."""

from __future__ import annotations

import io

import numpy as np
from backend import Backend
from driving import Visit, master, ready, start, task_of
from PIL import Image
from playwright.sync_api import Page, expect


def previewed(page: Page, more_than: int) -> int:
    page.wait_for_function("n => Number(document.querySelector('.desk').dataset.previewed ?? 0) > n", arg=more_than)
    return int(page.locator(".desk").get_attribute("data-previewed") or 0)


def test_changed_edges_are_previewed_rendered_and_kept(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    before = master(backend, drop, task)
    page.keyboard.press("c")
    page.get_by_label("Shift", exact=True).fill("-6")
    count = previewed(page, 0)
    page.keyboard.press("Control+z")
    count = previewed(page, count)
    expect(page.get_by_label("Shift", exact=True)).to_have_value("0")
    page.keyboard.press("Control+y")
    previewed(page, count)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("a")
    ready(page, task)
    expect(page.locator("#toasts")).to_contain_text("Approved")
    after = master(backend, drop, task)
    assert (after[..., 3] > 127).sum() < 0.97 * (before[..., 3] > 127).sum()
    kept = task_of(backend, task)
    assert (kept.decision, kept.override) == ("approve", {"edge_shift_px": -6.0})
    what = [entry["what"] for entry in backend.studio.store.tasks.trail(task)]
    assert what[-3:] == ["override edge_shift_px", "rendered", "approve"]


def test_the_brush_works_by_mouse_and_by_keyboard(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    page.keyboard.press("c")
    page.get_by_label("Brush size").fill("0.1")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("v")  # slider
    page.keyboard.press("v")  # the result alone
    page.keyboard.press("p")
    box = page.locator("canvas").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(middle[0] - 60, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=6)
    page.mouse.up()
    count = previewed(page, 0)
    page.mouse.move(*middle)
    for key in ("Space", "ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    previewed(page, count)
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    ready(page, task)
    expect(page.locator("#toasts")).to_contain_text("Approved")
    strokes = task_of(backend, task).override["strokes"]
    assert [stroke["mode"] for stroke in strokes] == ["remove", "remove"]
    assert len(strokes[0]["points"]) > 2
    alpha = master(backend, drop, task)[..., 3]
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 0


def test_a_changed_shadow_is_previewed_undone_rendered_and_kept(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    task = start(page, drop)
    shadow = f"photos/{drop}/{task_of(backend, task).photo_id}/shadow.png"
    assert backend.studio.store.work.metadata(shadow) is None
    page.keyboard.press("c")
    count = previewed(page, 0)
    expect(page.get_by_label("Shadow density")).to_be_disabled()
    page.get_by_label("Shadow kind").select_option("drop")
    count = previewed(page, count)
    page.get_by_label("Shadow direction").fill("45")
    page.get_by_label("Shadow density").fill("0.8")
    count = previewed(page, count)
    page.get_by_role("button", name="Undo").click()
    count = previewed(page, count)
    expect(page.get_by_label("Shadow density")).to_have_value("0.35")
    page.get_by_role("button", name="Redo").click()
    previewed(page, count)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("a")
    ready(page, task)
    expect(page.locator("#toasts")).to_contain_text("Approved")
    kept = task_of(backend, task).override["shadow"]
    assert (kept["kind"], kept["direction_deg"], kept["density"]) == ("drop", 45.0, 0.8)
    dark = np.asarray(Image.open(io.BytesIO(backend.studio.store.work.get(shadow).body)))
    rows, columns = np.nonzero(dark > 40)
    alpha_rows, alpha_columns = np.nonzero(master(backend, drop, task)[..., 3] > 127)
    assert rows.mean() > alpha_rows.mean() and columns.mean() > alpha_columns.mean(), "it falls down to the right"
