"""What is documented is so: generated pages are current, links lead somewhere, tables and keys are the code's."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from template import of_type
from typer.main import get_command

from bench.__main__ import BENCHES
from packshot.plan.segments import segments
from packshot.reasons import rules
from packshot_local import docs
from packshot_local.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"])


def test_the_page_of_reasons_is_current() -> None:
    assert docs.REASONS.read_text("utf-8") == docs.reasons_page(), "run: python -m packshot_local.docs"


def test_every_reason_is_on_it_once() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", docs.reasons_page(), re.MULTILINE)
    assert sorted(codes) == sorted(rules()) and len(codes) > 25


def test_the_command_writes_the_page() -> None:
    before = docs.REASONS.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "packshot_local.docs"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"docs/reasons.md: {len(rules())} reasons\n" and docs.REASONS.read_bytes() == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_documentation_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_documentation_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    asked = set(re.findall(r"(?:`|bin/|^ {4})packshot ([a-z]+)", text, re.MULTILINE))
    assert asked <= set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"python -m bench ([a-z_]+)", text)) <= set(BENCHES)
    modules = re.findall(r"python -m ((?:bench|packshot_local)\.[a-z_.]+)", text)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def test_the_data_model_names_every_table_index_and_bucket() -> None:
    text = (ROOT / "docs" / "data-model.md").read_text("utf-8")
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert f"## {name.removesuffix('Table')}" in text
        for index in table.get("GlobalSecondaryIndexes", []):
            assert f"`{index['IndexName']}`" in text


def test_the_data_model_names_every_state_and_every_field_that_code_writes() -> None:
    from packshot import records

    text = (ROOT / "docs" / "data-model.md").read_text("utf-8")
    for kind in (records.Status, records.DropStatus, records.LotStatus, records.TaskState):
        assert all(f"`{state.value}`" in text for state in kind)


def test_the_page_of_segments_names_every_segment() -> None:
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "segments.md").read_text("utf-8"), re.MULTILINE)
    assert named == [*sorted(segments(), key=named.index)] and len(named) == 7


def test_the_threat_model_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/.-]+)`", text))
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).exists()] == []
