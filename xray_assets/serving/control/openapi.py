"""What FastAPI cannot know of the REST API by itself: request bodies, the hot path, security.
Documentation only.
"""

import re
from typing import Any

from xray_assets.catalog import ENDPOINT_NAME

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")

_TEXT: dict[str, Any] = {"type": "string"}
_ENTITY: dict[str, Any] = {
    "type": "object",
    "required": ["entity_name", "entity_version"],
    "properties": {
        "name": _TEXT,
        "entity_name": _TEXT,
        "entity_version": {"type": "string", "pattern": "^[0-9]+$"},
        "workload_size": _TEXT,
        "scale_to_zero_enabled": {"type": "boolean"},
        "environment_vars": {"type": "object", "additionalProperties": _TEXT},
    },
}
_CONFIG: dict[str, Any] = {
    "type": "object",
    "required": ["served_entities"],
    "properties": {
        "served_entities": {"type": "array", "minItems": 1, "maxItems": 2, "items": _ENTITY},
        "traffic_config": {
            "type": "object",
            "properties": {
                "routes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["served_entity_name", "traffic_percentage"],
                        "properties": {
                            "served_entity_name": _TEXT,
                            "traffic_percentage": {"type": "integer", "minimum": 0, "maximum": 100},
                        },
                    },
                }
            },
        },
    },
}
_TAG = {
    "type": "object",
    "required": ["key"],
    "properties": {"key": {"type": "string", "minLength": 1, "maxLength": 256}, "value": _TEXT},
}
_GATEWAY = {"type": "object", "properties": {"inference_table_config": {"type": "object"}}}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


CONFIG_BODY = _body(_CONFIG)
CREATE_BODY = _body(
    {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": f"^{NAME_PATTERN.pattern}$"},
            "config": _CONFIG,
            "tags": {"type": "array", "items": _TAG, "maxItems": 64},
            "ai_gateway": _GATEWAY,
        },
    }
)
GATEWAY_BODY = _body(_GATEWAY)
TAGS_BODY = _body(
    {
        "type": "object",
        "properties": {
            "add_tags": {"type": "array", "items": _TAG, "maxItems": 64},
            "delete_tags": {"type": "array", "items": _TEXT},
        },
    }
)

_IMAGE: dict[str, Any] = {
    "description": "Base64 of a JPEG, PNG or DICOM file, or 64 lists of 64 numbers in [0, 1].",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    ],
}
_ROW = {
    "type": "object",
    "required": ["image"],
    "properties": {"image": _IMAGE, "patient_id": {"type": ["string", "integer", "null"]}},
}
_COMMON = {
    "client_request_id": {"type": "string", "maxLength": 256},
    "params": {"type": "object", "properties": {"patient_id": {"type": ["string", "integer"]}}},
}
_FORMATS: dict[str, dict[str, Any]] = {
    "dataframe_records": {"type": "array", "minItems": 1, "items": _ROW},
    "dataframe_split": {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": _TEXT, "uniqueItems": True},
            "data": {"type": "array", "minItems": 1, "items": {"type": "array"}},
        },
    },
    "inputs": {
        "anyOf": [{"type": "array", "minItems": 1}, {"type": "object", "required": ["image"]}]
    },
    "instances": {"type": "array", "minItems": 1},
}
_INVOCATION = {
    "oneOf": [
        {"type": "object", "required": [name], "properties": {name: schema, **_COMMON}}
        for name, schema in _FORMATS.items()
    ]
}
_ERROR = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": _TEXT, "message": _TEXT},
}
_ANSWER = {
    "type": "object",
    "required": ["predictions", "databricks_output"],
    "properties": {
        "predictions": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
        "databricks_output": {"type": "object", "properties": {"databricks_request_id": _TEXT}},
    },
}
_ERRORS = {
    "400": "The body, the image or a field is wrong.",
    "401": "No token, or a wrong one.",
    "403": "The token is not an operator's.",
    "404": "No such endpoint.",
    "405": "The route has other methods.",
    "409": "It exists, or another update is in progress.",
    "413": "The body is over the limit.",
    "415": "The body is not JSON.",
    "429": "Over a limit: retry after a second.",
    "500": "No model could score the request.",
    "503": "Not ready, or the log cannot be written: retry.",
}


_SMALL_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAEUlEQVR42mNsYEAFTAwjWgAAmZAAoFDIQrAAAAAA"
    "SUVORK5CYII="
)
"""A grey film of 16 x 16 pixels, so that the documented example can be sent as it is."""


def _invocation_body() -> dict[str, Any]:
    body: dict[str, Any] = _body(_INVOCATION)["requestBody"]
    row = {"image": _SMALL_PNG, "patient_id": "example"}
    body["content"]["application/json"]["example"] = {"dataframe_records": [row]}
    return body


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with the hot path, the error bodies and the security scheme."""
    document["paths"]["/serving-endpoints/{name}/invocations"] = {
        "post": {
            "summary": "Probability of pneumonia of one or several films",
            "operationId": "invocations",
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": _TEXT}],
            "requestBody": _invocation_body(),
            "responses": {
                "200": {
                    "description": "Scored and durably logged.",
                    "headers": {
                        name: {"schema": _TEXT}
                        for name in (
                            "served-model-name",
                            "databricks-request-id",
                            "x-databricks-request-id",
                        )
                    },
                    "content": {"application/json": {"schema": _ANSWER}},
                }
            },
        }
    }
    components = document.setdefault("components", {})
    components.pop("schemas", None)
    components["schemas"] = {"Error": _ERROR}
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["example"] = ENDPOINT_NAME
            operation["responses"].pop("422", None)
            for status, description in _ERRORS.items():
                operation["responses"].setdefault(
                    status, {"description": description, "content": error}
                )
            if not path.startswith(("/health", "/openapi", "/.well-known")):
                operation["security"] = [{"bearer": []}]
    return document
