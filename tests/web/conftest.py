"""A real Chromium in front of the real page and handlers."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from backend import Backend
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_names = (f"lot{n}" for n in itertools.count(1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes seconds to do what a function does in milliseconds."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")  # a real stack in between leaves nothing of another cloud in this process
def backend() -> Iterator[Backend]:
    made = Backend()
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def drop(backend: Backend) -> str:
    """A drop of its own for each test: four small photos in one lot, three sampled and one flagged."""
    name = next(_names)
    backend.studio.drop(name, photos=4, tasks=4)
    backend.studio.draw(name, width=720, height=600)
    return name


@pytest.fixture
def visit(backend: Backend, browser: Browser) -> Iterator[Callable[..., Page]]:
    """visit("ann") -> her signed-in page in a browser of her own; errors on the page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(who: str = "ann", *, view: str = "#/queue", width: int = 1280, scheme: str = "dark") -> Page:
        height = 800 if width > 700 else 844
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(backend.page(who))
        page.wait_for_selector("#bar nav")
        if view != "#/queue":
            page.evaluate("view => { location.hash = view }", view)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
