"""The two segmentation networks, loaded once a process and asked for their matte alone.

`u2netp` is coarse, `isnet` fine. Both give raw sigmoid values: nothing is stretched to fill
0..1, so that a photo without a product stays empty.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from packshot.imaging import models, refiner
from packshot.imaging.light import F32, U8

if TYPE_CHECKING:
    import onnxruntime

Provider = Literal["cpu", "openvino"]

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)
STEP = 64
"""IS-Net halves its input six times: height and width must be multiples of this."""

UNWANTED = {"isnet": ["NchwcTransformer"]}
"""In 8 bits only two layers would gain from blocked channels, and lose it again on the way there and back."""


class Networks:
    """Sessions of the networks, opened when first needed and kept.

    `folder` holds the weights (default `models.models_dir()`), `threads` is the number of cores to use (default:
    those this process may run on), `provider` is "cpu" or "openvino" (needs the onnxruntime-openvino package).
    Methods raise `models.ModelError` when weights are missing or damaged.
    """

    def __init__(self, folder: Path | None = None, threads: int | None = None, provider: Provider = "cpu") -> None:
        self._folder = folder or models.models_dir()
        self._threads = threads or len(os.sched_getaffinity(0))
        self._provider = provider
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._lock = Lock()

    def open(self) -> None:
        """Open the sessions that every photo needs now, and not when the first one comes."""
        for name in ("isnet", "refiner"):
            self._session(name)

    def u2netp(self, rgb: U8) -> F32:
        """Coarse matte of a uint8 HxWx3 sRGB photo: float32 320x320, 0..1, of the photo stretched to a square."""
        size = models.spec("u2netp").input_size
        small = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
        small /= max(float(small.max()), 1.0)
        return _matte(self.run("u2netp", _batch((small - IMAGENET_MEAN) / IMAGENET_STD)))

    def isnet(self, rgb: U8, size: int = 1024) -> F32:
        """Fine matte of a uint8 HxWx3 sRGB photo or crop: float32 h x w, 0..1.

        `size` is the long side in pixels that the network sees; the short side follows the photo's shape, both
        rounded to multiples of 64 and at least 256. The answer has the network's size, not the photo's.
        """
        return _matte(self.run("isnet", for_isnet(rgb, size)))

    def settle(self, features: F32) -> F32:
        """The refiner's alphas, 1 x 4 x n x m, for its features 1 x 27 x n x m (see `refiner.stack`)."""
        return self.run("refiner", features)

    def run(self, name: str, batch: F32) -> F32:
        """The first output of a network for its input, both N x channels x h x w."""
        session = self._session(name)
        first = session.get_outputs()[0].name
        answer: F32 = session.run([first], {session.get_inputs()[0].name: batch}, _giving_back())[0]
        return answer

    def _session(self, name: str) -> onnxruntime.InferenceSession:
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = self._open(name)
            return self._sessions[name]

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        import onnxruntime  # here, so that the module can be read without the runtime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            self._weights(name), options, providers=self._providers(onnxruntime), disabled_optimizers=UNWANTED.get(name)
        )

    def _weights(self, name: str) -> bytes:
        if name == "refiner":  # our own, small, shipped with the code
            return refiner.weights()
        models.verify(name, self._folder)
        return (self._folder / models.spec(name).file).read_bytes()

    def _providers(self, runtime: Any) -> list[Any]:
        if self._provider == "cpu":
            return ["CPUExecutionProvider"]
        if "OpenVINOExecutionProvider" not in runtime.get_available_providers():
            raise models.ModelError("provider openvino needs the package onnxruntime-openvino in place of onnxruntime")
        return [("OpenVINOExecutionProvider", {"device_type": "CPU", "num_of_threads": self._threads})]


def _giving_back() -> onnxruntime.RunOptions:
    """Options of one run that give its working memory back after it.

    Kept, the memory of the largest size met (0.9 GB for IS-Net at 1024) would lie idle beside the photo's own arrays;
    asking for it anew costs about 5 % of the run.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def for_isnet(rgb: U8, size: int) -> F32:
    """What IS-Net sees of a uint8 HxWx3 sRGB photo at a long side of `size`: float32 1 x 3 x h x w, -0.5..0.5."""
    small = cv2.resize(rgb, _network_shape(rgb.shape[0], rgb.shape[1], size), interpolation=cv2.INTER_AREA)
    return _batch(small.astype(np.float32) / 255 - 0.5)


def _matte(answer: F32) -> F32:
    """The h x w of an answer 1 x 1 x h x w."""
    return answer.reshape(answer.shape[2:])


def _batch(image: F32) -> F32:
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def _network_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """(width, height) that the network sees for a photo of this shape, long side `size`."""
    scale = size / max(height, width)

    def fit(side: int) -> int:
        return max(4 * STEP, round(side * scale / STEP) * STEP)

    return fit(width), fit(height)
