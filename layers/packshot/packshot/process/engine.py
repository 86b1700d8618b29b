"""What the results were made with: recorded on each, and part of what decides whether one is made again."""

from __future__ import annotations

import onnxruntime

from packshot.imaging import models, refiner


def engine(provider: str) -> dict[str, str]:
    """Runtime, provider and the SHA-256 of every model in the registry and of the refiner."""
    return {
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "provider": provider,
        **{name: spec.sha256 for name, spec in models.registry().items()},
        "refiner": refiner.sha256(),
    }
