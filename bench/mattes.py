"""Cut out every photo of a folder and score the mattes against the truth, by segment and by backdrop."""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench.scores import FIGURES, WORST, Score, means, score
from packshot.imaging import cutout, foreground
from packshot.imaging.cutout import Settings
from packshot.imaging.matte import NoProduct, Opinions
from packshot.imaging.networks import Networks

U8 = npt.NDArray[np.uint8]
PHOTOS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Row:
    """One photo's result."""

    name: str
    segment: str
    background: str
    score: Score
    seconds: float
    note: str


def run(
    photos: Path, truth: Path, catalog: Path | None, out: Path | None, networks: Opinions, settings: cutout.Settings
) -> list[Row]:
    """Cut out each photo that has a truth; writes alphas and cut-outs to `out` if given.

    Where `settings` do not let glass be seen through, cut-outs are of what the truth is: garments without the inside
    that was filled in, too.

    A truth without a photo, or a photo without a product found, scores worst: never a skip.
    Raises FileNotFoundError when the truth folder holds no PNG.
    """
    known = _catalog(catalog)
    files = {path.stem: path for path in sorted(photos.iterdir()) if path.suffix.lower() in PHOTOS}
    truths = sorted(truth.glob("*.png"))
    if not truths:
        raise FileNotFoundError(f"no *.png in {truth}")
    rows = []
    for path in truths:
        facts = known.get(path.stem.rsplit("_", 1)[0], {})
        segment, background = facts.get("segment", "general"), facts.get("background", "-")
        started = time.process_time()
        spent = 0.0
        try:
            made = _cut(files[path.stem], segment, networks, settings)
            spent = time.process_time() - started  # scoring is no part of the cost
            result, note = score(_unit(made.matte), _unit(_alpha(path))), ""
            if out:
                _write(out, path.stem, made)
        except KeyError:
            result, note = WORST, "no photo"
        except NoProduct as why:
            result, note, spent = WORST, f"no product: {why}", time.process_time() - started
        rows.append(Row(path.stem, segment, background, result, spent, note))
    return rows


def table(rows: list[Row]) -> str:
    """The rows, then means by segment, by background and over all, as text."""
    head = f"{'photo':26s}{'segment':>12s}{'backdrop':>10s}" + "".join(f"{name:>8s}" for name in FIGURES) + "   cpu s"
    lines = [head]
    for row in rows:
        figures = "".join(f"{value:8.4f}" for value in row.score.row().values())
        lines.append(
            f"{row.name[:25]:26s}{row.segment:>12s}{row.background:>10s}{figures}{row.seconds:8.2f} {row.note}"
        )
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[f"segment {row.segment}"].append(row)
        groups[f"backdrop {row.background}"].append(row)
    for title, members in [*sorted(groups.items()), ("all", rows)]:
        figures = "".join(f"{value:8.4f}" for value in means([row.score for row in members]).values())
        seconds = float(np.mean([row.seconds for row in members]))
        lines.append(f"{f'{title} ({len(members)})':48s}{figures}{seconds:8.2f}")
    return "\n".join(lines)


def _cut(photo: Path, segment: str, networks: Opinions, settings: cutout.Settings) -> cutout.CutOut:
    bgr = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"{photo} cannot be read")
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    raw = cutout.find_matte(rgb, segment, settings, networks)
    made = cutout.finish(rgb, raw, segment, settings)
    if segment == "apparel" and not settings.see_through:
        colour = foreground.product_colour(rgb, made.matte)
        made = replace(made, master=np.dstack([colour, made.matte]))
    return made


def _catalog(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["sku"]: row for row in csv.DictReader(file)}


def _alpha(path: Path) -> U8:
    """The alpha channel of an RGBA picture, else its grey values."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError(f"{path} cannot be read")
    if picture.ndim == 2:
        return np.asarray(picture, np.uint8)
    if picture.shape[2] == 4:
        return np.asarray(picture[..., 3], np.uint8)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def _unit(picture: U8) -> npt.NDArray[np.float32]:
    return np.asarray(picture / np.float32(255), np.float32)


def _write(out: Path, stem: str, made: cutout.CutOut) -> None:
    for folder, picture in (("alpha", made.matte), ("cutout", cv2.cvtColor(made.master, cv2.COLOR_RGBA2BGRA))):
        (out / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(out / folder / f"{stem}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def main(arguments: list[str] | None = None) -> int:
    """Cut out photos, print the table, and write alphas and scores.json where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench mattes", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True, help="8-bit PNGs of the photos' stems and sizes")
    parser.add_argument("--catalog", type=Path, help="CSV with sku, segment and background")
    parser.add_argument("--out", type=Path, help="where alphas, cut-outs and scores.json are written")
    parser.add_argument("--way", choices=["fast", "auto", "accurate"], default="auto")
    parser.add_argument("--silhouettes", action="store_true", help="cut-outs as the truth has them, for bench fringe")
    parser.add_argument("--threads", type=int, help="default: the cores that this process may use")
    parser.add_argument("--provider", choices=["cpu", "openvino"], default="cpu")
    asked = parser.parse_args(arguments)
    networks = Networks(threads=asked.threads, provider=asked.provider)
    settings = Settings(way=asked.way, see_through=not asked.silhouettes)
    rows = run(asked.photos, asked.truth, asked.catalog, asked.out, networks, settings)
    print(table(rows))
    if asked.out:
        report = {"mean": means([row.score for row in rows]), "photos": {row.name: row.score.row() for row in rows}}
        (asked.out / "scores.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0
