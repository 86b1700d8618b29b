"""C2PA: signed with a throw-away key, verified by the library's reader; tampering is noticed."""

from __future__ import annotations

import io

import pytest
from certificates import PEM, chain_of
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from pots import ON

from packshot.export import inspection, provenance
from packshot.export.stage import export_photo

pytest.importorskip("c2pa", reason="c2pa-python is optional and not installed")


@pytest.fixture(scope="module")
def leaf():
    key = ec.generate_private_key(ec.SECP256R1())
    return chain_of(key.public_key()), key


@pytest.fixture
def origin(master):
    out = io.BytesIO()
    Image.fromarray(master[..., :3]).save(out, "JPEG")
    return provenance.Origin(out.getvalue(), "image/jpeg", "POT-01_front.jpg", altered=True, shadow="contact")


def failures(store):
    found = store.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    return {item["code"] for item in found} - {"signingCredential.untrusted"}  # our root is in nobody's list


def from_file(leaf, tmp_path):
    chain, key = leaf
    pem = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return provenance.Key(chain, private=pem.decode("ascii"))


def from_callback(leaf, tmp_path):
    """As KMS: it keeps the key and answers with a DER signature."""
    chain, key = leaf
    return provenance.Key(
        chain, callback=lambda data: provenance.kms_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    )


@pytest.mark.parametrize("make_key", [from_file, from_callback])
@pytest.mark.parametrize("channel", ["shopify", "woocommerce", "archive"])
def test_a_signed_file_verifies_and_keeps_pixels_and_metadata(make_key, channel, leaf, tmp_path, origin, master, meta):
    key = make_key(leaf, tmp_path)
    plain = export_photo(master, None, meta(), [channel], ON)[0]
    done = export_photo(master, None, meta(), [channel], ON, sign=provenance.signer(origin, key))[0]
    assert done.held is None
    assert done.sha256 != plain.sha256
    store = provenance.read(done.data, done.content_type)
    assert failures(store) == set()
    manifest = store["manifests"][store["active_manifest"]]
    assert manifest["ingredients"][0]["title"] == "POT-01_front.jpg"
    assert manifest["ingredients"][0]["relationship"] == "parentOf"
    listed = next(a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))["data"]["actions"]
    assert next(a["action"] for a in listed) == "c2pa.opened"
    assert any("inside of the garment" in a.get("description", "") for a in listed)
    before, after = inspection.read(plain.data), inspection.read(done.data)
    assert (before.rgb == after.rgb).all()
    assert before.xmp == after.xmp


def test_a_changed_pixel_breaks_the_signature(leaf, tmp_path, origin, master, meta):
    signed = export_photo(
        master, None, meta(), ["shopify"], ON, sign=provenance.signer(origin, from_file(leaf, tmp_path))
    )[0]
    broken = bytearray(signed.data)
    broken[-200] ^= 1
    assert "assertion.dataHash.mismatch" in failures(provenance.read(bytes(broken), signed.content_type))


def test_a_file_without_a_manifest_says_so(origin):
    with pytest.raises(provenance.ProvenanceError):
        provenance.read(origin.data, "image/jpeg")


def test_a_chain_that_is_no_chain_is_an_error(leaf, origin, master, meta):
    exported = export_photo(master, None, meta(), ["shopify"], ON)[0]
    with pytest.raises(provenance.ProvenanceError):
        provenance.sign(exported.data, exported.content_type, exported, origin, provenance.Key("junk", private="junk"))
