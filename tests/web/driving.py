"""Steps that several browser tests take: open a photo, wait for it, read what lies behind it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from backend import Backend
from PIL import Image
from playwright.sync_api import Page, expect

from packshot.records import LotRecord, TaskRecord

Visit = Callable[..., Page]


def lot_of(backend: Backend, drop: str) -> LotRecord:
    lot = backend.studio.store.lots.get(drop, f"{drop}-general-001")
    assert lot is not None
    return lot


def task_of(backend: Backend, task_id: str) -> TaskRecord:
    task = backend.studio.store.tasks.get(task_id)
    assert task is not None
    return task


def start(page: Page, drop: str) -> str:
    """Filter the queue to a drop and start by keyboard; the task that is shown and claimed."""
    page.get_by_label("Drop", exact=True).fill(drop)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text(drop)
    page.get_by_role("heading", name="Queue").click()
    page.keyboard.press("Enter")
    return ready(page)


def ready(page: Page, other_than: str = "") -> str:
    """Wait until a task (another one than that) is shown and claimed; its id."""
    page.wait_for_function(
        "other => document.querySelector('.desk')?.dataset.shown && "
        "document.querySelector('.desk').dataset.shown !== other && "
        "location.hash.includes(encodeURIComponent(document.querySelector('.desk').dataset.shown)) && "
        "document.querySelector('.desk').dataset.mine === document.querySelector('.desk').dataset.shown",
        arg=other_than,
    )
    return str(page.locator(".desk").get_attribute("data-shown"))


def ahead(page: Page) -> str:
    """Wait until the next photo is claimed and loaded; its task's id."""
    page.wait_for_function("() => document.querySelector('.desk').dataset.preloaded")
    return str(page.locator(".desk").get_attribute("data-preloaded"))


def master(backend: Backend, drop: str, task: str) -> np.ndarray:
    photo = task_of(backend, task).photo_id
    data = backend.studio.store.work.get(f"photos/{drop}/{photo}/master.png").body
    return np.asarray(Image.open(io.BytesIO(data)))
