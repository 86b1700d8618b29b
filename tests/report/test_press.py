"""What a deployment may switch on: words of a model, another language, signed files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from certificates import PEM, chain_of
from cloud import Cloud
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

from packshot import keys
from packshot.export import provenance
from packshot.export.bedrock import TOOL
from packshot.export.chunk import ExportChunk, export_chunk
from packshot.export.press import Press
from packshot.settings import ExportSettings
from packshot.store import Store
from report.planned import Bench

SAID = {"alt_text": "Blue box, front view.", "description": "A plain blue box from the front.", "keywords": ["box"]}


class Model:
    """A ``bedrock-runtime`` client that always says the same."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer, self.asked = answer, []  # type: ignore[var-annotated]

    def converse(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request["modelId"])
        content = [{"toolUse": {"toolUseId": "1", "name": TOOL, "input": self.answer}}]
        return {"output": {"message": {"content": content}}, "usage": {"inputTokens": 1000, "outputTokens": 100}}


def store_with(cloud: Cloud, extra: dict[str, Any], **names: str) -> Store:
    """The cloud's store, given these names and clients as well."""
    clients = {**cloud.clients, **extra}
    return Store(cloud.store.settings.model_copy(update=names), clients.__getitem__)


def sheets(store: Store) -> list[dict[str, Any]]:
    found = [json.loads(store.output.get(entry.key).body) for entry in store.output.list("sheets/d/")]
    return [export for sheet in found for export in sheet["exports"]]


@pytest.fixture
def bench(cloud: Cloud) -> Bench:
    return Bench(cloud)


def export(bench: Bench, store: Store, settings: ExportSettings) -> Press:
    press = Press.of(settings, store)
    done = export_chunk(store, press, ExportChunk(drop="d", lot=bench.lot, chunk=0), lambda: 600.0)
    assert done.exported == 2
    return press


def test_by_default_nobody_is_asked_and_nothing_is_signed(bench: Bench) -> None:
    press = Press.of(ExportSettings(), bench.store)
    assert (press.channels, press.language, press.key) == (["amazon", "shopify", "google"], "en", None)
    assert press.signer(press.origin(bench.store, bench.photos[0], shadow=True)) is None


def test_a_models_words_are_used_until_the_calls_budget_is_spent(bench: Bench) -> None:
    model = Model(SAID)
    store = store_with(bench.cloud, {"bedrock-runtime": model}, words_model="arn:some:model")
    press = export(bench, store, ExportSettings(export_channels="google", words_usd=0.018))
    assert model.asked == ["arn:some:model"]
    assert sorted(e["words"]["provider"] for e in sheets(store)) == ["bedrock:arn:some:model", "catalogue"]
    assert SAID["alt_text"] in {e["words"]["alt_text"] for e in sheets(store)}
    assert len(press.misses) == 1 and "cap" in press.misses[0]


def test_words_come_in_the_language_that_was_asked_for(bench: Bench) -> None:
    export(bench, bench.store, ExportSettings(export_channels="google", language="de"))
    assert all(e["words"]["alt_text"].endswith("Vorderansicht.") for e in sheets(bench.store))


def kept_in_a_file(tmp_path: Path, cloud: Cloud) -> tuple[Store, ExportSettings]:
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain = chain_of(key.public_key()).replace("\n", "\\n")  # as one line of a parameter
    return cloud.store, ExportSettings(export_channels="google", c2pa_chain=chain, c2pa_key_file=str(path))


class Kms:
    """KMS as its documentation has it: the key stays inside, a digest comes in, a DER signature goes out.

    (moto hashes a digest once more, so its signatures of digests fit no data.)
    """

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, *, KeyId: str, Message: bytes, MessageType: str, SigningAlgorithm: str) -> dict[str, bytes]:
        assert (KeyId, MessageType, SigningAlgorithm) == ("arn:of:key", "DIGEST", "ECDSA_SHA_256")
        return {"Signature": self.key.sign(Message, ec.ECDSA(Prehashed(hashes.SHA256())))}


def kept_in_kms(_: Path, cloud: Cloud) -> tuple[Store, ExportSettings]:
    kms = Kms()
    settings = ExportSettings(export_channels="google", c2pa_chain=chain_of(kms.key.public_key()))
    return store_with(cloud, {"kms": kms}, signing_key="arn:of:key"), settings


@pytest.mark.parametrize("kept", [kept_in_a_file, kept_in_kms])
def test_files_are_signed_with_the_dropped_photo_as_their_parent(kept: Any, bench: Bench, tmp_path: Path) -> None:
    pytest.importorskip("c2pa", reason="c2pa-python is optional and not installed")
    dropped = bench.photos[0]
    for photo in bench.photos:
        master = bench.store.work.get(keys.photo_key("d", photo.photo_id, "master.png")).body
        bench.store.incoming.put(photo.key, master, "image/png")  # any picture will do for the photo
    store, settings = kept(tmp_path, bench.cloud)
    export(bench, store, settings)
    file = store.output.get(bench.now(0).exports["google"]).body
    told = provenance.read(file, "image/jpeg")
    faults = {one["code"] for one in told["validation_results"]["activeManifest"]["failure"]}
    assert faults == {"signingCredential.untrusted"}  # the test's root is in nobody's list; all else holds
    manifest = told["manifests"][told["active_manifest"]]
    assert [(one["title"], one["relationship"]) for one in manifest["ingredients"]] == [(dropped.file, "parentOf")]
    assert next(e["sha256"] for e in sheets(store) if e["name"] == manifest["title"])
