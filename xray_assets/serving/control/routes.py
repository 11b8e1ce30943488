"""`/api/2.0/serving-endpoints...`: create, read, change and delete endpoints as the Databricks SDK
and MLflow ask for it.

Only HTTP and validation; loading and switching are `config_updates`'.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from xray_assets.catalog import ENDPOINT_NAME
from xray_assets.serving.control.bodies import (
    MAX_TAGS,
    ConfigBody,
    CreateBody,
    GatewayBody,
    Tag,
    TagsBody,
)
from xray_assets.serving.control.config_document import EndpointConfig, parse_config
from xray_assets.serving.control.config_store import (
    ConfigStore,
    EndpointRecord,
    StoreContent,
    now_ms,
)
from xray_assets.serving.control.config_updates import ConfigUpdates
from xray_assets.serving.control.endpoint_document import endpoint_document
from xray_assets.serving.control.openapi import ERRORS, HTTP_BEARER
from xray_assets.serving.control.update_lead import pend
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


def demands(act: Act) -> Any:
    """A dependency: the caller's role must allow the act."""

    async def check(request: Request) -> None:
        request.scope["account"].demand(act)

    return Depends(check)


OBSERVE, OPERATE = [demands(Act.OBSERVE)], [demands(Act.OPERATE)]


def control_routes(*, store: ConfigStore, updates: ConfigUpdates) -> APIRouter:
    """The routes, bound to the parts they use."""
    router = APIRouter(prefix=PREFIX, responses=ERRORS, dependencies=[HTTP_BEARER])

    def described(record: EndpointRecord) -> dict[str, Any]:
        live = updates.live.get(record.name)
        ready = live is not None and record.name not in updates.not_ready
        return endpoint_document(record, ready=ready, switched=updates.switched_everywhere(record))

    @router.get("/", include_in_schema=False, dependencies=OBSERVE)
    @router.get("", summary="List the endpoints", dependencies=OBSERVE)
    async def list_endpoints() -> JSONResponse:
        records = store.read().endpoints.values()
        return JSONResponse({"endpoints": [described(record) for record in records]})

    @router.post("/", include_in_schema=False, dependencies=OPERATE)
    @router.post("", summary="Create an endpoint", dependencies=OPERATE)
    async def create_endpoint(body: CreateBody) -> JSONResponse:
        def edit(content: StoreContent) -> EndpointRecord:
            if body.name in content.endpoints:
                raise AlreadyExists(f"the endpoint {body.name!r} exists: update its config")
            if len(content.endpoints) >= MAX_ENDPOINTS:
                raise InvalidParameter(f"this server holds at most {MAX_ENDPOINTS} endpoints")
            record = EndpointRecord(body.name, "operator", now_ms(), now_ms())
            record.tags = _stored(body.tags)
            record.ai_gateway = body.ai_gateway.sent() if body.ai_gateway else {}
            if body.config is not None:
                pend(record, _next_config(content, record, body.config))
            content.endpoints[body.name] = record
            return record

        return JSONResponse(described(updates.propose(edit)))

    @router.get("/{name}", summary="Read an endpoint and its state", dependencies=OBSERVE)
    async def read_endpoint(name: str) -> JSONResponse:
        return JSONResponse(described(_of(store.read(), name)))

    @router.put("/{name}/config", summary="Change what is served", dependencies=OPERATE)
    async def update_config(name: str, body: ConfigBody) -> JSONResponse:
        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            if record.pending is not None:
                raise UpdateInProgress(
                    "another config update is in progress: wait until it has ended"
                )
            pend(record, _next_config(content, record, body))
            return record

        return JSONResponse(described(updates.propose(edit)))

    @router.put("/{name}/ai-gateway", summary="Set the AI gateway's options", dependencies=OPERATE)
    async def put_ai_gateway(name: str, body: GatewayBody) -> JSONResponse:
        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            record.ai_gateway, record.updated_ms = body.sent(), now_ms()
            return record

        return JSONResponse(updates.propose(edit).ai_gateway)

    @router.patch("/{name}/tags", summary="Add and delete tags", dependencies=OPERATE)
    async def patch_tags(name: str, body: TagsBody) -> JSONResponse:
        added = _stored(body.add_tags)

        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            gone = {*(body.delete_tags or ()), *(tag["key"] for tag in added)}
            tags = [tag for tag in record.tags if tag["key"] not in gone] + added
            if len(tags) > MAX_TAGS:
                raise InvalidParameter(f"an endpoint has at most {MAX_TAGS} tags")
            record.tags, record.updated_ms = tags, now_ms()
            return record

        return JSONResponse({"tags": updates.propose(edit).tags})

    @router.delete("/{name}", summary="Delete an endpoint", dependencies=OPERATE)
    async def delete_endpoint(name: str) -> JSONResponse:
        def edit(content: StoreContent) -> EndpointRecord:
            record = _of(content, name)
            del content.endpoints[name]
            return EndpointRecord(record.name, record.creator, record.created_ms, record.updated_ms)

        updates.propose(edit)
        return JSONResponse({})

    return router


def _of(content: StoreContent, name: str) -> EndpointRecord:
    record = content.endpoints.get(name)
    if record is None:
        raise UnknownEndpoint(
            f"there is no endpoint of this name; this project's is {ENDPOINT_NAME!r}"
        )
    return record


def _next_config(content: StoreContent, record: EndpointRecord, body: ConfigBody) -> EndpointConfig:
    """The config with the next number; raises OlderGeneration when a newer state was served."""
    config = parse_config(body, config_version=content.last_config_version + 1)
    if config.generation is not None:
        if config.generation < record.generation:
            raise OlderGeneration(
                f"the config is of generation {config.generation}, and one of generation "
                f"{record.generation} was sent: read gold.experiments again"
            )
        record.generation = config.generation
    content.last_config_version = config.config_version
    return config


def _stored(tags: list[Tag] | None) -> list[dict[str, str]]:
    return [tag.model_dump() for tag in tags or ()]
