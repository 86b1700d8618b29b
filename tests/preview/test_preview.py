"""Overrides at screen size and at full size, on real pictures over moto."""

from __future__ import annotations

import base64
import io
import json
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from studio import CONTEXT, ROOT, Studio, event, load

from packshot import keys
from packshot.preview.stage import KEPT, Previewer
from packshot.review import desk
from packshot.review.override import Override
from packshot.review.refusal import Refusal

ANN = "ann@studio.test"


@pytest.fixture(scope="module")
def previewer(studio: Studio) -> Previewer:
    return Previewer(studio.store)


def task_of(studio: Studio, n: int) -> Any:
    lot = studio.store.lots.get("spring", "spring-general-001")
    assert lot is not None
    task = studio.store.tasks.get(lot.task_ids[n])
    assert task is not None
    return task


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def area(data: bytes) -> float:
    return float((pixels(data)[..., 3] > 127).mean())


def test_no_change_shows_what_the_batch_made(studio: Studio, previewer: Previewer) -> None:
    task = task_of(studio, 0)
    shown = pixels(previewer.preview(task.task_id, Override(), 600))
    assert shown.shape == (500, 600, 4)
    kept = studio.store.work.get(keys.photo_key("spring", task.photo_id, "master.png")).body
    batch = np.asarray(Image.open(io.BytesIO(kept)).resize((600, 500), Image.Resampling.BOX))
    assert np.abs(shown[..., 3].astype(int) - batch[..., 3]).mean() < 0.5


def test_edges_move_by_pixels_of_the_photo_whatever_the_screen(studio: Studio, previewer: Previewer) -> None:
    task = task_of(studio, 0).task_id
    plain = {side: area(previewer.preview(task, Override(), side)) for side in (400, 1200)}
    grown = {side: area(previewer.preview(task, Override(edge_shift_px=8), side)) for side in (400, 1200)}
    assert grown[400] / plain[400] == pytest.approx(grown[1200] / plain[1200], rel=0.02)
    assert grown[1200] > 1.05 * plain[1200]
    assert area(previewer.preview(task, Override(edge_shift_px=-8), 400)) < 0.96 * plain[400]


def test_a_brush_stroke_adds_and_removes_product(studio: Studio, previewer: Previewer) -> None:
    task = task_of(studio, 0).task_id
    stroke = {"mode": "remove", "size": 0.1, "softness": 0, "points": [(0.5, 0.6)]}
    removed = pixels(previewer.preview(task, Override.model_validate({"strokes": [stroke]}), 600))
    assert removed[300, 300, 3] == 0
    added = {**stroke, "mode": "add", "points": [(0.1, 0.1)]}
    shown = pixels(previewer.preview(task, Override.model_validate({"strokes": [added]}), 600))
    assert shown[50, 60, 3] == 255
    assert shown[50, 60, :3].mean() > 180, "what was added is the photo's own pixels"


def test_rendering_writes_full_size_results_and_checks_them_again(studio: Studio, previewer: Previewer) -> None:
    task = task_of(studio, 1)
    settings = desk.DeskSettings()
    store = studio.store
    version = desk.claim(store, settings, task.task_id, ANN).task.version
    master = keys.photo_key("spring", task.photo_id, "master.png")
    before = store.work.get(master).body
    kept = desk.override(store, task.task_id, ANN, Override(edge_shift_px=-6), version)

    view = previewer.render(task.task_id, ANN, kept.task.version)

    after = store.work.get(master).body
    assert (np.asarray(Image.open(io.BytesIO(after)))[..., 3] > 127).sum() < (
        np.asarray(Image.open(io.BytesIO(before)))[..., 3] > 127
    ).sum()
    assert {check.name for check in view.task.checks} > {"fringe"} or len(view.task.checks) > 3
    result = store.work.get_json(keys.photo_key("spring", task.photo_id, "measurements.json"))
    assert (result["settings"]["edge_shift_px"], result["recipe"]) == (-6.0, "drawn")
    assert desk.rendered(store, "spring", task.photo_id) == {"edge_shift_px": -6.0}
    assert [entry["what"] for entry in store.tasks.trail(task.task_id)][-1] == "rendered"

    cleared = desk.override(store, task.task_id, ANN, Override(), view.task.version)
    again = previewer.render(task.task_id, ANN, cleared.task.version)
    assert store.work.get(master).body == before, "taking the change back gives the batch's bytes"
    assert again.overridden is False


