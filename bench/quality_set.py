"""The examples that the error score is fitted on and judged by: spoiled mattes, measurements, truth."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from bench.quality_damage import MATTE_DAMAGES, Judgement, judge, tint
from bench.quality_scenes import KINDS, Scene, compose, read_alpha, read_rgb
from packshot.imaging.foreground import product_colour
from packshot.imaging.light import U8
from packshot.imaging.measure import colour_measures, measure
from packshot.imaging.shadow import cast

TINT_DEFECT = 2.0  # CIEDE2000 of the means: plain to see side by side
LOT_DIRECTION = 60.0


class Example(BaseModel):
    """One measured cut-out with its truth."""

    model_config = ConfigDict(extra="forbid")

    name: str
    sku: str
    segment: str
    damage: str
    seed: int
    defect: bool
    iou: float
    edge: float
    holes: float
    spill: float
    measurements: dict[str, float]


def read_catalog(path: Path) -> dict[str, str]:
    """SKU -> segment from a catalog.csv with columns sku and segment."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["sku"]: row["segment"] for row in csv.DictReader(file)}


def scenes(photos: Path, truths: Path, segments: dict[str, str], colours: Path | None, more: int) -> Iterator[Scene]:
    """Every photo with a truth of the same stem, then ``more`` made ones of it where its colour is known.

    Raises ValueError when no photo has a truth.
    """
    found = False
    for truth_path in sorted(truths.glob("*.png")):
        photo = next(iter(sorted(photos.glob(f"{truth_path.stem}.*"))), None)
        if photo is None:
            continue
        found = True
        sku = truth_path.stem.split("_")[0]
        segment = segments.get(sku, "general")
        truth = read_alpha(truth_path)
        yield Scene(f"{sku}@photo", sku, segment, read_rgb(photo), truth)
        colour = read_rgb(colours / truth_path.name) if colours and more else None
        if colour is None:
            continue
        for i in range(more):
            seed = zlib.crc32(f"{sku}/{i}".encode())
            kind = KINDS[(seed + i * 2) % len(KINDS)]
            yield compose(sku, segment, colour, truth, kind, seed)
    if not found:
        raise ValueError(f"no photo in {photos} has a truth in {truths}")


def spoiled(scene: Scene, variants: int = 1) -> Iterator[Example]:
    """The scene's true matte, every damage to it ``variants`` times, tints, and turned shadows, all
    measured.
    """
    yield _measured(scene, "none", 0, scene.truth)
    for damage, spoil in MATTE_DAMAGES.items():
        for variant in range(variants):
            seed = zlib.crc32(f"{scene.name}/{damage}/{variant}".encode())
            yield _measured(scene, damage, seed, np.asarray(spoil(scene.truth, np.random.default_rng(seed))))
    seed = zlib.crc32(f"{scene.name}/tint".encode())
    yield _measured(scene, "tint", seed, scene.truth)
    yield _measured(scene, "shadow_turned", seed, scene.truth)


def _measured(scene: Scene, damage: str, seed: int, matte: U8) -> Example:
    dice = np.random.default_rng(seed)
    truth = judge(matte, scene.truth)
    colour = product_colour(scene.rgb, matte)
    defect = not truth.ok
    if damage == "tint":
        colour = tint(colour, dice)
        defect = colour_measures(scene.rgb, matte, colour)["colour_shift"] >= TINT_DEFECT
    turned = float(dice.uniform(60, 300)) if damage == "shadow_turned" else float(dice.uniform(-12, 12))
    shadow = cast(matte, "drop", direction_deg=(LOT_DIRECTION + turned) % 360, length=0.06, softness=0.03, density=0.4)
    numbers = measure(scene.rgb, matte, np.dstack([colour, matte]), shadow)
    return example(scene, damage, seed, defect or damage == "shadow_turned", truth, numbers)


def example(scene: Scene, damage: str, seed: int, defect: bool, truth: Judgement, numbers: dict[str, float]) -> Example:
    """An example from its parts; measurements rounded to 5 digits to keep the cache small."""
    return Example(
        name=scene.name,
        sku=scene.sku,
        segment=scene.segment,
        damage=damage,
        seed=seed,
        defect=defect,
        iou=truth.iou,
        edge=truth.edge,
        holes=truth.holes,
        spill=truth.spill,
        measurements={k: round(v, 5) for k, v in numbers.items()},
    )


def natural(scene: Scene, source: str, matte: U8) -> Example:
    """A matte as a network made it, with no shadow."""
    truth = judge(matte, scene.truth)
    numbers = measure(scene.rgb, matte, np.dstack([product_colour(scene.rgb, matte), matte]))
    return example(scene, f"network:{source}", 0, not truth.ok, truth, numbers)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write JSON lines; the number written."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for one in examples:
            file.write(one.model_dump_json() + "\n")
            file.flush()
            count += 1
    return count


def read_examples(path: Path) -> list[Example]:
    """Read JSON lines written by :func:`write_examples`."""
    return [Example.model_validate(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def shrink(scene: Scene, longest: int) -> Scene:
    """The scene at a smaller size, for quick runs."""
    scale = longest / max(scene.truth.shape)
    if scale >= 1:
        return scene
    size = (round(scene.truth.shape[1] * scale), round(scene.truth.shape[0] * scale))
    rgb = np.asarray(cv2.resize(scene.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    truth = np.asarray(cv2.resize(scene.truth, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Scene(scene.name, scene.sku, scene.segment, rgb, truth)
