"""What the control plane accepts: the bodies of the Databricks Serving REST API as far as a local
endpoint heeds them. Unknown fields are ignored, as there.

Each field alone is judged here; what fields say together, `config_document` does.
"""

import json
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

MAX_SERVED = 2
MAX_TAGS = 64


def _printable(name: str) -> str:
    """Names become header values, file arguments and table cells."""
    if not (name.isascii() and name.isprintable()) or name.startswith("-"):
        raise ValueError("must be printable ASCII text that begins with no '-'")
    return name


def _digits(version: Any) -> Any:
    """A version is text in the REST API; clients send numbers too."""
    if isinstance(version, bool) or not re.fullmatch(r"[0-9]{1,18}", str(version)):
        raise ValueError("must be a number as text")
    return str(int(version))


Name = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_printable)]
EndpointName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Version = Annotated[str, BeforeValidator(_digits)]


def _either(name: str, former: str) -> Any:
    """A field with the name that it had before."""
    return Field(validation_alias=AliasChoices(name, former))


class EntityBody(BaseModel):
    """One model version to serve."""

    entity_name: Name = _either("entity_name", "model_name")
    entity_version: Version = _either("entity_version", "model_version")
    name: Name | None = None
    environment_vars: dict[str, str] | None = None
    workload_size: Annotated[str, StringConstraints(max_length=64)] | None = None
    scale_to_zero_enabled: bool | None = None


class RouteBody(BaseModel):
    """The share of one served entity."""

    served_entity_name: Name = _either("served_entity_name", "served_model_name")
    traffic_percentage: Annotated[StrictInt, Field(ge=0, le=100)]


class TrafficBody(BaseModel):
    """The shares of all."""

    routes: list[RouteBody] | None = None


class ConfigBody(BaseModel):
    """What is served: the champion, or champion and challenger."""

    served_entities: Annotated[
        list[EntityBody],
        Field(
            min_length=1,
            max_length=MAX_SERVED,
            validation_alias=AliasChoices("served_entities", "served_models"),
        ),
    ]
    traffic_config: TrafficBody | None = None


class Tag(BaseModel):
    """A key and a value on an endpoint."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    value: Annotated[str, StringConstraints(max_length=1024)] = ""


class GatewayBody(BaseModel):
    """Options of the AI gateway: kept and told, not acted on."""

    model_config = ConfigDict(extra="allow")

    inference_table_config: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _storable(self) -> "GatewayBody":
        try:
            json.dumps(self.sent(), allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ValueError("must be JSON without NaN, of Unicode text, not too deep") from None
        return self

    def sent(self) -> dict[str, Any]:
        """The options as they were sent."""
        return self.model_dump(exclude_unset=True)


Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]


class CreateBody(BaseModel):
    """A new endpoint."""

    name: EndpointName
    config: ConfigBody | None = None
    tags: Tags | None = None
    ai_gateway: GatewayBody | None = None


class TagsBody(BaseModel):
    """Tags to add, and keys to delete."""

    add_tags: Tags | None = None
    delete_tags: list[str] | None = None
