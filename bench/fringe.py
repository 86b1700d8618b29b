"""Fringe: the edge band's colour on white and on black, cut-outs against the true foreground.

    python -m bench fringe --cutouts DIR [--cutouts DIR …] --truth DIR --foreground DIR

Cut-outs are RGBA PNGs of the truths' stems, as `python -m bench mattes --silhouettes --out DIR` writes them; the figure
is the mean CIEDE2000 over the edge band (0.5 % of the longest side around the true outline) between the cut-out and the
true product, both composited in sRGB as a browser does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000, rgb2lab

F32 = npt.NDArray[np.float32]
BACKGROUNDS = {"white": 1.0, "black": 0.0}
SAMPLES = 60_000


def band(alpha: F32) -> npt.NDArray[np.bool_]:
    """Pixels within 0.5 % of the longest side of the true outline."""
    radius = max(2, round(0.005 * max(alpha.shape)))
    hard = (alpha >= 0.5).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(hard, disc) != cv2.erode(hard, disc), np.bool_)


def fringe(cutout: F32, truth: F32, foreground: F32) -> dict[str, float]:
    """Mean CIEDE2000 in the band by background. cutout HxWx4, truth HxW, foreground HxWx3; all 0..1."""
    where = np.flatnonzero(band(truth))
    if where.size > SAMPLES:
        where = np.random.default_rng(0).choice(where, SAMPLES, replace=False)
    mine, true = cutout.reshape(-1, 4)[where], foreground.reshape(-1, 3)[where]
    mine_alpha, true_alpha = mine[:, 3:], truth.reshape(-1, 1)[where]
    found = {}
    for name, level in BACKGROUNDS.items():
        a = rgb2lab(mine[:, :3] * mine_alpha + level * (1 - mine_alpha))
        b = rgb2lab(true * true_alpha + level * (1 - true_alpha))
        found[name] = float(deltaE_ciede2000(a, b).mean())
    return found


def read(path: Path) -> F32:
    """A PNG as float32 0..1, RGB(A) order."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FileNotFoundError(path)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    return np.asarray(image / np.float32(255), np.float32)


def main(arguments: list[str] | None = None) -> int:
    """Print a table, a column a folder of cut-outs and background."""
    parser = argparse.ArgumentParser(prog="python -m bench fringe", description=__doc__)
    parser.add_argument("--cutouts", type=Path, action="append", required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--foreground", type=Path, required=True)
    asked = parser.parse_args(arguments)
    totals: dict[tuple[str, str], list[float]] = {}
    for path in sorted(asked.truth.glob("*.png")):
        truth = read(path)
        row = []
        for folder in asked.cutouts:
            scores = fringe(read(folder / path.name), truth, read(asked.foreground / path.name)[..., :3])
            for name, value in scores.items():
                totals.setdefault((folder.name, name), []).append(value)
                row.append(f"{value:8.2f}")
        print(f"{path.stem:28}{''.join(row)}")
    for (folder, name), values in totals.items():
        print(f"mean {folder} on {name}: {np.mean(values):.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
