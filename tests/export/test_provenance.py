"""C2PA: signed with a throw-away key, verified by the library's reader; tampering is noticed."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from pots import ON

from packshot.export import inspection, provenance
from packshot.export.stage import export_photo

pytest.importorskip("c2pa", reason="c2pa-python is optional and not installed")
PEM = serialization.Encoding.PEM


def certificate(name, issuer, key, signing_key, authority):
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(signing_key, hashes.SHA256())


@pytest.fixture(scope="module")
def leaf():
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Root", None, root_key, root_key, authority=True)
    chain = certificate("Signer", root.subject, leaf_key, root_key, authority=False)
    return (chain.public_bytes(PEM) + root.public_bytes(PEM)).decode(), leaf_key


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
    (tmp_path / "chain.pem").write_text(chain)
    pem = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    return provenance.Key.from_files(tmp_path / "chain.pem", tmp_path / "key.pem")


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
