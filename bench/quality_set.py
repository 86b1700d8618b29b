"""The examples that the error score is fitted on and judged by: spoiled mattes, measurements, truth.

What counts as a defect, as good and as neither is laid down in docs/quality.md.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from bench.quality_damage import MATTE_DAMAGES, judge, tint
from bench.scores import USABLE_EDGE, USABLE_HOLES, USABLE_IOU, USABLE_SPILL
from packshot.imaging import cutout
from packshot.imaging.foreground import product_colour
from packshot.imaging.light import F32, U8
from packshot.imaging.matte import NoProduct, Opinions
from packshot.imaging.measure import colour_measures, measure
from packshot.imaging.shadow import cast

TINT_LIMIT = 2.0  # CIEDE2000 of the means: plain to see side by side
DEFECT_FROM, GOOD_TO = 1.25, 0.5  # severities
LOT_DIRECTION = 60.0
OWN = "own:"  # a matte that was found, and not the truth spoiled: by whom


@dataclass(frozen=True)
class Coarse:
    """Opinions of which U-2-Net-p has IS-Net's place."""

    networks: Opinions

    def u2netp(self, rgb: U8) -> F32:
        """The coarse matte."""
        return self.networks.u2netp(rgb)

    def isnet(self, rgb: U8, size: int = 1024) -> F32:  # noqa: ARG002 - as the other has it
        """The coarse matte, whatever size is asked for."""
        return self.networks.u2netp(rgb)

    def settle(self, features: F32) -> F32:
        """The refiner's answer."""
        return self.networks.settle(features)


@dataclass(frozen=True)
class Scene:
    """One photo with known truth: rgb uint8 HxWx3, truth uint8 HxW."""

    name: str
    sku: str
    segment: str
    rgb: U8
    truth: U8


class Example(BaseModel):
    """One measured cut-out with its truth."""

    model_config = ConfigDict(extra="forbid")

    name: str
    sku: str
    segment: str
    damage: str
    seed: int
    iou: float
    edge: float
    holes: float
    spill: float
    tint: float = 0.0
    turned: bool = False
    measurements: dict[str, float]

    @property
    def severity(self) -> float:
        """The largest of what was measured by its limit; 1 is just usable."""
        return max(
            (1 - self.iou) / (1 - USABLE_IOU),
            self.edge / USABLE_EDGE,
            self.holes / USABLE_HOLES,
            self.spill / USABLE_SPILL,
            self.tint / TINT_LIMIT,
        )

    @property
    def defect(self) -> bool:
        """Beyond a limit by a clear margin, or its shadow turned."""
        return self.turned or self.severity >= DEFECT_FROM

    @property
    def good(self) -> bool:
        """At most half of every limit; what is neither is in the band between."""
        return not self.turned and self.severity <= GOOD_TO

    @property
    def unusable(self) -> bool:
        """Beyond a limit at all."""
        return self.turned or self.severity > 1

    @property
    def own(self) -> bool:
        """A matte that was found, not one spoiled on purpose."""
        return self.damage.startswith(OWN)


def read_rgb(path: Path) -> U8:
    """An RGB picture as uint8 HxWx3; raises ValueError when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"cannot read {path}")
    return np.ascontiguousarray(image[..., ::-1])


def read_alpha(path: Path) -> U8:
    """A grey picture, or the alpha of one that has alpha, as uint8 HxW; raises ValueError if unreadable."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(f"cannot read {path}")
    if image.ndim == 2:
        return np.asarray(image)
    return np.ascontiguousarray(image[..., 3] if image.shape[2] == 4 else image[..., 0])


