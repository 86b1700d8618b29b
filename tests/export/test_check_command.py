"""``packshot check`` as people and pipelines use it: files and folders, messages, JSON, exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pots import ON, make_master
from typer.testing import CliRunner, Result

from packshot.export.stage import export_photo
from packshot_local.cli import app

DAY = ["--on", ON.isoformat()]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


@pytest.fixture
def ours(tmp_path: Path, meta) -> Path:  # type: ignore[no-untyped-def]
    (done,) = export_photo(make_master(), None, meta(), ["amazon"], ON)
    path = tmp_path / done.name
    path.write_bytes(done.data)
    return path


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """A photo that is not ours: grey backdrop, no profile, no metadata."""
    path = tmp_path / "shelf" / "IMG 4711.jpg"
    path.parent.mkdir()
    pixels = np.full((900, 900, 3), 228, np.uint8)
    pixels[200:700, 300:600] = (160, 60, 50)
    Image.fromarray(pixels).save(path, quality=88)
    return path


def test_advice_is_told_and_breaks_nothing(ours: Path) -> None:
    done = run(ours, "--channel", "amazon", *DAY)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{ours}: breaks 1 advised of ")
    assert "should long_side_min_advised" in done.stdout


def test_a_file_that_keeps_everything_is_one_line(ours: Path) -> None:
    done = run(ours, "--channel", "tiktok", *DAY)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert ": keeps all " in done.stdout


def test_a_broken_rule_is_said_with_measure_cure_and_who_asks_for_it(phone: Path) -> None:
    done = run(phone, "--channel", "amazon", *DAY)
    assert done.exit_code == 1
    assert "breaks 4 must-rules" in done.stdout
    background = done.stdout[done.stdout.index("must   background") :]
    assert "(228, 228, 228); required: 255, 255, 255" in background
    assert background.index("mend: cut the product out") < background.index("says: Amazon Seller Central")


def test_a_folder_is_all_its_pictures_and_one_breach_decides(ours: Path, phone: Path) -> None:
    (phone.parent / "notes.txt").write_text("no picture")
    done = run(ours.parent, "--channel", "amazon", *DAY)
    assert done.exit_code == 1
    assert done.stdout.rstrip().endswith("1 of 2 files keep every must-rule of Amazon, main image and further images.")


def test_programs_get_one_object_with_every_rule(ours: Path, phone: Path) -> None:
    done = run(ours, phone, "--channel", "amazon", "--json", *DAY)
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (told["channel"], told["on"], told["passed"]) == ("amazon", ON.isoformat(), False)
    assert list(told["files"]) == [str(ours), str(phone)]
    assert {rule["passed"] for rule in told["files"][str(ours)] if rule["level"] == "must"} == {True}
    assert all(
        {"rule", "level", "measured", "required", "fix", "source"} <= rule.keys() for rule in told["files"][str(phone)]
    )


def test_a_further_image_has_fewer_rules(phone: Path) -> None:
    assert "background" in run(phone, "--channel", "amazon", *DAY).stdout
    assert "background" not in run(phone, "--channel", "amazon", "--secondary", *DAY).stdout


def test_rules_of_another_day_count_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.new("RGB", (300, 300), "white").save(path)
    before = run(path, "--channel", "google", "--on", "2027-01-30").stdout
    after = run(path, "--channel", "google", "--on", "2027-01-31").stdout
    assert "short_side_min:" not in before
    assert "short_side_min: 300 px; required: at least 500 px" in after


@pytest.mark.parametrize("content", [b"", b"not a picture", b"%PDF-1.7"])
def test_what_is_no_picture_breaks_the_rule_readable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    done = run(path, "--channel", "etsy")
    assert done.exit_code == 1
    assert "must   readable: no picture that can be read here (JPEG, PNG" in done.stdout


def test_a_picture_cut_off_half_way_is_not_readable(ours: Path) -> None:
    ours.write_bytes(ours.read_bytes()[:5000])
    done = run(ours, "--channel", "amazon")
    assert (done.exit_code, "must   readable" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.jpg", "--channel", "amazon"], "nowhere.jpg"),
        ([".", "--channel", "amazn"], "amazn"),
        (["EMPTY", "--channel", "amazon"], "no pictures"),
        (["."], "--channel"),
        ([".", "--channel", "amazon", "--on", "tomorrow"], "tomorrow"),
    ],
)
def test_what_was_asked_wrongly_is_exit_code_2_and_a_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run(*(str(tmp_path) if part in ("EMPTY", ".") else part for part in arguments))
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output


def test_a_picture_with_a_name_like_markup_is_said_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "[red]x[-red].png"
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    assert "[red]x[-red].png: breaks" in run(path, "--channel", "etsy", *DAY).stdout
