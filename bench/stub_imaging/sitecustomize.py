"""Imaging that takes a fixed time and looks at nothing: what ``python -m bench overhead`` lays over the functions.

Python imports a module of this name when it starts. The bench puts this folder on the functions' path; nothing in
the functions or the layer knows of it. Arrays are small, files are of the size that the environment says.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import os
import sys
import time
from dataclasses import replace
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any

SECONDS = float(os.environ.get("BENCH_IMAGING_SECONDS", "0.005"))
RESULT_BYTES = int(os.environ.get("BENCH_RESULT_BYTES", "1000"))
SIDE = 16


def _intake(module: ModuleType) -> None:
    import numpy as np

    from packshot.imaging.decode import Decoded
    from packshot.records import Preflight

    pixels = np.full((SIDE, SIDE, 3), 200, np.uint8)
    seen = Preflight(
        background_evenness=1, background_colour=(200, 200, 200), contrast=40, specular=0, transparency=0, texture=0,
        sharpness=300, clipped=0, colour_family="grey", touches_frame=False, suggested_segment="general",
    )  # fmt: skip

    def decode_preview(*_: Any) -> Decoded:
        time.sleep(SECONDS)
        return Decoded(pixels, None, "JPEG", "RGB", (2400, 2400), True, {"Make": "Canon", "ISOSpeedRatings": 100}, [])

    module.decode_preview = decode_preview  # type: ignore[attr-defined]
    module.measure = lambda _: seen  # type: ignore[attr-defined]
    module.checks.fault = lambda _: None


def _process(module: ModuleType) -> None:
    import numpy as np

    from packshot.imaging.cutout import CutOut, RawMatte
    from packshot.imaging.decode import Decoded

    grey = np.full((SIDE, SIDE), 255, np.uint8)
    colour = np.full((SIDE, SIDE, 4), 255, np.uint8)
    numbers = {"coverage": 0.4, "certainty": 1.0}

    def find_matte(*_: Any) -> RawMatte:
        time.sleep(SECONDS)
        return RawMatte(grey, "fast")

    module.decode = lambda *_: Decoded(colour[:, :, :3], None, "JPEG", "RGB", (SIDE, SIDE), True)  # type: ignore[attr-defined]
    module.find_matte = find_matte  # type: ignore[attr-defined]
    module.finish = lambda *_: CutOut(colour, grey, grey, False, {}, [])  # type: ignore[attr-defined]
    module.measure = lambda *_: numbers  # type: ignore[attr-defined]
    module._quick_verdict = lambda *_: "pass"  # type: ignore[attr-defined]


def _checkpoint(module: ModuleType) -> None:
    encode = module.encode_png

    def padded(image: Any) -> bytes:
        return bytes(encode(image)) + b"\0" * RESULT_BYTES

    module.encode_png = padded  # type: ignore[attr-defined]


def _export(module: ModuleType) -> None:
    from packshot.export.exported import Exported
    from packshot.export.words import Words

    def export_photo(_master: Any, _shadow: Any, meta: Any, channels: list[str], **_: Any) -> list[Exported]:
        time.sleep(SECONDS)
        data = f"{meta.sku}_{meta.view}_{meta.n}".encode().ljust(RESULT_BYTES, b"\0")
        words = Words(title=meta.sku, alt_text=meta.sku, description="", keywords=[])
        name, sha = f"{meta.sku}_{meta.view}_{meta.n}.jpg", hashlib.sha256(data).hexdigest()
        done = Exported("", name, data, "image/jpeg", 2000, 2000, len(data), 1, 0, [], None, words, "x", sha)
        return [replace(done, channel=channel) for channel in channels]

    module.export_photo = export_photo  # type: ignore[attr-defined]


CHANGES = {
    "packshot.intake.receive": _intake,
    "packshot.process.stage": _process,
    "packshot.process.checkpoint": _checkpoint,
    "packshot.export.chunk": _export,
}


class _Changing(Loader):
    def __init__(self, loader: Loader, change: Any) -> None:
        self.loader, self.change = loader, change

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        self.change(module)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            raise ImportError(f"{name} is not where the bench looks for it")
        spec.loader = _Changing(spec.loader, CHANGES[name])
        return spec


sys.meta_path.insert(0, _Finder())
