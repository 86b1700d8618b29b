"""CloudFormation types of which a local run needs no more than a name: the explicit list of what may be
hollow.

A type that neither moto knows nor this list names stops the deployment, so that nothing is left out by
chance.
"""

from __future__ import annotations

from typing import Any

STUBBED_TYPES = (
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
)

REPLACED_TYPES = ("AWS::Lambda::Permission",)
"""Types that moto has, but not for a function's alias: it looks the function up by the alias' ARN and finds none."""


def _physical_id(kind: str, name: str, properties: dict[str, Any], account_id: str, region: str) -> str:
    if kind == "AWS::Lambda::Alias":
        function = str(properties["FunctionName"]).split(":function:")[-1]
        return f"arn:aws:lambda:{region}:{account_id}:function:{function}:{properties['Name']}"
    if kind == "AWS::Cognito::UserPool":
        return f"{region}_local{name[-6:]}"
    return name


class Stub:
    """A resource that was created and does nothing; its `properties` are the resolved ones."""

    kind = ""
    cf_resource_type: str
    logical_resource_id: str

    def __init__(self, physical_id: str, properties: dict[str, Any], account_id: str, region: str) -> None:
        self.physical_resource_id = physical_id
        self.properties = properties
        self._place = f"{region}:{account_id}"

    @property
    def type(self) -> str:
        """The resource type."""
        return self.kind

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property names the resource."""
        return ""

    @classmethod
    def cloudformation_type(cls) -> str:
        """The resource type."""
        return cls.kind

    @classmethod
    def has_cfn_attr(cls, _attribute: str) -> bool:
        """Any attribute is there."""
        return True

    def get_cfn_attribute(self, attribute: str) -> str:
        """A value of the attribute's looks."""
        service = self.kind.split("::")[1].lower()
        if attribute.endswith("Arn"):
            return f"arn:aws:{service}:{self._place}:{self.physical_resource_id}"
        return f"{self.physical_resource_id}.{attribute}.local"

    def is_created(self) -> bool:
        """At once."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, name: str, json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Stub:
        """Make the resource from its resolved properties."""
        properties = json.get("Properties", {})
        return cls(
            _physical_id(cls.kind, name, properties, account_id, region_name),
            properties,
            account_id,
            region_name,
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls, name: str, json: dict[str, Any], account_id: str, region_name: str
    ) -> None:
        """Nothing was made, so there is nothing to take away."""


def stub(kind: str) -> type[Stub]:
    """A hollow model for one resource type."""
    return type(kind.replace("::", ""), (Stub,), {"kind": kind, "__module__": "packshot_local.stack.stubs"})


STUBS: dict[str, type[Stub]] = {kind: stub(kind) for kind in (*STUBBED_TYPES, *REPLACED_TYPES)}
