"""What a deployment decides: read from the environment that ``template.yaml`` sets, checked once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

GateMode = Literal["gate", "advisory"]


class Environment(BaseModel):
    """Base of the settings groups: field ``min_pixels`` is read from ``PACKSHOT_MIN_PIXELS``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the group's fields from the environment; absent ones take their defaults.

        Raises pydantic.ValidationError naming the variable that is missing or malformed.
        """
        env = os.environ if env is None else env
        names = {name: f"PACKSHOT_{name.upper()}" for name in cls.model_fields}
        return cls(**{name: env[var] for name, var in names.items() if var in env})


class StoreSettings(Environment):
    """Names of the AWS resources. A function gets only those that it may use; the others stay empty."""

    incoming_bucket: str = ""
    work_bucket: str = ""
    output_bucket: str = ""
    drops_table: str = ""
    photos_table: str = ""
    lots_table: str = ""
    tasks_table: str = ""
    profiles_table: str = ""
    state_machine_arn: str = ""
    intake_queue_url: str = ""
    close_queue_url: str = ""
    failed_queue_url: str = ""
    topic_arn: str = ""
    event_bus: str = ""
    words_model: str = Field(default="", description="Bedrock model or inference profile; empty: none is asked")
    signing_key: str = Field(default="", description="KMS key (ECC_NIST_P256) for C2PA; empty: none")


class IntakeSettings(Environment):
    """Limits at the door."""

    min_pixels: int = Field(default=2000, ge=16, description="least longest edge, px")
    max_megapixels: float = Field(default=100, gt=0, description="most pixels, read before decoding")
    max_bytes: int = Field(default=200_000_000, gt=0)
    file_pattern: str = Field(
        default=r"^(?P<sku>[^_]+)_(?P<view>[A-Za-z]+)(?:_(?P<n>\d{1,3}))?$",
        description="regular expression for the file's stem with groups sku, view and optionally n",
    )


class CloseSettings(Environment):
    """When a drop is complete."""

    quiet_minutes: float = Field(default=10, gt=0)


class PlanSettings(Environment):
    """How a drop is cut into lots."""

    lot_min: int = Field(default=50, ge=1)
    lot_max: int = Field(default=100, ge=1, le=1000)
    chunk_size: int = Field(default=8, ge=1, le=100)
    canary_size: int = Field(default=3, ge=1, le=20)
    lot_concurrency: int = Field(default=100, ge=1, le=10_000)
    chunk_concurrency: int = Field(default=10, ge=1, le=40, description="chunks of one lot at once, at most")
    workers: int = Field(default=800, ge=1, description="calls of process at once that one drop may ask for")
    review_days: float = Field(default=7, gt=0)


class ProcessSettings(Environment):
    """What a worker may use."""

    threads: int = Field(default=0, ge=0, description="cores for the networks; 0: all that it has")
    provider: Literal["cpu", "openvino"] = "cpu"


class InspectSettings(Environment):
    """How much people see, and whether export waits for them."""

    sample_share: float = Field(default=0.12, ge=0.10, le=0.15)
    sample_least: int = Field(default=3, ge=1)
    sample_plan: Literal["share", "aql"] = "share"
    sample_aql: float = Field(default=2.5, description="of the AQL plan: 0.4, 0.65, 1, 1.5, 2.5 or 4")
    gate_mode: GateMode = "gate"


class ExportSettings(Environment):
    """Where files go, what is said of them, and who signs them."""

    export_channels: str = Field(default="amazon,shopify,google", description="comma-separated names")
    language: str = Field(default="en", description="of titles, alt texts and descriptions: a words.<language>.yaml")
    words_usd: float = Field(default=0.05, ge=0, description="most that one call of export spends on a model's words")
    words_input_usd: float = Field(default=0.003, ge=0, description="the model's price per thousand tokens it reads")
    words_output_usd: float = Field(default=0.015, ge=0, description="and per thousand tokens it writes")
    c2pa_chain: str = Field(default="", description="certificate chain (PEM, leaf first); empty: files are not signed")
    c2pa_key_file: str = Field(default="", description="private key (PEM, ES256) where none of KMS is given")

    @property
    def channel_names(self) -> list[str]:
        """The channels, in order, without blanks."""
        return [c.strip() for c in self.export_channels.split(",") if c.strip()]


class ReportSettings(Environment):
    """What feeds need to know."""

    public_url: str = Field(default="", description="address below which the output bucket's keys are public")


class ReviewSettings(Environment):
    """How people work on tasks."""

    lease_minutes: float = Field(default=15, gt=0)
