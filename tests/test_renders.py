"""The parts of `bench.renders` that need no Blender."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench import renders
from bench.composites import compose
from bench.renders import develop
from bench.renders.catalogue import COLUMNS, Product, products
from packshot.imaging.light import linear

PACKAGE = Path(renders.__file__).parent
DISC = np.float32(1) * cv2.circle(np.zeros((96, 128), np.uint8), (64, 48), 30, 255, -1, cv2.LINE_AA) / 255
GREY = np.full(3, 0.5, np.float32)


@pytest.fixture
def product() -> Product:
    return products()[0]


@pytest.mark.parametrize("product", products(), ids=lambda product: product.sku)
def test_every_product_has_its_builder(product: Product) -> None:
    family, builder = product.builder.split(".")
    tree = ast.parse((PACKAGE / f"{family}.py").read_text(encoding="utf-8"))
    builders = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == builder]
    assert [argument.arg for one in builders for argument in one.args.args] == ["rng"]


def test_a_quarter_judges_and_knows_every_family_that_learns() -> None:
    known = products()
    assert len({product.sku for product in known}) == len({product.builder for product in known}) == len(known) >= 40
    held, learnt = ([p for p in known if p.held is wanted] for wanted in (True, False))
    assert 0.2 < len(held) / len(known) < 0.3
    assert {p.builder.split(".")[0] for p in held} == {p.builder.split(".")[0] for p in learnt}
    assert not {p.builder for p in held} & {p.builder for p in learnt}
    assert all(p.sku.startswith("HELD-") for p in held)
    assert all(p.sku.startswith("TRAIN-") for p in learnt)


def test_colour_is_carried_beyond_the_edge() -> None:
    colour = np.array([0.6, 0.3, 0.1], np.float32)
    light = develop.extended(DISC[..., None] * colour, DISC)
    assert np.abs(light - colour).max() < 1e-3


def test_a_faint_edge_pixel_takes_its_whole_neighbours_colour() -> None:
    light = np.full((96, 128, 3), 0.5, np.float32) * DISC[..., None]
    faint = (DISC > 0) & (DISC < 0.4)
    light[faint] *= 3  # what noise does to a pixel of few samples
    assert np.abs(develop.extended(light, DISC)[faint] - 0.5).max() < 0.2


def test_the_photo_is_colour_over_backdrop_by_the_written_alpha() -> None:
    plate = np.full((96, 128, 3), 0.2, np.float32)
    made = develop.develop(DISC[..., None] * GREY, DISC, DISC, plate, False, np.random.default_rng(0))
    share = made.alpha[..., None] / 255
    behind = linear(made.photo)[0, 0]
    error = linear(made.photo) - (linear(made.colour) * share + behind * (1 - share))
    assert np.abs(error).max() < 0.06
    assert abs(error.mean()) < 0.002


def test_a_white_backdrop_comes_out_white() -> None:
    plate = np.full((96, 128, 3), 0.31, np.float32)
    made = develop.develop(DISC[..., None] * (GREY / 50), DISC, DISC, plate, True, np.random.default_rng(0))
    assert 225 < made.photo[0, 0].mean() < 250


def test_a_black_product_on_dark_grey_stays_dark() -> None:
    plate = np.full((96, 128, 3), 0.045, np.float32)
    made = develop.develop(DISC[..., None] * (GREY / 50), DISC, DISC, plate, False, np.random.default_rng(0))
    assert made.photo.max() < 110


def test_highlights_roll_off_without_a_step() -> None:
    light = np.linspace(0, 4, 4001, dtype=np.float32)
    toned = develop.tone(light)
    assert np.all(np.diff(toned) >= 0)
    assert np.diff(toned).max() < 0.0011
    assert toned.max() <= 1


def test_files_serve_composites_and_a_second_render_replaces_its_row(tmp_path: Path, product: Product) -> None:
    plate = np.full((96, 128, 3), 0.2, np.float32)
    made = develop.develop(DISC[..., None] * GREY, DISC, DISC, plate, False, np.random.default_rng(0))
    for one in (product, replace(product, name="ANOTHER"), replace(product, title="Renamed")):
        develop.write(tmp_path, one, made)
    lines = (tmp_path / "catalog.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert [line.split(",")[0] for line in lines[1:]] == ["TRAIN-ANOTHER", product.sku]
    assert "Renamed" in lines[2]
    new = compose(tmp_path, product.stem, np.random.default_rng(1))
    assert new.truth.max() == 255
    assert new.photo.shape[:2] == new.truth.shape
    assert (tmp_path / "photos" / f"{product.stem}.jpg").stat().st_size > 0
