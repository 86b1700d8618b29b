"""CloudFormation: resource types that may be hollow, and attributes that are missing."""

from __future__ import annotations

from moto.awslambda.models import LambdaVersion
from moto.cloudformation import parsing

from ..patching import Patching
from ..stubs import STUBS, Stub, stub
from .host import Host, patch


@patch
def stub_resource_types(patching: Patching, _host: Host) -> None:
    """moto skips resource types it does not know, and whatever refers to them: name those that may be
    hollow."""
    _replace_models(patching, STUBS)


@patch
def event_sources_are_polled(patching: Patching, _host: Host) -> None:
    """moto's event source mappings call the function inside the sender's call, one record each, never again
    after an error, and know no aliases: `sources.py` polls instead, and moto only keeps the mapping's
    properties."""
    _replace_models(patching, {"AWS::Lambda::EventSourceMapping": stub("AWS::Lambda::EventSourceMapping")})


def _replace_models(patching: Patching, stubs: dict[str, type[Stub]]) -> None:
    models, names = (
        {**parsing.get_model_map(), **stubs},
        {**parsing.get_name_type_map(), **dict.fromkeys(stubs, "")},
    )
    patching.set(parsing, "get_model_map", lambda: models)
    patching.set(parsing, "get_name_type_map", lambda: names)


@patch
def published_version_has_attributes(patching: Patching, _host: Host) -> None:
    """AutoPublishAlias asks for AWS::Lambda::Version's `Version`, which moto's model does not give out."""
    patching.add(LambdaVersion, "has_cfn_attr", classmethod(lambda _, attribute: attribute == "Version"))
    patching.add(LambdaVersion, "get_cfn_attribute", lambda self, _: str(self.version))
