"""An endpoint's configuration: what a control-plane body asks for, validated, and its JSON form in
the store.

Pure: no files, no models. The answer bodies of the REST API are built in `endpoint_document`.
"""

from dataclasses import asdict, dataclass
from typing import Any

from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    DIGEST_VARIABLE,
    EXPERIMENT_VARIABLE,
    GENERATION_VARIABLE,
    ROLE_VARIABLE,
    served_name,
)
from xray_assets.web.refusals import InvalidParameter

MAX_SERVED = 2
_HEX = set("0123456789abcdef")


@dataclass(frozen=True)
class ServedEntity:
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
    entities: tuple[ServedEntity, ...]

    @property
    def champion(self) -> ServedEntity:
        """The model of the control arm, and the one that answers when the challenger fails."""
        return self.entities[0]

    @property
    def challenger(self) -> ServedEntity | None:
        """The model under test, if there is one."""
        return self.entities[1] if len(self.entities) > 1 else None

    @property
    def generation(self) -> int | None:
        """Generation of gold.experiments that wanted this config; None where none was stated."""
        stated = self.champion.environment_vars.get(GENERATION_VARIABLE)
        return int(stated) if stated else None

    def to_json(self) -> dict[str, Any]:
        """The form in the config store."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "EndpointConfig":
        """Back from the config store."""
        entities = tuple(ServedEntity(**entity) for entity in document["entities"])
        return cls(document["config_version"], document["experiment_id"], entities)


def parse_config(body: Any, *, config_version: int) -> EndpointConfig:
    """The configuration in a create or update body; raises InvalidParameter with what is wrong."""
    if not isinstance(body, dict):
        raise InvalidParameter("send an object with 'served_entities' and 'traffic_config'")
    sent = body.get("served_entities") or body.get("served_models")
    if not isinstance(sent, list) or not 1 <= len(sent) <= MAX_SERVED:
        raise InvalidParameter(
            f"'served_entities' must list 1 to {MAX_SERVED} models: the champion, the challenger"
        )
    drafts = [_entity(entry, index) for index, entry in enumerate(sent)]
    names = [draft["name"] for draft in drafts]
    if len(set(names)) != len(names):
        raise InvalidParameter(f"two served entities have the name {names[0]!r}")
    shares = _shares(body.get("traffic_config"), names)
    roles = _roles(drafts)
    entities = tuple(
        ServedEntity(**draft, role=role, traffic_percentage=shares[draft["name"]])
        for draft, role in zip(drafts, roles, strict=True)
    )
    experiments = {entity.environment_vars.get(EXPERIMENT_VARIABLE) or None for entity in entities}
    if len(experiments) > 1:
        raise InvalidParameter(f"the served entities disagree about {EXPERIMENT_VARIABLE}")
    generations = {entity.environment_vars.get(GENERATION_VARIABLE) or None for entity in entities}
    stated = generations.pop()
    if generations or (stated is not None and not (stated.isascii() and stated.isdigit())):
        raise InvalidParameter(f"{GENERATION_VARIABLE} must be one number for all served entities")
    ordered = tuple(sorted(entities, key=lambda entity: entity.role != CHAMPION))
    return EndpointConfig(config_version, experiments.pop(), ordered)


def _entity(entry: Any, index: int) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise InvalidParameter(f"served entity {index} must be an object")
    model = entry.get("entity_name") or entry.get("model_name")
    version = entry.get("entity_version") or entry.get("model_version")
    if not isinstance(model, str) or not _printable(model):
        raise InvalidParameter(
            f"served entity {index} needs 'entity_name', the registered model's full name"
        )
    if isinstance(version, bool) or not str(version).isascii() or not str(version).isdigit():
        raise InvalidParameter(f"served entity {index} needs 'entity_version', a number as text")
    variables = entry.get("environment_vars") or {}
    if not isinstance(variables, dict) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in variables.items()
    ):
        raise InvalidParameter(f"'environment_vars' of served entity {index} must map text to text")
    digest = variables.get(DIGEST_VARIABLE) or None
    if digest is not None and (len(digest) != 64 or not set(digest) <= _HEX):
        raise InvalidParameter(f"{DIGEST_VARIABLE} of served entity {index} must be 64 hex digits")
    name = entry.get("name") or served_name(model, str(version))
    if not isinstance(name, str) or not _printable(name):
        raise InvalidParameter(
            f"'name' of served entity {index} must be printable ASCII text of at most 256 "
            "characters"
        )
    return {
        "name": name,
        "model_name": model,
        "model_version": str(int(str(version))),
        "artifact_sha256": digest,
        "environment_vars": variables,
        "workload_size": str(entry.get("workload_size") or "Small")[:64],
        "scale_to_zero_enabled": bool(entry.get("scale_to_zero_enabled", False)),
    }


def _printable(name: str) -> bool:
    """Names become header values, file arguments and table cells."""
    return (
        0 < len(name) <= 256 and name.isascii() and name.isprintable() and not name.startswith("-")
    )


def _shares(traffic: Any, names: list[str]) -> dict[str, int]:
    """Percent by served name; without routes the first model serves everything."""
    routes = traffic.get("routes") if isinstance(traffic, dict) else None
    if traffic is None or routes is None:
        return {name: 100 if index == 0 else 0 for index, name in enumerate(names)}
    if not isinstance(routes, list) or not all(isinstance(route, dict) for route in routes):
        raise InvalidParameter("'traffic_config.routes' must be a list of objects")
    shares = dict.fromkeys(names, 0)
    seen: set[str] = set()
    for route in routes:
        name = route.get("served_entity_name") or route.get("served_model_name")
        share = route.get("traffic_percentage")
        if not isinstance(name, str) or name not in shares or name in seen:
            raise InvalidParameter("each route must name another served entity of this config")
        if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100:
            raise InvalidParameter("'traffic_percentage' must be a whole number from 0 to 100")
        seen.add(name)
        shares[name] = share
    if sum(shares.values()) != 100:
        raise InvalidParameter(f"the traffic percentages sum to {sum(shares.values())}, not 100")
    return shares


def _roles(drafts: list[dict[str, Any]]) -> list[str]:
    """Roles as sent; unsaid, the first entity is the champion."""
    sent = [draft["environment_vars"].get(ROLE_VARIABLE) for draft in drafts]
    if any(role not in (None, CHAMPION, CHALLENGER) for role in sent):
        raise InvalidParameter(f"{ROLE_VARIABLE} must be {CHAMPION} or {CHALLENGER}")
    if len(sent) == 1:
        return [CHAMPION]
    if sent == [None, None]:
        return [CHAMPION, CHALLENGER]
    if sorted(role or "" for role in sent) != [CHALLENGER, CHAMPION]:
        raise InvalidParameter(
            f"of two served entities one must be the {CHAMPION}, the other the {CHALLENGER}"
        )
    return [role or CHAMPION for role in sent]
