"""Measure the ranges that the accurate network is quantised with: `python -m bench.calibrate --photos DIR --out FILE`.

The network runs in single precision over the photos, as the pipeline shows them to it, and the least and largest
value of every tensor is kept, a mean over the photos. `--published` is the file as published (`models pull` says where
it comes from); a new file of ranges makes another network, so its hash in the registry changes too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.calibrate import create_calibrator

from packshot.imaging import quantise
from packshot.imaging.decode import ImageRefused, decode
from packshot.imaging.light import F32
from packshot.imaging.networks import for_isnet

SIZES = (704,)
DIGITS = 5


class Photos(CalibrationDataReader):  # type: ignore[misc]
    """The photos of a folder as the network sees them."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._seen = self._looks(sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".png")))

    def _looks(self, paths: list[Path]) -> Iterator[F32]:
        for path in paths:
            try:
                rgb = decode(path.read_bytes()).rgb
            except ImageRefused as refused:
                print(f"{path.name} is left out: {refused}")
                continue
            for size in SIZES:
                yield for_isnet(rgb, size)

    def get_next(self) -> dict[str, F32] | None:
        """The next input by the graph's name of it, None at the end."""
        batch = next(self._seen, None)
        return None if batch is None else {self._name: batch}


def measure(published: Path, photos: Path) -> dict[str, list[float]]:
    """Least and largest value of every tensor, to five digits."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.onnx")
        model = quantise.free(onnx.load(published))
        onnx.save(model, plain)
        calibrator = create_calibrator(
            plain,
            augmented_model_path=str(Path(folder, "augmented.onnx")),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"moving_average": True},
        )
        calibrator.collect_data(Photos(photos, model.graph.input[0].name))
        found: Any = calibrator.compute_data()
    return {name: [_rounded(side) for side in found[name].range_value] for name in sorted(found.keys())}


def _rounded(value: Any) -> float:
    return float(f"{float(np.asarray(value).item()):.{DIGITS}g}")


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate", description=__doc__)
    parser.add_argument("--published", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    found = measure(asked.published, asked.photos)
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(pair)}" for name, pair in found.items())
    asked.out.write_text("{\n" + rows + "\n}\n", "utf-8")
    print(f"{asked.out}: {len(found)} tensors")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
