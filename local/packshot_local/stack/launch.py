"""How a worker's process comes to be: forked from a server that has imported much already, or started afresh."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from moto.core.models import DEFAULT_ACCOUNT_ID

from .forks import ForkServer
from .records import FunctionSpec

log = logging.getLogger(__name__)

ACCESS_KEY = SECRET_KEY = "local"  # noqa: S105 - moto wants some, and takes any
READ_ONCE = frozenset({
    "AWS_CONFIG_FILE", "AWS_DATA_PATH", "AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
})  # fmt: skip
"""What boto3's session, which forks have in common, reads but once; AWS's others are not a function's to set."""
START_FILES = ("sitecustomize", "usercustomize")
KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""How numpy's BLAS multiplies, where the machine says so: another way rounds a pixel of a million otherwise."""


class Process(Protocol):
    """What a worker needs of its process; `subprocess.Popen` has it."""

    pid: int
    returncode: int | None

    @property
    def stdout(self) -> IO[bytes] | None:
        """All that the process writes."""

    def poll(self) -> int | None:
        """How it ended, None while it runs."""

    def wait(self) -> int:
        """Wait for the end."""

    def __enter__(self) -> object:
        """Itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its pipes and wait for its end."""


class Launcher:
    """Starts the processes of all functions under `base_env`.

    `modules` are imported once, before any function is asked for, where processes can be forked after such imports:
    on Linux. They may lie in `layers`, too, the folders that functions have in common. They see `base_env` alone, not
    a function's own variables. A function that finds another of these modules in its own folders, or a file that an
    interpreter runs when it starts, and one with PYTHON* variables or any of `READ_ONCE`, gets a fresh interpreter,
    and so does everyone when the fork server fails.
    """

    def __init__(self, base_env: Mapping[str, str], modules: Sequence[str] = (), layers: Sequence[Path] = ()) -> None:
        self._base_env = dict(base_env)
        shared = [str(folder) for folder in layers]
        self._imported = {top: _origin(top, shared) for top in {name.split(".")[0] for name in modules}}
        self.forks: ForkServer | None = None
        if sys.platform == "linux":
            # Libraries that look for a task root while they are imported see that this is Lambda, whichever it is.
            task_root = str(Path(__file__).parent)
            self.forks = ForkServer({**base_env, "LAMBDA_TASK_ROOT": task_root, "PYTHONPATH": ""}, modules, shared)

    def start(self, spec: FunctionSpec, name: str, api: str, *, warm: bool = False) -> Process:
        """Start a worker called `name`, which takes its events from `api`; `warm`: before there is any."""
        path = [str(folder) for folder in (spec.task_root, *spec.python_paths)]
        env = {**self._base_env, **spec.env, **_lambda_environment(spec, name), "AWS_LAMBDA_RUNTIME_API": api}
        env["AWS_LAMBDA_INITIALIZATION_TYPE"] = "provisioned-concurrency" if warm else "on-demand"
        env |= {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(path)}
        if self.forks is not None and not self._wants_its_own(spec, path):
            try:
                return self.forks.start(spec.handler, spec.task_root, env, path)
            except OSError as error:
                log.warning("%s gets a fresh interpreter, as it could not be forked: %s", spec.logical_id, error)
        return subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-P", str(Path(__file__).with_name("worker_main.py")), spec.handler],
            cwd=spec.task_root,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wants_its_own(self, spec: FunctionSpec, path: list[str]) -> bool:
        if any(name.startswith("PYTHON") or name in READ_ONCE for name in spec.env):
            return True
        if any(_origin(name, path) for name in START_FILES):
            return True
        return any(_origin(name, path) not in (None, origin) for name, origin in self._imported.items())

    def close(self) -> None:
        """End the fork server."""
        if self.forks is not None:
            self.forks.close()


def _origin(module: str, path: list[str]) -> str | None:
    """The file of a module that lies in one of these folders."""
    spec = PathFinder.find_spec(module, path)
    return spec.origin if spec else None


def base_environment(endpoint: str, region: str, tmp: Path) -> dict[str, str]:
    """What all functions of a stack see: AWS at `endpoint`, their /tmp, and how this machine multiplies."""
    kernels = {name: os.environ[name] for name in KERNELS if name in os.environ}
    return kernels | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", tempfile.gettempdir()),
        "LANG": "C.UTF-8",
        "TMPDIR": str(tmp),
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_SDK_ENABLED": "false",
        "POWERTOOLS_TRACE_DISABLED": "1",
    }


def _lambda_environment(spec: FunctionSpec, name: str) -> dict[str, str]:
    return {
        "_HANDLER": spec.handler,
        "LAMBDA_TASK_ROOT": str(spec.task_root),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{name}",
        "AWS_SDK_UA_APP_ID": f"{spec.logical_id[:41]}-{name}",  # 50 characters at most
    }
