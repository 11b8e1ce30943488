"""`/api/2.0/serving-endpoints...`: create, read, change and delete endpoints as the Databricks SDK
and MLflow ask for it.

Only HTTP and validation; loading and switching are `config_updates`'.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from xray_assets.catalog import ENDPOINT_NAME
from xray_assets.serving.control.config_document import EndpointConfig, parse_config
from xray_assets.serving.control.config_store import (
    ConfigStore,
    EndpointRecord,
    StoreContent,
    now_ms,
)
from xray_assets.serving.control.config_updates import ConfigUpdates
from xray_assets.serving.control.endpoint_document import endpoint_document
from xray_assets.serving.control.json_requests import json_object
from xray_assets.serving.control.openapi import (
    CONFIG_BODY,
    CREATE_BODY,
    GATEWAY_BODY,
    NAME_PATTERN,
    TAGS_BODY,
)
from xray_assets.serving.control.update_lead import pend
from xray_assets.web.accounts import Accounts
from xray_assets.web.refusals import (
    AlreadyExists,
    InvalidParameter,
    OlderGeneration,
    UnknownEndpoint,
    UpdateInProgress,
)
from xray_assets.web.roles import Act

PREFIX = "/api/2.0/serving-endpoints"
MAX_ENDPOINTS = 8
_MAX_TAGS = 64


def control_routes(*, store: ConfigStore, updates: ConfigUpdates, accounts: Accounts) -> APIRouter:
    """The routes, bound to the parts they use."""
    router = APIRouter()

    def described(record: EndpointRecord) -> dict[str, Any]:
        live = updates.live.get(record.name)
        ready = live is not None and record.name not in updates.not_ready
        return endpoint_document(record, ready=ready, switched=updates.switched_everywhere(record))

    def stored(name: str) -> EndpointRecord:
        record = store.read().endpoints.get(name)
        if record is None:
            raise UnknownEndpoint(
                f"there is no endpoint of this name; this project's is {ENDPOINT_NAME!r}"
            )
        return record

    @router.get(PREFIX + "/", include_in_schema=False)
    @router.get(PREFIX, summary="List the endpoints")
    async def list_endpoints(request: Request) -> JSONResponse:
        _demand(request, accounts, Act.OBSERVE)
        return JSONResponse(
            {"endpoints": [described(record) for record in store.read().endpoints.values()]}
        )

    @router.post(PREFIX + "/", include_in_schema=False)
    @router.post(PREFIX, summary="Create an endpoint", openapi_extra=CREATE_BODY)
    async def create_endpoint(request: Request) -> JSONResponse:
        _demand(request, accounts, Act.OPERATE)
        body = await json_object(request)
        name = _valid_name(body.get("name"))
        tags, gateway = _tags(body.get("tags") or []), _object(body.get("ai_gateway"), "ai_gateway")

        def edit(content: StoreContent) -> EndpointRecord:
            if name in content.endpoints:
                raise AlreadyExists(f"the endpoint {name!r} exists: update its config")
            if len(content.endpoints) >= MAX_ENDPOINTS:
                raise InvalidParameter(f"this server holds at most {MAX_ENDPOINTS} endpoints")
            record = EndpointRecord(
                name, "operator", now_ms(), now_ms(), tags=tags, ai_gateway=gateway
            )
            if body.get("config") is not None:
                config = _next_config(content, body["config"])
                record.generation = config.generation or 0
                pend(record, config)
            content.endpoints[name] = record
            return record

        return JSONResponse(described(updates.propose(edit)))

    @router.get(PREFIX + "/{name}", summary="Read an endpoint and its state")
    async def read_endpoint(request: Request, name: str) -> JSONResponse:
        _demand(request, accounts, Act.OBSERVE)
        return JSONResponse(described(stored(name)))

    @router.put(
        PREFIX + "/{name}/config", summary="Change what is served", openapi_extra=CONFIG_BODY
    )
    async def update_config(request: Request, name: str) -> JSONResponse:
        _demand(request, accounts, Act.OPERATE)
        body = await json_object(request)

        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            if record.pending is not None:
                raise UpdateInProgress(
                    "another config update is in progress: wait until it has ended"
                )
            config = _next_config(content, body)
            if config.generation is not None:
                if config.generation < record.generation:
                    raise OlderGeneration(
                        f"the config is of generation {config.generation}, and one of generation "
                        f"{record.generation} was sent: read gold.experiments again"
                    )
                record.generation = config.generation
            pend(record, config)
            return record

        return JSONResponse(described(updates.propose(edit)))

    @router.put(
        PREFIX + "/{name}/ai-gateway",
        summary="Set the AI gateway's options",
        openapi_extra=GATEWAY_BODY,
    )
    async def put_ai_gateway(request: Request, name: str) -> JSONResponse:
        _demand(request, accounts, Act.OPERATE)
        gateway = await json_object(request)
        _object(gateway.get("inference_table_config"), "inference_table_config")

        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            record.ai_gateway, record.updated_ms = gateway, now_ms()
            return record

        return JSONResponse(updates.propose(edit).ai_gateway)

    @router.patch(PREFIX + "/{name}/tags", summary="Add and delete tags", openapi_extra=TAGS_BODY)
    async def patch_tags(request: Request, name: str) -> JSONResponse:
        _demand(request, accounts, Act.OPERATE)
        body = await json_object(request)
        added = _tags(body.get("add_tags") or [])
        deleted = body.get("delete_tags") or []
        if not isinstance(deleted, list) or not all(isinstance(key, str) for key in deleted):
            raise InvalidParameter("'delete_tags' must be a list of keys")

        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            gone = {*deleted, *(tag["key"] for tag in added)}
            tags = [tag for tag in record.tags if tag["key"] not in gone] + added
            if len(tags) > _MAX_TAGS:
                raise InvalidParameter(f"an endpoint has at most {_MAX_TAGS} tags")
            record.tags, record.updated_ms = tags, now_ms()
            return record

        return JSONResponse({"tags": updates.propose(edit).tags})

    @router.delete(PREFIX + "/{name}", summary="Delete an endpoint")
    async def delete_endpoint(request: Request, name: str) -> JSONResponse:
        _demand(request, accounts, Act.OPERATE)

        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            del content.endpoints[name]
            return EndpointRecord(record.name, record.creator, record.created_ms, record.updated_ms)

        updates.propose(edit)
        return JSONResponse({})

    return router


def _demand(request: Request, accounts: Accounts, act: Act) -> None:
    accounts.account(request.headers.get("authorization")).demand(act)


def _of(content: StoreContent, name: str) -> EndpointRecord:
    record = content.endpoints.get(name)
    if record is None:
        raise UnknownEndpoint("there is no endpoint of this name: create it first")
    return record


def _next_config(content: StoreContent, body: Any) -> EndpointConfig:
    config = parse_config(body, config_version=content.last_config_version + 1)
    content.last_config_version = config.config_version
    return config


def _valid_name(name: Any) -> str:
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter("'name' must be 1 to 63 letters, digits, '-' or '_'")
    return name


def _tags(tags: Any) -> list[dict[str, str]]:
    if (
        not isinstance(tags, list)
        or len(tags) > _MAX_TAGS
        or not all(
            isinstance(tag, dict)
            and isinstance(tag.get("key"), str)
            and isinstance(tag.get("value", ""), str)
            and 0 < len(tag["key"]) <= 256
            and len(tag.get("value", "")) <= 1024
            for tag in tags
        )
    ):
        raise InvalidParameter(
            f"tags must be a list of at most {_MAX_TAGS} objects with text 'key' and 'value'"
        )
    return [{"key": tag["key"], "value": tag.get("value", "")} for tag in tags]


def _object(value: Any, name: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise InvalidParameter(f"'{name}' must be an object")
    return value or {}