def read_catalog(path: Path) -> dict[str, str]:
    """SKU -> segment from a catalog.csv with columns sku and segment; empty when there is no such file."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["sku"]: row["segment"] for row in csv.DictReader(file)}


def scenes(folder: Path, longest: int) -> Iterator[Scene]:
    """Every picture of ``photos/`` with a truth of the same stem in ``alpha/``, at most ``longest`` px long.

    The segment is that of ``catalog.csv``, else general. Raises ValueError when no photo has a truth.
    """
    segments = read_catalog(folder / "catalog.csv")
    found = False
    for truth in sorted((folder / "alpha").glob("*.png")):
        photo = next(iter(sorted((folder / "photos").glob(f"{truth.stem}.*"))), None)
        if photo is None:
            continue
        found = True
        sku = truth.stem.split("_")[0]
        scene = Scene(f"{sku}@photo", sku, segments.get(sku, "general"), read_rgb(photo), read_alpha(truth))
        yield shrink(scene, longest)
    if not found:
        raise ValueError(f"no picture in {folder}/photos has a truth in {folder}/alpha")


def shrink(scene: Scene, longest: int) -> Scene:
    """The scene at a smaller size, for quick runs."""
    scale = longest / max(scene.truth.shape)
    if scale >= 1:
        return scene
    size = (round(scene.truth.shape[1] * scale), round(scene.truth.shape[0] * scale))
    rgb = np.asarray(cv2.resize(scene.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    truth = np.asarray(cv2.resize(scene.truth, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Scene(scene.name, scene.sku, scene.segment, rgb, truth)


def spoiled(scene: Scene, variants: int = 1) -> Iterator[Example]:
    """The scene's true matte, every damage to it ``variants`` times, a tint and a turned shadow, all measured."""
    yield _measured(scene, "none", 0, scene.truth)
    for damage, spoil in MATTE_DAMAGES.items():
        for variant in range(variants):
            seed = zlib.crc32(f"{scene.name}/{damage}/{variant}".encode())
            yield _measured(scene, damage, seed, np.asarray(spoil(scene.truth, np.random.default_rng(seed))))
    seed = zlib.crc32(f"{scene.name}/tint".encode())
    yield _measured(scene, "tint", seed, scene.truth)
    yield _measured(scene, "shadow_turned", seed, scene.truth)


def own(scene: Scene, networks: Opinions) -> Iterator[Example]:
    """The scene cut out as process does it, and by the coarse network at one look, measured.

    The second makes the mistakes that the first makes too seldom to learn from. Who finds no product is left out.
    """
    finders = {"process": (networks, cutout.Settings()), "coarse": (Coarse(networks), cutout.Settings(way="fast"))}
    for finder, (asked, settings) in finders.items():
        try:
            raw = cutout.find_matte(scene.rgb, scene.segment, settings, asked)
        except NoProduct:  # process ends such a photo with a reason: there is no cut-out to judge
            continue
        matte = cutout.finish(scene.rgb, raw, scene.segment, settings).matte
        yield _measured(scene, OWN + finder, zlib.crc32(f"{scene.name}/{finder}".encode()), matte, raw.numbers)


def _measured(
    scene: Scene, damage: str, seed: int, matte: U8, found: Mapping[str, float] = MappingProxyType({})
) -> Example:
    """One example; measurements rounded to 5 digits to keep the cache small.

    `found` is what finding the matte told of itself: spoiled mattes were not found, and have none of it.
    """
    dice = np.random.default_rng(seed)
    truth = judge(matte, scene.truth)
    colour, moved = product_colour(scene.rgb, matte), 0.0
    if damage == "tint":
        colour = tint(colour, dice)
        moved = colour_measures(scene.rgb, matte, colour)["colour_shift"]
    turned = damage == "shadow_turned"
    off = float(dice.uniform(60, 300)) if turned else float(dice.uniform(-12, 12))
    shadow = cast(matte, "drop", direction_deg=(LOT_DIRECTION + off) % 360, length=0.06, softness=0.03, density=0.4)
    numbers = {**found, **measure(scene.rgb, matte, np.dstack([colour, matte]), shadow)}
    return Example(
        name=scene.name, sku=scene.sku, segment=scene.segment, damage=damage, seed=seed,
        iou=round(truth.iou, 5), edge=round(truth.edge, 5), holes=round(truth.holes, 5), spill=round(truth.spill, 5),
        tint=round(moved, 4), turned=turned, measurements={k: round(v, 5) for k, v in numbers.items()},
    )  # fmt: skip


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
