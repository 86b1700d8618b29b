"""Every view by axe, at both widths; its colours dark and light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from backend import Backend
from driving import Visit, start
from playwright.sync_api import Page, expect

VIEWS: dict[str, Callable[[Page, str], Any]] = {
    "queue": lambda page, _drop: expect(page.locator("tbody tr").first).to_be_visible(),
    "desk": lambda page, drop: (start(page, drop), page.keyboard.press("c"), page.locator("details").first.click()),
    "reject": lambda page, drop: (start(page, drop), page.keyboard.press("r")),
    "drop": lambda page, drop: (
        page.evaluate("d => { location.hash = `#/drops/${d}` }", drop),
        expect(page.locator(".cards")).to_be_visible(),
    ),
    "drops": lambda page, _drop: page.keyboard.press("d"),
    "metrics": lambda page, _drop: page.keyboard.press("t"),
    "upload": lambda page, _drop: page.keyboard.press("u"),
    "help": lambda page, _drop: page.keyboard.press("?"),
}


COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def broken(page: Page, rules: Any) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    return [(v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in found]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_accessible_and_fits(
    backend: Backend, visit: Visit, drop: str, view: str, width: int, scheme: str
) -> None:
    page = visit(f"{view}{width}", width=width, scheme=scheme)
    VIEWS[view](page, drop)
    page.wait_for_load_state("networkidle")
    assert broken(page, RULES) == []
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    assert broken(page, COLOURS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
