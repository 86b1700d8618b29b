"""Tasks: the queue, claims, decisions, undo and overrides, through the real handler."""

from __future__ import annotations

import time
from typing import Any

import pytest
from studio import Call, Studio

from packshot.records import TaskState
from packshot.store.paging import tasks_from

BOB = "bob@studio.test"


def approve(call: Call, task: str, version: int, **parts: Any) -> Any:
    return call("POST", f"/v1/tasks/{task}/decision", body={"decision": "approve", "version": version}, **parts)


def claimed(call: Call, task: str, who: str = "ann@studio.test") -> dict[str, Any]:
    answer = call("POST", f"/v1/tasks/{task}/claim", who=who)
    assert answer.status == 200, answer.text
    view: dict[str, Any] = answer.json
    return view


def test_the_queue_comes_by_urgency_and_in_pages_without_gaps(studio: Studio, call: Call) -> None:
    first = studio.drop("one", tasks=5)
    second = studio.drop("two", tasks=5)
    claimed(call, first[0])

    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", "/v1/tasks", limit="3", cursor=cursor).json
        seen += [line["task"]["task_id"] for line in page["tasks"]]
        cursor = page["cursor"]
        if not cursor:
            break

    assert sorted(seen) == sorted(first + second)
    due = {t.task_id: t.due_at for s in TaskState for t in tasks_from(studio.store.tasks, s)}
    assert [due[task] for task in seen] == sorted(due.values())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"why": "flag"}, 2),
        ({"drop": "one"}, 4),
        ({"segment": "exception"}, 4),
        ({"check": "edge_residue"}, 2),
        ({"owner": "Lead retoucher"}, 4),
        ({"state": "decided"}, 0),
        ({"check": "fringe"}, 0),
    ],
)
def test_filters_narrow_the_queue(studio: Studio, call: Call, query: dict[str, str], expected: int) -> None:
    studio.drop("one")
    studio.drop("two", segment="exception")
    assert len(call("GET", "/v1/tasks", **query).json["tasks"]) == expected


def test_a_cursor_that_is_none_is_refused(studio: Studio, call: Call) -> None:
    for cursor in ("x", "e30=", "WzEsMl0="):
        answer = call("GET", "/v1/tasks", cursor=cursor)
        assert (answer.status, answer.json["title"]) == (422, "Bad cursor")


