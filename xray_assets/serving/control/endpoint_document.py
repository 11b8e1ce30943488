"""An endpoint's JSON as the Databricks REST API states it (`ServingEndpointDetailed`). Pure."""

from typing import Any

from xray_assets.serving.control.config_document import ConfiguredEntity, EndpointConfig
from xray_assets.serving.control.config_store import IN_PROGRESS, EndpointRecord

READY, NOT_READY = "READY", "NOT_READY"


def endpoint_document(record: EndpointRecord, *, ready: bool, switched: bool) -> dict[str, Any]:
    """What GET answers. `ready`: the active config is loaded here; `switched`: by every worker."""
    updating = record.pending is not None or not switched
    document: dict[str, Any] = {
        "name": record.name,
        "id": record.name,
        "creator": record.creator,
        "description": record.description,
        "creation_timestamp": record.created_ms,
        "last_updated_timestamp": record.updated_ms,
        "state": {
            "ready": READY if ready else NOT_READY,
            "config_update": IN_PROGRESS if updating else record.update_state,
        },
        "permission_level": "CAN_MANAGE",
        "route_optimized": False,
        "tags": record.tags,
    }
    if record.update_message:
        document["state"]["config_update_message"] = record.update_message
    if record.ai_gateway:
        document["ai_gateway"] = record.ai_gateway
    if record.active is not None:
        state = "DEPLOYMENT_READY" if ready else "DEPLOYMENT_CREATING"
        document["config"] = _config(record.active, record, state)
    if record.pending is not None:
        document["pending_config"] = _config(record.pending, record, "DEPLOYMENT_CREATING")
        document["pending_config"]["start_time"] = record.updated_ms
    return document


def _config(config: EndpointConfig, record: EndpointRecord, state: str) -> dict[str, Any]:
    return {
        "config_version": config.config_version,
        "served_entities": [_entity(entity, record, state) for entity in config.entities],
        "traffic_config": {
            "routes": [
                {
                    "served_entity_name": entity.name,
                    "served_model_name": entity.name,
                    "traffic_percentage": entity.traffic_percentage,
                }
                for entity in config.entities
            ]
        },
    }


def _entity(entity: ConfiguredEntity, record: EndpointRecord, state: str) -> dict[str, Any]:
    return {
        "name": entity.name,
        "entity_name": entity.model_name,
        "entity_version": entity.model_version,
        "environment_vars": entity.environment_vars,
        "workload_size": entity.workload_size,
        "workload_type": "CPU",
        "scale_to_zero_enabled": entity.scale_to_zero_enabled,
        "creator": record.creator,
        "creation_timestamp": record.updated_ms,
        # The SDK drops fields it does not know, so the reason of a failed update stands here too.
        "state": {"deployment": state, "deployment_state_message": record.update_message},
    }
