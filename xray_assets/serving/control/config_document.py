"""An endpoint's configuration: from what a body asks for to what is stored and served.

Pure: no files, no models. The answer bodies of the REST API are built in `endpoint_document`.
"""

import re
from dataclasses import dataclass

from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    DIGEST_VARIABLE,
    EXPERIMENT_VARIABLE,
    GENERATION_VARIABLE,
    ROLE_VARIABLE,
    served_name,
)
from xray_assets.serving.control.bodies import ConfigBody, EntityBody, TrafficBody
from xray_assets.web.refusals import InvalidParameter


@dataclass(frozen=True)
class ConfiguredEntity:
    """One model version behind the endpoint, and its share of the traffic in percent."""

    name: str
    model_name: str
    model_version: str
    role: str
    traffic_percentage: int
    artifact_sha256: str | None
    environment_vars: dict[str, str]
    workload_size: str
    scale_to_zero_enabled: bool


@dataclass(frozen=True)
class EndpointConfig:
    """A validated configuration. `entities` are [champion] or [champion, challenger]."""

    config_version: int
    experiment_id: str | None
    entities: tuple[ConfiguredEntity, ...]

    @property
    def champion(self) -> ConfiguredEntity:
        """The model of the control arm, and the one that answers when the challenger fails."""
        return self.entities[0]

    @property
    def challenger(self) -> ConfiguredEntity | None:
        """The model under test, if there is one."""
        return self.entities[1] if len(self.entities) > 1 else None

    @property
    def generation(self) -> int | None:
        """Generation of gold.experiments that wanted this config; None where none was stated."""
        stated = self.champion.environment_vars.get(GENERATION_VARIABLE)
        return int(stated) if stated else None


def parse_config(body: ConfigBody, *, config_version: int) -> EndpointConfig:
    """The configuration that a body asks for; raises InvalidParameter where its fields disagree."""
    sent = body.served_entities
    names = [
        entity.name or served_name(entity.entity_name, entity.entity_version) for entity in sent
    ]
    if len(set(names)) != len(names):
        raise InvalidParameter("two served entities have the same name")
    shares = _shares(body.traffic_config, names)
    entities = [
        _entity(entity, name=name, role=role, share=shares[name])
        for entity, name, role in zip(sent, names, _roles(sent), strict=True)
    ]
    experiment = _same(entities, EXPERIMENT_VARIABLE)
    generation = _same(entities, GENERATION_VARIABLE)
    if generation is not None and not re.fullmatch(r"[0-9]{1,18}", generation):
        raise InvalidParameter(f"{GENERATION_VARIABLE} must be a number")
    entities.sort(key=lambda entity: entity.role != CHAMPION)
    return EndpointConfig(config_version, experiment, tuple(entities))


def _entity(sent: EntityBody, *, name: str, role: str, share: int) -> ConfiguredEntity:
    variables = sent.environment_vars or {}
    digest = variables.get(DIGEST_VARIABLE) or None
    if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidParameter(f"{DIGEST_VARIABLE} must be 64 hex digits")
    return ConfiguredEntity(
        name=name,
        model_name=sent.entity_name,
        model_version=sent.entity_version,
        role=role,
        traffic_percentage=share,
        artifact_sha256=digest,
        environment_vars=variables,
        workload_size=sent.workload_size or "Small",
        scale_to_zero_enabled=bool(sent.scale_to_zero_enabled),
    )


def _same(entities: list[ConfiguredEntity], variable: str) -> str | None:
    """The value that all entities give a variable; None where they give none."""
    values = {entity.environment_vars.get(variable) or None for entity in entities}
    if len(values) > 1:
        raise InvalidParameter(f"the served entities disagree about {variable}")
    return values.pop()


def _shares(traffic: TrafficBody | None, names: list[str]) -> dict[str, int]:
    """Percent by served name; without routes the first model serves everything."""
    if traffic is None or traffic.routes is None:
        return {name: 100 if index == 0 else 0 for index, name in enumerate(names)}
    shares = {route.served_entity_name: route.traffic_percentage for route in traffic.routes}
    if len(shares) != len(traffic.routes) or not shares.keys() <= set(names):
        raise InvalidParameter("each route must name another served entity of this config")
    if sum(shares.values()) != 100:
        raise InvalidParameter(f"the traffic percentages sum to {sum(shares.values())}, not 100")
    return dict.fromkeys(names, 0) | shares


def _roles(sent: list[EntityBody]) -> list[str]:
    """Roles as sent; unsaid, the first entity is the champion."""
    roles = [(entity.environment_vars or {}).get(ROLE_VARIABLE) for entity in sent]
    if any(role not in (None, CHAMPION, CHALLENGER) for role in roles):
        raise InvalidParameter(f"{ROLE_VARIABLE} must be {CHAMPION} or {CHALLENGER}")
    if len(roles) == 1:
        return [CHAMPION]
    if roles == [None, None]:
        return [CHAMPION, CHALLENGER]
    if {*roles} != {CHALLENGER, CHAMPION}:
        raise InvalidParameter(
            f"of two served entities one must be the {CHAMPION}, the other the {CHALLENGER}"
        )
    return [role or CHAMPION for role in roles]