def test_two_reviewers_never_hold_one_task(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    assert claimed(call, task)["mine"] is True
    refused = call("POST", f"/v1/tasks/{task}/claim", who=BOB)
    assert refused.status == 409
    assert "ann@studio.test" in refused.json["detail"]
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_claim_next_gives_each_reviewer_another_task(studio: Studio, call: Call) -> None:
    tasks = studio.drop()
    got = [call("POST", "/v1/tasks/claim-next", who=f"r{i % 2}@studio.test").json["task"]["task_id"] for i in range(2)]
    assert got == tasks[:1] + tasks[1:2]
    call("POST", "/v1/tasks/claim-next", who=BOB)
    call("POST", "/v1/tasks/claim-next", who="cleo@studio.test")
    assert call("POST", "/v1/tasks/claim-next", who="dan@studio.test").status == 404


def test_a_lease_that_ran_out_frees_the_task_and_ends_the_first_claim(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = studio.drop()[0]
    first = claimed(call, task)
    later = time.time() + 16 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert claimed(call, task, BOB)["task"]["owner"] == BOB
    late = approve(call, task, first["task"]["version"])
    assert (late.status, late.json["title"]) == (409, "Not yours")


def test_a_decision_after_ones_own_lease_is_refused_until_claimed_again(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    later = time.time() + 16 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert approve(call, task, version).json["title"] == "Lease over"
    assert approve(call, task, claimed(call, task)["task"]["version"]).status == 200


def test_a_decision_delivered_twice_counts_once(studio: Studio, call: Call) -> None:
    tasks = studio.drop()
    version = claimed(call, tasks[0])["task"]["version"]
    first, second = approve(call, tasks[0], version), approve(call, tasks[0], version)
    assert (first.status, second.status) == (200, 200)
    lot = studio.store.lots.get("spring", "spring-general-001")
    assert lot is not None and (lot.decided, lot.defects) == (1, 0)
    trail = [entry["what"] for entry in studio.store.tasks.trail(tasks[0])]
    assert trail == ["claimed", "approve"]


def test_another_decision_after_the_first_is_refused(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    approve(call, task, version)
    body = {"decision": "reject", "reasons": ["FRINGE"], "version": version}
    answer = call("POST", f"/v1/tasks/{task}/decision", body=body)
    assert (answer.status, answer.json["title"]) == (409, "Already decided")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"decision": "reject"}, "Reason missing"),
        ({"decision": "reject", "reasons": ["NONE"]}, "Unknown reason"),
        ({"decision": "reject", "reasons": ["OTHER"]}, "Comment missing"),
        ({"decision": "approve", "reasons": ["FRINGE"]}, "Reasons given"),
        ({"decision": "maybe"}, "Request does not fit"),
        ({"decision": "approve", "surprise": 1}, "Request does not fit"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    studio: Studio, call: Call, body: dict[str, Any], title: str
) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    answer = call("POST", f"/v1/tasks/{task}/decision", body={"version": version, **body})
    assert (answer.status, answer.json["title"]) == (422, title)


def test_a_stale_version_changes_nothing(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    claimed(call, task)  # prolonged in another tab: the version grows
    assert approve(call, task, version).json["title"] == "Changed meanwhile"
    record = studio.store.tasks.get(task)
    assert record is not None and record.state == TaskState.CLAIMED


def test_undo_gives_the_task_back_within_its_grace_time(
    studio: Studio, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = studio.drop()
    decided = approve(call, tasks[0], claimed(call, tasks[0])["task"]["version"]).json
    assert 0 < decided["undo_until"] - time.time() <= 60
    undone = call("POST", f"/v1/tasks/{tasks[0]}/undo")
    assert (undone.status, undone.json["mine"], undone.json["task"]["decision"]) == (200, True, "")

    approve(call, tasks[0], undone.json["task"]["version"])
    assert call("POST", f"/v1/tasks/{tasks[0]}/undo", who=BOB).status == 409
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert call("POST", f"/v1/tasks/{tasks[0]}/undo").status == 410


def test_undo_ends_with_the_lots_decision(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    body = {"decision": "reject", "reasons": ["FRINGE"], "version": claimed(call, task)["task"]["version"]}
    decided = call("POST", f"/v1/tasks/{task}/decision", body=body).json
    assert (decided["lot"], decided["undo_until"]) == ("rework", 0)
    answer = call("POST", f"/v1/tasks/{task}/undo")
    assert (answer.status, answer.json["title"]) == (410, "Too late to undo")


def test_the_other_tasks_of_a_refused_lot_leave_the_queue(studio: Studio, call: Call) -> None:
    first, second, *_ = tasks = studio.drop()
    version = claimed(call, second, BOB)["task"]["version"]
    body = {"decision": "reject", "reasons": ["FRINGE"], "version": claimed(call, first)["task"]["version"]}
    call("POST", f"/v1/tasks/{first}/decision", body=body)
    assert call("GET", "/v1/tasks").json["tasks"] == []
    closed = call("GET", "/v1/tasks", state="superseded").json["tasks"]
    assert [line["task"]["task_id"] for line in closed] == tasks[1:]
    assert not any(line["free"] or line["overdue"] for line in closed)
    for answer in (approve(call, second, version, who=BOB), call("POST", f"/v1/tasks/{second}/claim", who=BOB)):
        assert (answer.status, answer.json["title"]) == (410, "No longer needed")


def test_an_override_is_kept_with_the_task_and_must_be_rendered_before_approval(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    change = {
        "edge_shift_px": -1.5,
        "shadow": {"kind": "drop", "density": 0.5},
        "strokes": [{"mode": "add", "size": 0.05, "points": [[0.5, 0.5], [0.6, 0.123456]]}],
    }
    kept = call("PUT", f"/v1/tasks/{task}/override", body=change, version=str(version))
    assert (kept.status, kept.json["overridden"]) == (200, True)
    stored = call("GET", f"/v1/tasks/{task}").json["view"]["task"]["override"]
    assert stored["strokes"][0]["points"][1] == [0.6, 0.1235]
    assert "feather_px" not in stored

    refused = approve(call, task, kept.json["task"]["version"])
    assert (refused.status, refused.json["title"]) == (409, "Not rendered")
    photo = kept.json["task"]["photo_id"]
    folder = f"photos/spring/{photo}"
    studio.store.work.put_json(f"{folder}/override.json", {"override": stored, "settings": {}, "recipe": "one"})
    studio.store.work.put_json(f"{folder}/measurements.json", {"recipe": "another"})
    assert approve(call, task, kept.json["task"]["version"]).json["title"] == "Not rendered", "reworked since"
    studio.store.work.put_json(f"{folder}/measurements.json", {"recipe": "one"})
    assert approve(call, task, kept.json["task"]["version"]).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"edge_shift_px": 99},
        {"feather_px": -1},
        {"shadow": {"kind": "laser"}},
        {"strokes": [{"mode": "add", "size": 0}]},
        {"strokes": [{"mode": "add", "size": 0.1, "points": [[0.1, 0.1]] * 2000}] * 4},
        {"surprise": True},
    ],
)
def test_an_override_out_of_range_is_refused(studio: Studio, call: Call, change: dict[str, Any]) -> None:
    task = studio.drop()[0]
    version = claimed(call, task)["task"]["version"]
    assert call("PUT", f"/v1/tasks/{task}/override", body=change, version=str(version)).status == 422


def test_an_override_needs_the_claim(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    claimed(call, task)
    answer = call("PUT", f"/v1/tasks/{task}/override", who=BOB, body={"feather_px": 1}, version="1")
    assert (answer.status, answer.json["title"]) == (409, "Not yours")


def test_detail_shows_failing_checks_first_and_addresses_of_what_exists(studio: Studio, call: Call) -> None:
    task = studio.drop()[-1]
    photo = task.rsplit(".", 1)[1]
    studio.store.work.put(f"photos/spring/{photo}/master.png", b"png", "image/png")
    studio.store.work.put_json(f"photos/spring/{photo}/measurements.json", {"settings": {"fringe": 0.7}})
    detail = call("GET", f"/v1/tasks/{task}").json
    assert [check["passed"] for check in detail["checks"]] == [False, True]
    assert sorted(detail["files"]) == ["master.png", "source"]
    assert "X-Amz-Signature" in detail["files"]["source"] or "Signature=" in detail["files"]["source"]
    assert detail["settings"] == {"fringe": 0.7}


def test_release_gives_the_task_back_to_others(studio: Studio, call: Call) -> None:
    task = studio.drop()[0]
    claimed(call, task)
    assert call("POST", f"/v1/tasks/{task}/release", who=BOB).status == 409
    assert call("POST", f"/v1/tasks/{task}/release").json["free"] is True
    assert claimed(call, task, BOB)["mine"] is True


def test_the_lot_panel_says_what_the_next_decision_does(studio: Studio, call: Call) -> None:
    tasks = studio.drop(photos=20, tasks=4)
    studio.store.lots.update("spring", "spring-general-001", token="a-secret-token")
    panel = call("GET", "/v1/lots/spring/spring-general-001")
    assert "a-secret-token" not in panel.text
    before = panel.json
    assert (before["sample_tasks"], before["sample_decided"], before["other_tasks"]) == (3, 0, 1)
    assert before["curve"][0] == [0.0, 1.0]
    assert "2 more of the sample" in before["on_approve"]
    assert "done once more" in before["on_reject"]
    for task in tasks[:2]:
        approve(call, task, claimed(call, task)["task"]["version"])
    assert "will pass once the other 1" in call("GET", "/v1/lots/spring/spring-general-001").json["on_approve"]


def test_a_whole_lot_is_decided_and_the_gate_opens(studio: Studio, call: Call) -> None:
    tasks = studio.drop()
    said = [approve(call, task, claimed(call, task)["task"]["version"]).json["lot"] for task in tasks]
    assert said == ["wait", "wait", "wait", "accept"]
    lot = studio.store.lots.get("spring", "spring-general-001")
    assert lot is not None and lot.decision == "accept"
