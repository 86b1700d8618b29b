"""Where this checkout's parts lie, and the stack that runs them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from packshot.settings import StoreSettings
from packshot.store import Store
from packshot_local.stack import LogLine, Stack, StackError
from packshot_local.stack.http_api import HttpApi

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
LAYER = ROOT / "layers" / "packshot"
WEB = ROOT / "web"
SAMPLES = ROOT / "samples"

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

RESOURCES = {
    "incoming_bucket": "IncomingBucket",
    "work_bucket": "WorkBucket",
    "output_bucket": "OutputBucket",
    "drops_table": "DropsTable",
    "photos_table": "PhotosTable",
    "lots_table": "LotsTable",
    "tasks_table": "TasksTable",
    "profiles_table": "ProfilesTable",
    "state_machine_arn": "DropStateMachine",
    "intake_queue_url": "IntakeQueue",
    "close_queue_url": "CloseQueue",
    "failed_queue_url": "FailedPhotos",
    "topic_arn": "OperatorsTopic",
}


def open_stack(
    *,
    parameters: dict[str, str],
    workers: int,
    models: Path,
    state: Path | None = None,
    on_log: Callable[[LogLine], None] | None = None,
    log_file: Path | None = None,
) -> Stack:
    """This project's template on this machine; ``workers`` processes for process and for export each.

    Cores are shared out: each process worker runs its networks on one thread, so that two workers fill two
    cores without waiting for each other.
    """
    env = {
        "PACKSHOT_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENCV_FOR_THREADS_NUM": "1",
        # glibc gives large arrays back to the system and gets them again page by page; kept, a photo's export takes a
        # fifth less time. The first is what glibc arrives at by itself, so larger ones are given back as before.
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
        "PACKSHOT_MODELS": str(models),
        "PACKSHOT_CHANNELS": str(ROOT / "channels"),
        "PACKSHOT_SCENES": str(ROOT / "scenes"),
    }
    return Stack(
        TEMPLATE,
        python_paths=[LAYER],
        parameters=parameters,
        state=state,
        process_workers=workers,
        env=env,
        preload=PRELOAD,
        on_log=on_log,
        log_file=log_file,
    )


def require_free(port: int) -> None:
    """Raises StackError when somebody else answers on this port: better said before the stack is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"Port {port} cannot be had ({error.strerror}). Choose another with --port; 0 is any."
            ) from error


def open_desk(stack: Stack, port: int = 0) -> HttpApi:
    """The review desk in front of a running stack.

    The buckets then take what the page sends: its address, the template's ``PageUrl``, is known only now.
    """
    api = HttpApi(stack.routes, stack.invoke, s3_endpoint=stack.endpoint, web=WEB, port=port)
    s3 = stack.client("s3")
    for bucket in map(stack.physical, ("IncomingBucket", "WorkBucket")):
        rules = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
        for rule in rules:
            rule["AllowedOrigins"] = [api.url, api.url.replace("127.0.0.1", "localhost")]
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    return api


def store_of(stack: Stack) -> Store:
    """The store of a running stack, with everything in it."""
    names = {field: stack.physical(resource) for field, resource in RESOURCES.items()}
    return Store(StoreSettings(**names, event_bus="default"), stack.client)
