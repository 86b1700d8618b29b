"""Cold start: only the functions that work on pixels load the libraries for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("cv2", "onnxruntime", "scipy", "skimage")
PIXELS = {"process", "export", "preview"}
FILES = sorted(path for path in (ROOT / "functions").glob("*/*.py"))
LOOK = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("app", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(file: Path) -> set[str]:
    """The top-level packages in memory once a function's module is imported, in a process of its own."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(file.parent), str(ROOT / "layers" / "packshot")]),
        "POWERTOOLS_TRACE_DISABLED": "1", "POWERTOOLS_METRICS_NAMESPACE": "test", "AWS_DEFAULT_REGION": "eu-central-1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(file)], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_function_loads_no_library_that_it_does_not_need(file: Path) -> None:
    found = loaded(file)
    assert "packshot" in found
    if file.parent.name in PIXELS:
        assert "cv2" in found, "the list of functions that work on pixels is out of date"
    else:
        assert found & set(HEAVY) == set()
