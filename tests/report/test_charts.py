"""The bars of the local report count what the rows say."""

from __future__ import annotations

from typing import Any

from packshot_local.charts import Bar, charts


def row(**fields: Any) -> dict[str, Any]:
    return {"status": "exported", "verdict": "pass", "flags": [], "error_score": 0.04, "reason": None} | fields


def test_bars_count_verdicts_flags_scores_and_rejections() -> None:
    photos = [
        row(), row(), row(error_score=1.0, verdict="flag", flags=["holes", "error_score"]),
        row(error_score=0.95, verdict="flag", flags=["error_score"]),
        row(status="rejected", verdict=None, error_score=None, reason={"code": "BLURRED"}),
        row(status="held", verdict=None, error_score=None, reason={"code": "LOT_HELD"}),
    ]  # fmt: skip
    found = {chart.title: chart.bars for chart in charts(photos)}
    assert found["Verdicts"] == [Bar("flag", 2, 100.0), Bar("pass", 2, 100.0)]
    assert found["Flags"] == [Bar("error_score", 2, 100.0), Bar("holes", 1, 50.0)]
    assert found["Rejected for"] == [Bar("BLURRED", 1, 100.0)]
    assert [bar.count for bar in found["Error score"]] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]


def test_a_drop_without_photos_has_no_charts() -> None:
    assert charts([]) == []
