"""How photos are shown in a real browser: zoom, backgrounds, overlays, the next one at once, hostile text."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote, urlsplit

from backend import Backend
from driving import Visit, ahead, lot_of, ready, start, task_of
from playwright.sync_api import expect


def test_zoom_backgrounds_and_overlays_by_keyboard(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    start(page, drop)
    page.keyboard.press("1")
    expect(page.get_by_label("Zoom", exact=True).locator("output")).to_have_text("100 %")
    page.keyboard.press("4")
    expect(page.locator("canvas")).to_have_attribute("aria-label", re.compile("400 %"))
    page.keyboard.press("0")
    page.keyboard.press("b")
    expect(page.get_by_label("Background black")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Matte M")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => true")
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Slider")).to_have_attribute("aria-pressed", "true")


def test_the_viewer_really_draws_backgrounds_and_marks(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    start(page, drop)
    page.keyboard.press("v")
    page.keyboard.press("v")  # the result alone
    corner = """() => {
      const canvas = document.querySelector('canvas');
      const x = canvas.width / 2 - Math.min(canvas.width / 1.2, canvas.height) * 0.5;
      return [...canvas.getContext('2d').getImageData(x, canvas.height / 2, 1, 1).data].slice(0, 3);
    }"""
    for background, expected in (("magenta", [255, 0, 255]), ("black", [0, 0, 0]), ("white", [255, 255, 255])):
        page.get_by_label(f"Background {background}").click()
        page.wait_for_function(
            f"want => JSON.stringify(({corner})()) === want", arg=json.dumps(expected).replace(" ", "")
        )
    page.keyboard.press("m")
    page.wait_for_function(f"() => {{ const [r, g] = ({corner})(); return r > 200 && g < 140 }}")


def test_the_next_photo_is_claimed_and_shown_from_memory(backend: Backend, visit: Visit, drop: str) -> None:
    """How soon is for the bench to say; here, that nothing is waited for: no claim, no task, no picture."""
    page = visit()
    first = start(page, drop)
    following = ahead(page)
    assert task_of(backend, following).owner == "ann@localhost"
    page.wait_for_load_state("networkidle")
    photo = task_of(backend, following).photo_id
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, unquote(urlsplit(request.url).path))))
    page.keyboard.press("n")
    assert ready(page, first) == following
    page.wait_for_load_state("networkidle")
    assert ("POST", f"/v1/tasks/{first}/release") in asked
    assert [path for _, path in asked if path.startswith(f"/v1/tasks/{following}")] == []
    assert [path for _, path in asked if photo in path and "/v1/" not in path] == []


def test_close_up_the_photo_is_shown_in_its_own_pixels(backend: Backend, visit: Visit, drop: str) -> None:
    """The bitmaps of the first look are as small as the screen; zoomed in, each pixel of the photo is a block."""
    backend.studio.draw(drop, width=2400, height=2000)
    for photo in list(backend.studio.store.photos.of_drop(drop)):
        backend.studio.store.photos.update(drop, photo.photo_id, width=2400, height=2000)
    page = visit()
    start(page, drop)
    page.keyboard.press("e")
    page.wait_for_function(  # seen at this size too, not lost in scaling
        """() => {
          const canvas = document.querySelector('canvas');
          const { data } = canvas.getContext('2d').getImageData(0, canvas.height / 2, canvas.width, 1);
          const cyan = (i) => data[i] === 0 && data[i + 1] === 220 && data[i + 2] === 255;
          let found = 0;
          for (let i = 0; i < data.length; i += 4) found += cyan(i);
          return found >= 4;
        }"""
    )
    page.keyboard.press("e")
    with page.expect_response(lambda answer: "master.png" in answer.url):
        for key in ("v", "v", "4"):
            page.keyboard.press(key)
    blocks = """() => {
      const canvas = document.querySelector('canvas');
      const y = Math.round(canvas.height / 2);
      const { data } = canvas.getContext('2d').getImageData(0, y, canvas.width, 1);
      const edges = [];
      for (let x = 1; x < canvas.width; x++) if (data[4 * x] !== data[4 * x - 4]) edges.push(x);
      return edges.length > 8 && edges.every((x) => (x - edges[0]) % 4 === 0);
    }"""
    page.evaluate("document.querySelector('.viewer canvas').scrollIntoView()")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(blocks)


def test_a_photo_that_only_the_score_flags_says_why(backend: Backend, visit: Visit, drop: str) -> None:
    store = backend.studio.store
    flagged = next(t for name in lot_of(backend, drop).task_ids if (t := task_of(backend, name)).why == "flag")
    checks = [check.model_dump() | {"passed": True} for check in flagged.checks]
    store.tasks.update(flagged.task_id, flagged.version, error_score=0.62, checks=checks)
    store.photos.update(drop, flagged.photo_id, flags=["error_score"])
    page = visit()
    start(page, drop)
    page.keyboard.press("q")
    row = page.locator("tbody tr", has_text="Flagged by the checks")
    expect(row).to_contain_text("Together, the checks make an error likely (62 %)")
    row.locator("a").first.click()
    expect(page.locator(".checks .failing").first).to_contain_text("make an error likely (62 %)")
    expect(page.locator("#checks-title")).to_contain_text("1 beyond the limit")


def test_hostile_titles_and_names_stay_text(backend: Backend, visit: Visit, drop: str) -> None:
    hostile = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\"'{{1}}"
    store = backend.studio.store
    for photo in list(store.photos.of_drop(drop)):
        catalog = {"sku": hostile, "title": hostile, "category": hostile, "keywords": [hostile]}
        store.photos.update(drop, photo.photo_id, catalog=catalog, file=hostile, notes=[hostile])
    for name in lot_of(backend, drop).task_ids:
        store.tasks.update(name, task_of(backend, name).version, sku=hostile, file=hostile)
    page = visit()
    start(page, drop)
    expect(page.locator(".title")).to_contain_text("onerror")
    for view in (f"#/drops/{drop}", "#/queue", "#/metrics"):
        page.evaluate("view => { location.hash = view }", view)
        page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hacked") is None
    policy = page.request.get(backend.api.url).headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.inline = 1';
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.inline") is None


def test_single_keys_can_be_switched_off(backend: Backend, visit: Visit, drop: str) -> None:
    page = visit()
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single keys act").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
