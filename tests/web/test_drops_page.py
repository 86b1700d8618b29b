"""Drops in a real browser: uploads, the audit, rejections, retries, metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from backend import Backend
from driving import Visit
from playwright.sync_api import Route, expect

from packshot.reasons import reason
from packshot.records import LotStatus, Status


def test_dropping_files_makes_a_drop(backend: Backend, visit: Visit, tmp_path: Path) -> None:
    files = [tmp_path / "MUG-01_front.jpg", tmp_path / "catalog.csv"]
    files[0].write_bytes(b"\xff\xd8 a photo")
    files[1].write_bytes(b"sku,title,category\nMUG-01,Mug,Home\n")
    page = visit(view="#/upload")
    page.get_by_label("Name of the drop").fill("Été 26")
    page.locator("#files").set_input_files(files)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("2 files are in")
    keys = sorted(entry.key for entry in backend.studio.store.incoming.list("incoming/Été 26/"))
    assert keys == [f"incoming/Été 26/{name}" for name in ("MUG-01_front.jpg", "_READY", "catalog.csv")]
    assert backend.studio.store.incoming.get(keys[0]).body == b"\xff\xd8 a photo"


def test_a_drop_that_was_just_uploaded_is_awaited_and_followed(backend: Backend, visit: Visit, tmp_path: Path) -> None:
    photo = tmp_path / "MUG-01_front.jpg"
    photo.write_bytes(b"\xff\xd8 a photo")
    page = visit(view="#/upload")
    page.clock.install()
    page.get_by_label("Name of the drop").fill("awaited")
    page.locator("#files").set_input_files([photo])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("main")).to_contain_text("The photos are in. The drop is being recorded")
    backend.studio.drop("awaited", photos=3, tasks=1)
    page.clock.run_for(10_000)
    expect(page.locator("main")).to_contain_text("3 photos")
    failed = next(backend.studio.store.photos.of_drop("awaited")).photo_id
    backend.studio.store.photos.update("awaited", failed, status=Status.FAILED, reason=reason("PROCESSING_ERROR"))
    page.clock.run_for(400_000)  # the page waits longer after an answer that took long by this clock
    expect(page.get_by_role("button", name="failed 1")).to_be_visible()
    page.evaluate("location.hash = '#/drops/never-was'")
    expect(page.get_by_role("alert").filter(has_text="It was never there")).to_be_visible()


def test_a_drop_shows_its_audit_and_gives_its_rejections(backend: Backend, visit: Visit, drop: str) -> None:
    store = backend.studio.store
    refused = next(store.photos.of_drop(drop)).photo_id
    store.photos.update(drop, refused, status=Status.REJECTED, reason=reason("TOO_SMALL", measured="900 px"))
    store.incoming.put(f"incoming/{drop}/LOST_front.jpg", b"x", "image/jpeg")
    page = visit(view=f"#/drops/{drop}")
    expect(page.locator(".audit")).to_contain_text("1 rejected + 0 exported + 3 held + 0 failed ≠ 5 dropped")
    expect(page.locator(".audit")).to_contain_text(f"No record of incoming/{drop}/LOST_front.jpg")
    expect(page.get_by_role("button", name="rejected 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("tbody").last).to_contain_text("measured 900 px")
    with page.expect_download() as download:
        page.keyboard.press("x")
    text = Path(download.value.path()).read_text("utf-8")
    assert text.startswith("\ufefffile,sku,view,code,") and text.count("TOO_SMALL") == 1


def test_large_files_go_in_parts_and_what_broke_is_sent_again(
    backend: Backend, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.review.uploads.MULTIPART_FROM", 6_000_000)
    monkeypatch.setattr("packshot.store.uploads.PART_BYTES", 5 * 1024 * 1024)
    big = tmp_path / "BIG-01_front.png"
    big.write_bytes(bytes(range(256)) * 43_000)  # three parts
    small = tmp_path / "MUG-01_front.jpg"
    small.write_bytes(b"\xff\xd8 a photo")
    page = visit(view="#/upload")
    page.get_by_label("Name of the drop").fill("parts")
    page.locator("#files").set_input_files([big, small])
    expect(page.get_by_role("status").first).to_contain_text("2 files, 11.0 MB. No catalog.csv")
    broken: list[str] = []

    def break_it(route: Route) -> None:
        broken.append(route.request.url)
        route.abort()

    second = re.compile("partNumber=2")
    page.route(second, break_it)
    page.clock.install()
    page.get_by_role("button", name="Upload", exact=True).click()
    for _ in range(3):
        page.clock.run_for(5_000)
        page.wait_for_load_state("networkidle")
    expect(page.locator("form")).to_contain_text("Not all files are in: the connection broke. Press Upload")
    assert len(broken) == 3, "tried three times"
    store = backend.studio.store
    assert [entry.key for entry in store.incoming.list("incoming/parts/")] == ["incoming/parts/MUG-01_front.jpg"]

    page.unroute(second)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("2 files are in")
    assert store.incoming.get("incoming/parts/BIG-01_front.png").body == big.read_bytes()
    assert [url for url in sent if "MUG-01" in url] == [], "what is in is not sent again"
    assert store.incoming.metadata("incoming/parts/_READY") is not None


def test_a_folder_is_dropped_and_what_is_no_photo_is_left_out(visit: Visit) -> None:
    page = visit(view="#/upload")
    page.evaluate(
        """() => {
          const file = (name) => ({ isFile: true, file: (take) => take(new File(["x"], name)) });
          const reader = (entries) => ({ readEntries: (take) => take(entries.splice(0, 2)) });
          const folder = (...entries) => ({ isFile: false, createReader: () => reader(entries) });
          const inner = folder(file("B_front.PNG"), file(".DS_Store"), file("A_front.jpg"));
          const entry = folder(file("A_front.jpg"), inner, file("catalog.csv"), file("notes.txt"));
          const event = new Event("drop", { cancelable: true });
          event.dataTransfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] };
          document.querySelector(".zone").dispatchEvent(event);
        }"""
    )
    rows = page.locator("tbody tr td:first-child")
    expect(rows).to_have_text(["A_front.jpg", "B_front.PNG", "catalog.csv"])
    expect(page.locator("form")).to_contain_text("A_front.jpg is in the list already; notes.txt is no JPEG, PNG or")
    page.get_by_role("button", name="Leave B_front.PNG out").click()
    expect(rows).to_have_count(2)


def test_a_failed_photo_is_sent_through_again_by_its_button(backend: Backend, visit: Visit, drop: str) -> None:
    store = backend.studio.store
    photo = next(store.photos.of_drop(drop)).photo_id
    store.photos.update(drop, photo, status=Status.FAILED, reason=reason("PROCESSING_ERROR"))
    store.lots.update(drop, f"{drop}-general-001", status=LotStatus.EXPORTED)
    page = visit(view=f"#/drops/{drop}")
    page.get_by_role("button", name="failed 1").click()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#toasts")).to_contain_text("goes through once more")
    record = store.photos.get(drop, photo)
    assert record is not None and record.status == Status.ACCEPTED
    assert "ann@localhost asked for another try" in record.notes[-1]


def test_metrics_draw_what_was_decided(backend: Backend, visit: Visit, drop: str) -> None:
    store = backend.studio.store
    lot = f"{drop}-general-001"
    first = f"{lot}.0.{sorted(p.photo_id for p in store.photos.of_drop(drop))[0]}"
    store.tasks.claim(first, "ann@localhost", 60)
    store.tasks.decide(first, "ann@localhost", decision="reject", reasons=["FRINGE"])
    store.lots.update(drop, lot, decided=1, defects=1)
    page = visit(view="#/metrics")
    expect(page.get_by_role("img", name=re.compile("Share of rejected"))).to_be_visible()
    expect(page.locator("rect title").filter(has_text=f"{lot}: 1 rejected of 1 reviewed")).to_have_count(1)
    reasons = page.locator("section", has=page.get_by_role("heading", name="Why photos were rejected"))
    expect(reasons.locator("th", has_text="Coloured or dark fringe")).to_be_visible()
    expect(page.locator("section", has_text="Owners and due times")).to_contain_text("Lead retoucher")
