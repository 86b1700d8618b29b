"""The measured growth of the stages: how it fits a line, as a table and a picture for ``docs/scale.md``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "bench" / "data" / "scale.json"
PAGE = ROOT / "docs" / "scale.md"
PICTURE = ROOT / "docs" / "images" / "scale.png"
Rows = list[dict[str, Any]]


def fit(rows: Rows) -> tuple[float, float, float]:
    """Slope of log seconds over log records (1 = linear), microseconds a record and R² of a line through the origin.

    The slope is that of the two largest sizes, where the start of a process no longer counts.
    """
    sizes, seconds = (np.array([row[name] for row in rows], float) for name in ("records", "seconds"))
    slope = float(np.diff(np.log(seconds[-2:]))[0] / np.diff(np.log(sizes[-2:]))[0])
    each = float(sizes @ seconds / (sizes @ sizes))
    off = float(((seconds - each * sizes) ** 2).sum() / ((seconds - seconds.mean()) ** 2).sum())
    return slope, each * 1e6, 1 - off


def table(rows: Rows) -> str:
    """Seconds and peak memory by stage and size, and the fit of each stage."""
    sizes = sorted({row["records"] for row in rows})
    lines = [
        "| stage | " + " | ".join(f"{size:,}" for size in sizes) + " | slope | µs a photo | R² |",
        "|---" * (len(sizes) + 4) + "|",
    ]
    for stage in dict.fromkeys(row["stage"] for row in rows):
        mine = [row for row in rows if row["stage"] == stage]
        cells = {row["records"]: f"{row['seconds']:.1f} s, {row['peak_mb']} MB" for row in mine}
        slope, each, r2 = fit(mine)
        lines.append(
            f"| {stage} | {' | '.join(cells.get(s, '-') for s in sizes)} | {slope:.2f} | {each:.0f} | {r2:.3f} |"
        )
    return "\n".join(lines)


def draw(rows: Rows, path: Path) -> None:
    """Seconds over records with the fitted lines, and memory over records with the limit."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    for stage in dict.fromkeys(row["stage"] for row in rows):
        mine = [row for row in rows if row["stage"] == stage]
        sizes = [row["records"] for row in mine]
        slope, each, _ = fit(mine)
        (line,) = left.loglog(sizes, [row["seconds"] for row in mine], "o", label=f"{stage}, slope {slope:.2f}")
        left.loglog(sizes, [each * size / 1e6 for size in sizes], "-", color=line.get_color(), alpha=0.5)
        right.semilogx(sizes, [row["peak_mb"] for row in mine], "o-", label=stage)
    right.axhline(500, color="grey", ls="--")
    left.set(xlabel="photos in the drop", ylabel="CPU seconds")
    right.set(xlabel="photos in the drop", ylabel="peak memory, MB", ylim=(0, 550))
    for axis in (left, right):
        axis.legend(fontsize=7)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})


def insert(page: Path, name: str, text: str) -> None:
    """Put generated text between the page's two marks of this name. Raises ValueError when they are not there."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    before = page.read_text("utf-8")
    after, count = mark.subn(lambda found: f"{found[1]}{text}\n{found[2]}", before)
    if count != 1:
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(after, "utf-8")


def write() -> None:
    """Bring the page and its picture up to date."""
    rows = json.loads(KEPT.read_text("utf-8"))
    insert(PAGE, "scale", table(rows))
    draw(rows, PICTURE)
