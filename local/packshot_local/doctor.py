"""``packshot doctor``: what is wrong with this installation, in sentences, with the cure."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packshot.imaging import models
from packshot_local.project import LAYER, ROOT, TEMPLATE

LEAST_DISK = 2 << 30
LEAST_MEMORY = 3 << 30
NEEDED = ("moto", "samtranslator", "awslambdaric", "onnxruntime", "cv2", "PIL", "aws_lambda_powertools", "pydantic")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, or wrong with a cure."""

    name: str
    fine: bool
    says: str
    cure: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything that commonly goes wrong; one finding each."""
    for name, look in EXAMINATIONS.items():
        try:
            yield look()
        except Exception as error:  # noqa: BLE001 - a broken part is the finding, whatever breaks
            yield Finding(name, False, f"{type(error).__name__}: {error}", "Read the message; reinstall if unsure.")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), f"Python {version}", "Use Python 3.11 or newer.")


def _packages() -> Finding:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    says = f"missing: {', '.join(missing)}" if missing else f"{len(NEEDED)} libraries are here"
    return Finding("packages", not missing, says, "Run make run once more, or pip install -r requirements.lock.")


def _checkout() -> Finding:
    missing = [str(p.relative_to(ROOT)) for p in (TEMPLATE, LAYER, ROOT / "functions") if not p.exists()]
    says = f"missing: {', '.join(missing)}" if missing else f"complete, at {ROOT}"
    return Finding("checkout", not missing, says, "Run packshot from a full checkout of the project.")


def _models() -> Finding:
    folder = models.models_dir()
    for name in ("u2netp", "isnet"):
        try:
            models.verify(name, folder)
        except models.ModelError as error:
            return Finding("models", False, str(error), "Run packshot models pull.")
    return Finding("models", True, f"u2netp and isnet are sound, in {folder}")


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0))
    says = f"{cores} cores; --workers {cores} uses them"
    return Finding("cores", cores >= 2, says, "It works with one core, at half the pace: give --workers 1.")


def _memory() -> Finding:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cure = "Give --workers 1, or use a machine with more memory."
    return Finding("memory", memory >= LEAST_MEMORY, f"{memory / 2**30:.1f} GB", cure)


def _disk() -> Finding:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    cure = f"Free some space below {tempfile.gettempdir()}, or set TMPDIR to another disk."
    return Finding("disk", free >= LEAST_DISK, f"{free / 2**30:.1f} GB free for temporary files", cure)


def _loopback() -> Finding:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    proxy = next((v for v in ("HTTP_PROXY", "http_proxy") if os.environ.get(v)), "")
    passed = "127.0.0.1" in os.environ.get("NO_PROXY", os.environ.get("no_proxy", ""))
    fine = not proxy or passed
    says = f"ports can be opened (tried {port})" if fine else f"{proxy} is set and would catch local calls"
    return Finding("loopback", fine, says, "Set NO_PROXY=127.0.0.1,localhost.")


def _rules() -> Finding:
    from packshot.export import channels  # here, as the other commands have this module, too
    from packshot.plan.segments import segments
    from packshot.reasons import rules

    known = channels.load()
    says = f"{len(known)} channels, {len(segments())} segments, {len(rules())} reason codes are valid"
    return Finding("rules", bool(known), says, "Mend the YAML file that the message names.")


def _file_limit() -> Finding:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Finding("open files", soft >= 512, f"limit {soft}", "Raise it: ulimit -n 4096.")


def _writable() -> Finding:
    folder = Path.cwd()
    fine = os.access(folder, os.W_OK)
    return Finding("output", fine, f"{folder} is {'' if fine else 'not '}writable", "Give --out a folder of your own.")


EXAMINATIONS: dict[str, Callable[[], Finding]] = {
    "python": _python,
    "packages": _packages,
    "checkout": _checkout,
    "models": _models,
    "rules": _rules,
    "cores": _cores,
    "memory": _memory,
    "disk": _disk,
    "open files": _file_limit,
    "loopback": _loopback,
    "output": _writable,
}
