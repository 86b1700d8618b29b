"""What would leave unseen: products cut out as process does, at full size, judged by the truth.

    python -m bench escapes --set DIR [--set DIR …]

A set is that of ``bench quality``. Flagged is what the score or any check flags, by the thresholds of a new
installation, or what was altered; unusable is a severity above 1 (docs/quality.md); an escape is unusable and not
flagged. The sample and the decisions about lots come on top.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.quality_damage import judge
from bench.quality_set import Scene, scenes
from bench.scores import USABLE_EDGE, USABLE_HOLES, USABLE_IOU, USABLE_SPILL
from packshot.imaging.cutout import Settings, find_matte, finish
from packshot.imaging.matte import NoProduct, Opinions
from packshot.imaging.measure import measure
from packshot.imaging.networks import Networks
from packshot.learning.profiles import default_profile
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.quality.score import error_score
from packshot.quality.verdict import verdict

FULL_SIZE = 1 << 20


class Seen(NamedTuple):
    """One product: how bad by the truth (1 is just usable), its error score, and what a person looks at it for."""

    name: str
    severity: float
    score: float
    flags: list[str]

    @property
    def unusable(self) -> bool:
        """Beyond a limit of what is usable."""
        return self.severity > 1


def look(scene: Scene, networks: Opinions) -> Seen | None:
    """Cut a product out and judge it; None where no product is found, which process tells with a reason."""
    settings = Settings()
    try:
        raw = find_matte(scene.rgb, scene.segment, settings, networks)
    except NoProduct:
        return None
    cut = finish(scene.rgb, raw, scene.segment, settings)
    numbers = {**cut.measurements, **measure(scene.rgb, cut.matte, cut.master, cut.shadow)}
    score = error_score(numbers, scene.segment)
    checks = check(numbers, scene.segment, load_limits())
    _, flags = verdict(checks, score, scene.segment, default_profile(scene.segment))
    truth = judge(cut.matte, scene.truth)
    severity = max(
        (1 - truth.iou) / (1 - USABLE_IOU),
        truth.edge / USABLE_EDGE,
        truth.holes / USABLE_HOLES,
        truth.spill / USABLE_SPILL,
    )
    return Seen(scene.name, severity, score, [*flags, *(["altered"] if cut.altered else [])])


def products(folder: Path, networks: Opinions) -> Iterator[Seen]:
    """Every product of a set in which one is found."""
    for scene in scenes(folder, FULL_SIZE):
        seen = look(scene, networks)
        if seen is not None:
            yield seen


def main(arguments: list[str] | None = None) -> int:
    """Print each product, and the shares of each set."""
    parser = argparse.ArgumentParser(
        prog="python -m bench escapes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", type=Path, action="append", required=True, help="photos/, alpha/, catalog.csv")
    asked = parser.parse_args(arguments)
    networks = Networks()
    for folder in asked.set:
        found = []
        for seen in products(folder, networks):
            found.append(seen)
            print(f"  {seen.name:28s} severity {seen.severity:5.2f}  score {seen.score:.3f}  {', '.join(seen.flags)}")
        bad, fine = ([s for s in found if s.unusable is kind] for kind in (True, False))
        escaped = [s for s in bad if not s.flags]
        print(
            f"{folder}: {len(bad)} unusable, {len(bad) - len(escaped)} of them flagged; {len(fine)} usable, "
            f"{sum(bool(s.flags) for s in fine)} flagged; {len(escaped)} of {len(found)} would leave unseen"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
