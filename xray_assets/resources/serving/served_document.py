"""What an endpoint serves, read from the document that its REST API answers with. Pure."""

from typing import Any

from xray_assets.catalog import (
    CHAMPION,
    DIGEST_VARIABLE,
    EXPERIMENT_VARIABLE,
    GENERATION_VARIABLE,
    ROLE_VARIABLE,
)
from xray_assets.rollout.served import ServedConfig, ServedEntity


def served_config(endpoint: dict[str, Any]) -> ServedConfig | None:
    """The config that the endpoint serves, or is about to; None when it has none."""
    config = endpoint.get("config") or endpoint.get("pending_config")
    if not config:
        return None
    routes = config.get("traffic_config", {}).get("routes", [])
    shares = {
        route.get("served_model_name") or route.get("served_entity_name"): route[
            "traffic_percentage"
        ]
        for route in routes
    }
    entities, experiments, generations = [], set(), {0}
    for entity in config.get("served_entities", []):
        variables = entity.get("environment_vars", {})
        experiments.add(variables.get(EXPERIMENT_VARIABLE) or None)
        generations.add(int(variables.get(GENERATION_VARIABLE) or 0))
        entities.append(
            ServedEntity(
                name=entity["name"],
                model=entity["entity_name"],
                version=int(entity["entity_version"]),
                artifact_sha256=variables.get(DIGEST_VARIABLE, ""),
                role=variables.get(ROLE_VARIABLE, CHAMPION),
                traffic_percentage=shares.get(entity["name"], 0),
            )
        )
    return ServedConfig(
        config_version=int(config.get("config_version", 0)),
        experiment_id=experiments.pop() if len(experiments) == 1 else None,
        entities=tuple(entities),
        generation=max(generations),
    )
