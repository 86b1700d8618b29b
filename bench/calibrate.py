"""Measure the ranges that a network is quantised with, by looking at photos as the pipeline does.

    python -m bench.calibrate --published FILE --tuning FILE --photos DIR --out isnet.ranges.json
    python -m bench.calibrate --refiner FILE --photos DIR --out refiner.onnx

The first is for the accurate network as it was published (`models pull` says where it comes from) and tuned since
(`bench.train_isnet`): the least and largest value of every tensor, a mean over the photos, from which every machine
builds the same network. New ranges make another network, so its hash in the registry changes too. The second is for the
refiner, which is small and shipped as it runs: in 8 bits, from the weights that `bench.train_refiner` wrote.
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
from onnx import ModelProto
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.calibrate import create_calibrator

from packshot.imaging import quantise
from packshot.imaging.cutout import Settings, find_matte
from packshot.imaging.decode import ImageRefused, decode
from packshot.imaging.light import F32, U8
from packshot.imaging.networks import Networks, for_isnet

SIZE = 704
DIGITS = 5


class Photos(CalibrationDataReader):  # type: ignore[misc]
    """Inputs of a network, by the graph's name of them."""

    def __init__(self, name: str, inputs: Iterator[F32]) -> None:
        self._name, self._inputs = name, inputs

    def get_next(self) -> dict[str, F32] | None:
        """The next input, None at the end."""
        batch = next(self._inputs, None)
        return None if batch is None else {self._name: batch}


def pictures(folder: Path) -> Iterator[U8]:
    """The photos of a folder, uint8 HxWx3; those that intake would refuse are left out, and said."""
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".png")):
        try:
            yield decode(path.read_bytes()).rgb
        except ImageRefused as refused:
            print(f"{path.name} is left out: {refused}")


class Listening(Networks):
    """The networks; what the refiner is shown is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[F32] = []

    def settle(self, features: F32) -> F32:
        """The refiner's answer to its features, which are kept."""
        self.heard.append(features)
        return super().settle(features)


def tiles(folder: Path) -> Iterator[F32]:
    """What the refiner is shown of the photos of a folder."""
    networks = Listening()
    for rgb in pictures(folder):
        find_matte(rgb, "general", Settings(), networks)
        yield from networks.heard
        networks.heard.clear()


def measure(model: ModelProto, inputs: Iterator[F32], mean: bool) -> quantise.Ranges:
    """Least and largest value of every tensor, to five digits: of all inputs, or a mean over them."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.onnx")
        onnx.save(model, plain)
        calibrator = create_calibrator(
            plain,
            augmented_model_path=str(Path(folder, "augmented.onnx")),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"moving_average": mean},
        )
        calibrator.collect_data(Photos(model.graph.input[0].name, inputs))
        found: Any = calibrator.compute_data()
    ranges = {name: found[name].range_value for name in sorted(found.keys())}
    return {name: (_rounded(low), _rounded(high)) for name, (low, high) in ranges.items()}


def refiner(trained: Path, photos: Path, target: Path) -> None:
    """Write the refiner in 8 bits."""
    model = onnx.load(trained)
    kinds = ["AveragePool", "Concat", "Conv", "Relu", "Resize"]
    onnx.save(quantise.in_eight_bits(model, measure(model, tiles(photos), mean=False), kinds), target)
    print(f"{target}: {target.stat().st_size:,} bytes")


def isnet(published: Path, learnt: Path, photos: Path, target: Path) -> None:
    """Write the ranges of the accurate network."""
    inputs = (for_isnet(rgb, SIZE) for rgb in pictures(photos))
    model = quantise.tuned(quantise.free(onnx.load(published)), quantise.tuning(learnt))
    found = measure(model, inputs, mean=True)
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(pair)}" for name, pair in found.items())
    target.write_text("{\n" + rows + "\n}\n", "utf-8")
    print(f"{target}: {len(found)} tensors")


def _rounded(value: Any) -> float:
    return float(f"{float(np.asarray(value).item()):.{DIGITS}g}")


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the file asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--published", type=Path, help="the accurate network")
    network.add_argument("--refiner", type=Path, help="the refiner as it was trained")
    parser.add_argument("--tuning", type=Path, help="what the accurate network has learnt since")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    if asked.refiner:
        refiner(asked.refiner, asked.photos, asked.out)
    elif asked.tuning:
        isnet(asked.published, asked.tuning, asked.photos, asked.out)
    else:
        parser.error("--published needs --tuning")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
