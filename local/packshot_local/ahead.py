"""What a command can begin before it has imported the stack: the process that workers are forked from.

Its imports take as long as the command's own, and another core; so it is begun first of all, and nothing here imports
more than the standard library.
"""

from __future__ import annotations

import sys
from pathlib import Path

from packshot_local.forks import ForkServer, environment

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "layers" / "packshot"
REGION = "eu-central-1"
COMMANDS = ("run", "up")
"""Those that start workers as soon as they can."""

PRELOAD = (
    "boto3.dynamodb.types", "boto3.s3.transfer", "aws_lambda_powertools", "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes.sqs_event", "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser", "aws_lambda_powertools.event_handler", "aws_xray_sdk.core",
    "pydantic.main", "pydantic.types", "pydantic.root_model", "pydantic.type_adapter", "yaml", "defusedxml.ElementTree",
    "numpy.random", "cv2", "PIL.ImageCms", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "scipy.sparse.linalg",
    "skimage.color.colorconv", "skimage.color.delta_e",
    "packshot.store", "packshot.intake.receive", "packshot.intake.close", "packshot.plan.stage",
    "packshot.quality.stage", "packshot.review.gate", "packshot.settle", "packshot.imaging.cutout",
    "packshot.imaging.measure", "packshot.export.press", "packshot.export.stage", "packshot.report.feeds",
    "packshot.learning.stage",
)  # fmt: skip
"""What the functions import of other people's packages and of the layer. Not onnxruntime, which starts a thread as it
is imported, nor a module with a logger of its own, which would not know its function's."""
ENVIRONMENT = {
    # Cores are shared out: each process worker runs its networks on one thread, so that two workers fill two cores
    # without waiting for each other.
    "PACKSHOT_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    # glibc gives large arrays back to the system and gets them again page by page; kept, a photo's export takes a
    # fifth less time. The first is what glibc arrives at by itself, so larger ones are given back as before.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""What all functions see on this machine."""

_begun: list[ForkServer] = []


def begin(arguments: list[str]) -> None:
    """Begin the fork server where this command line will want it. It ends with this process at the latest."""
    if sys.platform == "linux" and arguments[:1] and arguments[0] in COMMANDS and "--help" not in arguments:
        _begun.append(ForkServer({**environment(REGION), **ENVIRONMENT}, PRELOAD, [str(LAYER)]))


def begun() -> ForkServer | None:
    """The server that was begun, for the first stack that asks."""
    return _begun.pop() if _begun else None
