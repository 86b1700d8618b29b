"""The translated template on moto: the stack itself, and what moto's CloudFormation leaves out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from .records import FunctionSpec, StackError
from .translate import ARTIFACTS, Translation

STACK_NAME = "local"
DEFAULT_CONCURRENCY = 2
"""Workers of a function without ReservedConcurrentExecutions; AWS would start up to a thousand."""

MOST_WORKERS = 4
"""ReservedConcurrentExecutions beyond this many stay at it: every worker is a process of some 80 MB."""


class Deployment:
    """What was created: physical ids, outputs, and properties with every reference resolved."""

    def __init__(self, translation: Translation, region: str) -> None:
        self._stack = next(iter(cloudformation_backends[DEFAULT_ACCOUNT_ID][region].stacks.values()))
        self._resources = translation.cloudformation["Resources"]
        self.outputs = {output.key: output.value for output in self._stack.output_map.values() if output}

    def physical(self, logical_id: str) -> str:
        """Physical id of a resource; raises StackError when the template has none of that name."""
        if logical_id not in self._resources:
            raise StackError(f"no resource {logical_id} in the template")
        resource = self._stack.resource_map[logical_id]
        return str(getattr(resource, "physical_resource_id", logical_id))

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties with parameters, references and functions resolved."""
        raw = self._resources[logical_id].get("Properties", {})
        resolved: dict[str, Any] = parsing.clean_json(raw, self._stack.resource_map)
        return resolved

    def of_type(self, kind: str) -> list[str]:
        """Logical ids of all resources of a type whose condition holds."""
        created = self._stack.resource_map
        return [
            logical_id
            for logical_id, resource in self._resources.items()
            if resource["Type"] == kind and created[logical_id] is not None
        ]


def deploy(translation: Translation, parameters: Mapping[str, str], region: str, clients: Any) -> Deployment:
    """Create the stack on moto and set what moto's CloudFormation drops without a word.

    `clients` makes a boto3 client for a service name. Raises StackError for resource types that are neither
    known to moto nor on the list of stubs.
    """
    _refuse_unknown_types(translation)
    _upload_artifacts(translation, region, clients("s3"))
    clients("cloudformation").create_stack(
        StackName=STACK_NAME,
        TemplateBody=json.dumps(translation.cloudformation),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    deployment = Deployment(translation, region)
    for logical_id in deployment.of_type("AWS::S3::Bucket"):
        _finish_bucket(deployment.physical(logical_id), deployment.properties(logical_id), clients("s3"))
    for logical_id in deployment.of_type("AWS::DynamoDB::Table"):
        ttl = deployment.properties(logical_id).get("TimeToLiveSpecification")
        if ttl and str(ttl.get("Enabled")).lower() == "true":
            clients("dynamodb").update_time_to_live(
                TableName=deployment.physical(logical_id),
                TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl["AttributeName"]},
            )
    return deployment


def _refuse_unknown_types(translation: Translation) -> None:
    known = {*parsing.get_model_map(), *parsing.NULL_MODELS}
    kinds = {resource["Type"] for resource in translation.cloudformation["Resources"].values()}
    unknown = sorted(kinds - known)
    if unknown:
        raise StackError(
            f"the local stack does not know {', '.join(unknown)}: add the type to stubs.py when a local run "
            "does not need it to do anything"
        )


def _upload_artifacts(translation: Translation, region: str, s3: Any) -> None:
    """moto wants to see the code that CloudFormation names; an empty archive will do, the folder is what
    runs."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("empty", "")
    s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": region})
    for resource in translation.cloudformation["Resources"].values():
        for place in ("Code", "Content"):
            code = resource.get("Properties", {}).get(place)
            if isinstance(code, dict) and code.get("S3Bucket") == ARTIFACTS:
                s3.put_object(Bucket=ARTIFACTS, Key=code["S3Key"], Body=archive.getvalue())


def _finish_bucket(name: str, properties: dict[str, Any], s3: Any) -> None:
    if status := properties.get("VersioningConfiguration", {}).get("Status"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    notifications = properties.get("NotificationConfiguration", {})
    bridge = notifications.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    if others := {kind for kind in notifications if kind != "EventBridgeConfiguration"}:
        raise StackError(f"bucket {name}: notify EventBridge; {', '.join(sorted(others))} is not run locally")
    if rules := properties.get("LifecycleConfiguration", {}).get("Rules"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in rules]}
        )
    if cors := properties.get("CorsConfiguration", {}).get("CorsRules"):
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [_cors_rule(rule) for rule in cors]})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation's flat lifecycle rule in the words of the S3 API."""
    found: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        found["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        found["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    old = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
    old = old or rule.get("NoncurrentVersionExpirationInDays")
    if old:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(old)}
    if "AbortIncompleteMultipartUpload" in rule:
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(days)}
    if transitions := rule.get("Transitions"):
        found["Transitions"] = [
            {"StorageClass": step["StorageClass"], "Days": int(step["TransitionInDays"])} for step in transitions
        ]
    return found


def _cors_rule(rule: dict[str, Any]) -> dict[str, Any]:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {names.get(name, name): value for name, value in rule.items()}


def function_specs(
    deployment: Deployment,
    translation: Translation,
    python_paths: tuple[Any, ...],
    process_workers: int,
    region: str,
) -> list[FunctionSpec]:
    """What to run for every function of the template, with its environment resolved."""
    waited_for = {route.function for route in translation.routes}
    specs = []
    for source in translation.functions:
        if source.logical_id not in deployment.of_type("AWS::Lambda::Function"):
            continue
        properties = deployment.properties(source.logical_id)
        name = deployment.physical(source.logical_id)
        reserved = int(properties.get("ReservedConcurrentExecutions", DEFAULT_CONCURRENCY))
        variables = properties.get("Environment", {}).get("Variables", {})
        specs.append(
            FunctionSpec(
                logical_id=source.logical_id,
                name=name,
                arn=f"arn:aws:lambda:{region}:{DEFAULT_ACCOUNT_ID}:function:{name}",
                handler=source.handler,
                task_root=source.task_root,
                timeout=float(properties.get("Timeout", 3)),
                memory_mb=int(properties.get("MemorySize", 128)),
                concurrency=process_workers if source.is_image else max(1, min(reserved, MOST_WORKERS)),
                env={str(key): str(value) for key, value in variables.items()},
                python_paths=python_paths,
                gives_way=source.is_image and source.logical_id not in waited_for,
            )
        )
    return specs
