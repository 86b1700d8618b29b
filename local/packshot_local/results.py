"""What a drop leaves in the folder that the user named: exports, mattes, masters, report and contact sheet."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image, ImageOps

from packshot import keys
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.store import Store
from packshot.store.objects import Bucket, Missing
from packshot_local.charts import charts
from packshot_local.stack.buffers import save_object

THUMB = 420
TEMPLATES = Path(__file__).parent / "templates"
PNG_BOMB = 400_000_000
THREADS = 2
"""At the end nobody else is at work, and pictures are read and made smaller side by side."""


def collect(store: Store, drop: str, source: Path | None, out: Path) -> dict[str, Any]:
    """Bring a drop's results home; the report as written by the pipeline, with local paths added."""
    report: dict[str, Any] = store.output.get_json(keys.report_key(drop, "report.json"))
    thumbs = out / "report_files"
    shutil.rmtree(thumbs, ignore_errors=True)
    thumbs.mkdir(parents=True)

    def bring(photo: dict[str, Any]) -> dict[str, Any]:
        _photo(store, drop, photo, out)
        return _sheet_row(store, drop, photo, source, out, thumbs)

    with ThreadPoolExecutor(THREADS) as pool:
        rows = list(pool.map(bring, report["photos"]))
    for name in ("rejected.csv", "manifest.json"):
        (out / name).write_bytes(store.output.get(keys.report_key(drop, name)).body)
    for entry in store.output.list(f"feeds/{drop}/"):
        _fetch(store.output, entry.key, out / "feeds" / entry.key.removeprefix(f"feeds/{drop}/"))
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), "utf-8")
    _contact_sheet(report, rows, out)
    return report


def _stem(photo: dict[str, Any]) -> str:
    number = f"_{photo['n']}" if photo["n"] > 1 else ""
    return f"{photo['sku']}_{photo['view']}{number}"


def _photo(store: Store, drop: str, photo: dict[str, Any], out: Path) -> None:
    photo["exports"] = {
        channel: str(_fetch(store.output, key, out / "exports" / channel / key.rsplit("/", 1)[-1]).relative_to(out))
        for channel, key in photo["exports"].items()
    }
    for kind, name in (("mattes", "matte.png"), ("masters", "master.png")):
        photo[kind.removesuffix("s")] = None
        path = out / kind / f"{_stem(photo)}.png"
        try:
            _fetch(store.work, keys.photo_key(drop, photo["photo_id"], name), path)
        except Missing:
            continue  # rejected at the door, or failed before there was one: its status says so
        photo[kind.removesuffix("s")] = str(path.relative_to(out))


def _fetch(bucket: Bucket, key: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not save_object(bucket.name, key, path):
        path.write_bytes(bucket.get(key).body)
    return path


def _contact_sheet(report: dict[str, Any], rows: list[dict[str, Any]], out: Path) -> None:
    """``report.html``: every photo's source and result with its checks, the doubtful ones first."""
    rows.sort(key=lambda r: ({"failed": 0, "held": 1, "rejected": 2}.get(r["status"], 3), -(r["error_score"] or 0)))
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    html = env.get_template("report.html").render(report=report, rows=rows, charts=charts(rows))
    (out / "report.html").write_text(html, "utf-8")


def _sheet_row(
    store: Store, drop: str, photo: dict[str, Any], source: Path | None, out: Path, thumbs: Path
) -> dict[str, Any]:
    row = dict(photo)
    row["source_thumb"] = (
        _thumb(source / photo["file"], thumbs / f"{photo['photo_id']}_source.jpg", out) if source else None
    )
    first = next(iter(photo["exports"].values()), None)
    result = out / first if first else (out / photo["master"] if photo["master"] else None)
    row["result_thumb"] = _thumb(result, thumbs / f"{photo['photo_id']}_result.jpg", out) if result else None
    row["checks"] = _checks(store, drop, photo)
    return row


def _checks(store: Store, drop: str, photo: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        result = store.work.get_json(keys.photo_key(drop, photo["photo_id"], "measurements.json"))
    except Missing:
        return []
    found = check(result["measurements"], photo["segment"], load_limits(), None)
    return [c.model_dump() for c in sorted(found, key=lambda c: c.passed)]


def _thumb(picture: Path, path: Path, out: Path) -> str | None:
    """A small JPEG on white; None for what cannot be shown (a damaged file was rejected for that)."""
    try:
        with Image.open(picture) as image:
            if image.width * image.height > PNG_BOMB:
                return None
            image.draft("RGB", (THUMB, THUMB))  # a JPEG's decoder leaves out what is not seen so small
            small = ImageOps.exif_transpose(image).convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        white = Image.new("RGB", small.size, "white")
        white.paste(small, mask=small.getchannel("A"))
        small = white
    small.save(path, quality=85)
    return str(path.relative_to(out))


def wants_a_look(photo: dict[str, Any]) -> bool:
    """Whether the photo has a task on the review desk."""
    return bool(photo["sampled"] or photo["altered"] or photo["verdict"] in ("flag", "fail"))


def summary(drop: str, report: dict[str, Any], seconds: float, out: Path) -> dict[str, Any]:
    """The one object that ``--json`` ends with."""
    keep = (
        "file", "sku", "view", "segment", "status", "verdict", "flags", "error_score", "altered", "matte", "exports",
    )  # fmt: skip
    photos = []
    for photo in report["photos"]:
        why = photo["reason"] or {}
        row = {name: photo.get(name) for name in keep}
        row["matte"] = str(out / row["matte"]) if row["matte"] else None
        row["exports"] = {channel: str(out / path) for channel, path in photo["exports"].items()}
        photos.append({**row, "reason": why.get("code"), "message": why.get("message"), "cure": why.get("cure")})
    numbers = report["audit"]
    return {
        "drop": drop,
        **{name: numbers[name] for name in ("dropped", "rejected", "exported", "held", "failed")},
        "flagged": sum(p["verdict"] in ("flag", "fail") for p in report["photos"]),
        "altered": sum(bool(p["altered"]) for p in report["photos"]),
        "balanced": report["balanced"],
        "says": numbers["says"],
        "to_review": sum(wants_a_look(p) for p in report["photos"]),
        "seconds": round(seconds, 2),
        "out": str(out),
        "photos": photos,
    }


def rejections(out: Path) -> Iterator[dict[str, str]]:
    """The rows of ``rejected.csv``."""
    yield from csv.DictReader(io.StringIO((out / "rejected.csv").read_text("utf-8-sig")))
