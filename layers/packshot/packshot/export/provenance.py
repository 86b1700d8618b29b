"""C2PA manifests: a signed statement inside the file of where it comes from and what was done to it.

Optional: needs ``c2pa-python``. The key is a PEM file, or a callback that signs elsewhere (KMS), so that no private
key need be near the pictures. Specification: C2PA 2.1; actions assertion v2.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from packshot.export.exported import Exported

_ACTIONS = "c2pa.actions.v2"


class ProvenanceError(RuntimeError):
    """A file that could not be signed or read: the library's own words."""


@dataclass(frozen=True)
class Key:
    """What signs: the certificate chain (PEM, leaf first) and either a private key or a callback.

    ``alg`` is es256, es384, es512, ps256, ps384, ps512 or ed25519. The callback takes the bytes to sign and gives
    the raw signature (for ES256 r and s of 32 bytes each); ``kms_signature`` turns what KMS gives into that.
    """

    chain: str
    alg: str = "es256"
    private: str = ""
    callback: Callable[[bytes], bytes] | None = None
    timestamp_url: str = ""


@dataclass(frozen=True)
class Origin:
    """The source photo: the manifest's parent ingredient."""

    data: bytes
    content_type: str
    title: str
    altered: bool = False
    synthetic_background: bool = False
    shadow: str = ""


def kms_signature(der: bytes, size: int = 32) -> bytes:
    """The raw r and s of a DER signature as AWS KMS gives it (RFC 3279 2.2.3), ``size`` bytes each."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def actions(origin: Origin, exported: Exported) -> list[dict[str, Any]]:
    """What was done, in order, in C2PA's vocabulary; nothing that was not done."""
    done: list[dict[str, Any]] = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}},
        {"action": "c2pa.edited", "description": "Background removed, product on the channel's background"},
        {"action": "c2pa.cropped", "description": f"Canvas {exported.width} x {exported.height} px"},
    ]
    if exported.scale != 1:
        done.append({"action": "c2pa.resized", "description": f"Scaled by {exported.scale:.4f}"})
    if origin.shadow and origin.shadow != "none":
        done.append({"action": "c2pa.drawing", "description": f"Shadow: {origin.shadow}"})
    if origin.altered:
        done.append({"action": "c2pa.edited", "description": "Parts of the product made: inside of the garment"})
    if origin.synthetic_background:
        done.append({"action": "c2pa.placed", "description": "Placed into a scene it was not photographed in"})
    done.append({"action": "c2pa.converted", "description": f"Written as {exported.content_type}"})
    done[1]["digitalSourceType"] = exported.source_type
    for action in done:
        action["softwareAgent"] = {"name": "packshot"}
    return done


def definition(origin: Origin, exported: Exported) -> dict[str, Any]:
    """The manifest's definition: title, actions, and the rights that the catalogue states."""
    return {
        "title": exported.name,
        "format": exported.content_type,
        "claim_generator_info": [{"name": "packshot", "version": "1"}],
        "assertions": [{"label": _ACTIONS, "data": {"actions": actions(origin, exported)}}],
    }


def sign(data: bytes, content_type: str, exported: Exported, origin: Origin, key: Key) -> bytes:
    """The file with a signed manifest inside; the pixels are untouched.

    Raises:
        ProvenanceError: the format cannot carry a manifest, or the key or chain is not accepted.
    """
    import c2pa

    target = io.BytesIO()
    try:
        with c2pa.Builder(json.dumps(definition(origin, exported))) as builder, _signer(key) as signer:
            ingredient = {"title": origin.title, "relationship": "parentOf", "label": "source", "instance_id": "source"}
            builder.add_ingredient(json.dumps(ingredient), origin.content_type, io.BytesIO(origin.data))
            builder.sign(signer, content_type, io.BytesIO(data), target)
    except c2pa.C2paError as error:
        raise ProvenanceError(str(error)) from error
    return target.getvalue()


def _signer(key: Key) -> Any:
    import c2pa

    if key.callback is not None:
        algorithm = getattr(c2pa.C2paSigningAlg, key.alg.upper())
        return c2pa.Signer.from_callback(key.callback, algorithm, key.chain, key.timestamp_url or None)
    info = c2pa.C2paSignerInfo(
        key.alg.encode(), key.chain.encode(), key.private.encode(), key.timestamp_url.encode() or None
    )
    return c2pa.Signer.from_info(info)


def signer(origin: Origin, key: Key) -> Callable[[bytes, str, Exported], bytes]:
    """What ``export_photo`` takes as ``sign`` for one photo."""
    return lambda data, content_type, exported: sign(data, content_type, exported, origin, key)


def read(data: bytes, content_type: str) -> dict[str, Any]:
    """The manifest store of a file, as the library's reader verifies it: ``validation_state`` and all manifests.

    Raises:
        ProvenanceError: there is none, or it cannot be read.
    """
    import c2pa

    try:
        with c2pa.Reader(content_type, io.BytesIO(data)) as reader:
            return dict(json.loads(reader.json()))
    except c2pa.C2paError as error:
        raise ProvenanceError(str(error)) from error
