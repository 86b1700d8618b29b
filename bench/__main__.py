"""`python -m bench mattes --photos DIR --truth DIR [--catalog CSV] [--out DIR]`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench import mattes
from bench.scores import means
from packshot.imaging.cutout import Settings
from packshot.imaging.networks import Networks


def main(argv: list[str] | None = None) -> int:
    """Run one measurement and print its table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("mattes", help="cut out photos and score the mattes against known truth")
    one.add_argument("--photos", type=Path, required=True)
    one.add_argument("--truth", type=Path, required=True, help="8-bit PNGs of the photos' stems and sizes")
    one.add_argument("--catalog", type=Path, help="CSV with sku, segment and background")
    one.add_argument("--out", type=Path, help="where alphas, cut-outs and scores.json are written")
    one.add_argument("--way", choices=["fast", "auto", "accurate"], default="auto")
    one.add_argument("--threads", type=int, help="default: the cores that this process may use")
    one.add_argument("--provider", choices=["cpu", "openvino"], default="cpu")
    args = parser.parse_args(argv)
    networks = Networks(threads=args.threads, provider=args.provider)
    rows = mattes.run(args.photos, args.truth, args.catalog, args.out, networks, Settings(way=args.way))
    print(mattes.table(rows))
    if args.out:
        report = {"mean": means([row.score for row in rows]), "photos": {row.name: row.score.row() for row in rows}}
        (args.out / "scores.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
