"""moto's CloudFormation and Step Functions without the services that they would load for nothing.

They import every service that they can deploy or call, EC2's tables of all regions and machines among them: half of
the time that importing moto takes. Whoever imports one of these later gets the real one; only CloudFormation does not
know its types, and a deployment refuses them as it does all that are not known.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

LEFT_OUT = frozenset({
    "apigateway", "autoscaling", "batch", "datapipeline", "ec2", "ecs", "efs", "elb", "elbv2", "emr", "iot", "rds",
    "redshift", "route53", "sagemaker",
})  # fmt: skip
WANTED = ("moto.cloudformation.parsing", "moto.stepfunctions.parser.models")


class _Hollow(ModuleType):
    """A module in which everything that is asked for is a class of that name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {})  # so that it can be a base, and stand in a signature
        setattr(self, name, made)
        return made


class _Finder(MetaPathFinder, Loader):
    """Finds a hollow module for the ``models`` of the services that are left out, and for all below."""

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """A package, so that it has submodules."""
        hollow = _left_out(fullname) and fullname.split(".")[2:3] == ["models"]
        return spec_from_loader(fullname, self, is_package=True) if hollow else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A hollow one."""
        return _Hollow(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def _left_out(module: str) -> bool:
    top, _, rest = module.partition(".")
    return top == "moto" and rest.split(".")[0] in LEFT_OUT


def load() -> None:
    """Import moto's CloudFormation and Step Functions, if nobody has yet, without the services that are left out."""
    before = set(sys.modules)
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        for name in WANTED:
            import_module(name)
    finally:
        sys.meta_path.remove(finder)
        for name in filter(_left_out, set(sys.modules) - before):
            module = sys.modules.pop(name)
            parent, _, own = name.rpartition(".")
            vars(sys.modules.get(parent, module)).pop(own, None)