def test_a_rendering_that_dies_half_way_cannot_be_approved(
    studio: Studio, previewer: Previewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of(studio, 0)
    store = studio.store
    version = desk.claim(store, desk.DeskSettings(), task.task_id, ANN).task.version

    def dies(*_: Any) -> None:
        raise MemoryError("out of memory")

    monkeypatch.setattr("packshot.preview.stage.write_result", dies)
    with pytest.raises(MemoryError):
        previewer.render(task.task_id, ANN, version)
    assert desk.rendered(store, "spring", task.photo_id) != task_of(studio, 0).override


def test_rendering_needs_the_claim_and_the_version(studio: Studio, previewer: Previewer) -> None:
    task = task_of(studio, 1)
    with pytest.raises(Refusal, match="Not yours"):
        previewer.render(task.task_id, "bob@studio.test", task.version)
    with pytest.raises(Refusal, match="Changed meanwhile"):
        previewer.render(task.task_id, ANN, task.version - 1)


def test_an_expired_matte_is_said_so(studio: Studio, previewer: Previewer) -> None:
    studio.drop("old", photos=1, tasks=1)
    with pytest.raises(Refusal, match="Working files are gone"):
        previewer.preview(f"old-general-001.0.{keys.photo_id('incoming/old/SKU000_front.jpg')}", Override())


@pytest.fixture(scope="module")
def function() -> ModuleType:
    return load("preview")


def test_the_function_answers_a_picture_and_nothing_without_claims(
    studio: Studio, previewer: Previewer, function: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setattr(function, "previewer", lambda: previewer)
    path = f"/v1/tasks/{task_of(studio, 0).task_id}/preview"
    answer = function.handler(event("POST", path, body={"feather_px": 2}, side="300"), CONTEXT)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "image/webp")
    assert pixels(base64.b64decode(answer["body"])).shape == (250, 300, 4)
    for request in (path, path.replace("preview", "render")):
        refused = function.handler(event("POST", request, who=None, body={}), CONTEXT)
        assert refused["statusCode"] == 401
        stranger = function.handler(event("POST", request, groups="[]", body={}), CONTEXT)
        assert stranger["statusCode"] == 403
    wrong = function.handler(event("POST", path, body={"feather_px": 200}), CONTEXT)
    assert (wrong["statusCode"], json.loads(wrong["body"])["title"]) == (422, "Request does not fit")


def test_the_sample_event_is_answered(
    studio: Studio, previewer: Previewer, function: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setattr(function, "previewer", lambda: previewer)
    sample = json.loads((ROOT / "events" / "preview.json").read_text("utf-8"))
    sample["rawPath"] = sample["requestContext"]["http"]["path"] = f"/v1/tasks/{task_of(studio, 0).task_id}/preview"
    answer = function.handler(sample, CONTEXT)
    assert pixels(base64.b64decode(answer["body"])).shape == (667, 800, 4)


def test_what_no_change_moves_is_found_once(
    studio: Studio, previewer: Previewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding, the kept matte and the fit of the backdrop are the slow parts; ``bench preview`` times the rest."""
    task = task_of(studio, 0).task_id
    natural = {"shadow": {"kind": "natural", "density": 0.5}}
    first = previewer.preview(task, Override.model_validate(natural), 500)

    def again(*_: Any) -> None:
        raise AssertionError("done a second time")

    for name in ("decode", "unshaded", "read_lot", "reduced"):
        monkeypatch.setattr(f"packshot.preview.stage.{name}", again)
    changed = previewer.preview(task, Override.model_validate({**natural, "edge_shift_px": -8}), 500)
    assert area(changed) < area(first)
    assert previewer.preview(task, Override.model_validate(natural), 500) == first


def test_photos_that_were_looked_at_long_ago_are_let_go(studio: Studio) -> None:
    previewer = Previewer(studio.store)
    for side in range(300, 300 + 20 * KEPT, 20):
        previewer.preview(task_of(studio, 0).task_id, Override(), side)
    assert len(previewer._laid) == KEPT
