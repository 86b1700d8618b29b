"""Channels as data: the files that ship, their pedigrees, and rules that switch by date."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from packshot.export import channels
from packshot.export.channels import ChannelError, ChannelRules, Kind, Level

SHIPPED = {"amazon", "archive", "ebay", "etsy", "google", "meta", "shopify", "tiktok", "walmart", "woocommerce"}
SHIPPED |= {"zalando"}

OWN = """
channel: mine
title: My own shop
render: {width: 800, height: 800, fill: 0.9}
sources:
  us: {source: "our own style guide, page 3", checked_on: 2026-11-20, confidence: general}
rules:
  - {kind: format, value: [jpeg], level: must, from: us}
  - {kind: short_side_min, value: 400, level: must, from: us, effective_from: 2027-03-01}
"""


def test_the_eleven_channels_ship() -> None:
    assert set(channels.load()) >= SHIPPED


@pytest.mark.parametrize("name", sorted(channels.load()))
def test_every_rule_was_checked_within_a_year(name: str) -> None:
    """Fails when time passes: then read the source again and set checked_on."""
    today = dt.datetime.now(dt.UTC).date()
    stale = channels.load()[name].stale(today)
    assert not stale, [f"{rule.id}: {rule.source}, checked {rule.checked_on}" for rule in stale]


def test_a_rule_unchecked_for_more_than_a_year_is_stale() -> None:
    rule = channels.load()["google"].rules[0]
    assert not rule.stale(rule.checked_on + dt.timedelta(days=365))
    assert rule.stale(rule.checked_on + dt.timedelta(days=366))


@pytest.mark.parametrize(
    ("on", "segment", "pixels"),
    [
        (dt.date(2027, 1, 30), "general", 100),
        (dt.date(2027, 1, 30), "apparel", 250),
        (dt.date(2027, 1, 31), "general", 500),
        (dt.date(2027, 1, 31), "apparel", 500),
    ],
)
def test_google_asks_for_500_px_from_the_day_it_said(on: dt.date, segment: str, pixels: int) -> None:
    google = channels.load()["google"]
    musts = [r.value for r in google.on(on, segment) if r.kind is Kind.SHORT_SIDE_MIN and r.level is Level.MUST]
    assert musts == [pixels]
    assert google.least(on, segment) == (pixels, pixels)


def test_the_least_canvas_keeps_the_ratio() -> None:
    assert channels.load()["zalando"].least(dt.date(2026, 11, 23)) == (762, 1101)


def test_main_image_rules_do_not_bind_further_images() -> None:
    amazon, on = channels.load()["amazon"], dt.date(2026, 11, 23)
    main = {rule.kind for rule in amazon.on(on, main=True)}
    further = {rule.kind for rule in amazon.on(on, main=False)}
    assert main - further >= {Kind.BACKGROUND, Kind.FILL_MIN, Kind.NO_TEXT}


def test_a_users_own_channel_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(OWN)
    mine = channels.load(tmp_path)["mine"]
    assert [rule.kind for rule in mine.on(dt.date(2026, 12, 1))] == [Kind.FORMAT]
    assert mine.rules[0].source == "our own style guide, page 3"


def test_the_environment_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text(OWN)
    monkeypatch.setenv("PACKSHOT_CHANNELS", str(tmp_path))
    assert list(channels.load()) == ["mine"]
    monkeypatch.setenv("PACKSHOT_CHANNELS", str(tmp_path / "nowhere"))
    with pytest.raises(ChannelError, match="PACKSHOT_CHANNELS"):
        channels.load()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: format", "kind: formt", "formt"),
        ("value: [jpeg]", "value: [jpg]", "a list out of"),
        ("value: 400", "value: -4", "a positive int"),
        ("from: us,", "from: them,", "no source 'them'"),
        ("channel: mine", "channel: yours", "file and channel bear one name"),
        ("fill: 0.9", "fill: 1.9", "fill"),
        ("title:", "titel:", "titel"),
        ("rules:", "rules: [", "mine.yaml"),
        ("effective_from: 2027-03-01", "effective_from: 2027-03-01, effective_until: 2027-01-01", "before"),
    ],
)
def test_a_fault_in_a_file_is_said_with_the_files_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(ChannelError, match=r"mine\.yaml") as error:
        channels.read(path)
    assert says in str(error.value)


def test_channels_are_frozen() -> None:
    amazon: ChannelRules = channels.load()["amazon"]
    with pytest.raises(ValueError, match="frozen"):
        amazon.title = "other"  # type: ignore[misc]
