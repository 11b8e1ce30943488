"""Reads the JSON object of a control-plane request. The hot path has its own reader."""

import json
from typing import Any

from fastapi import Request

from xray_assets.web.refusals import BadRequest, BodyTooLarge

MAX_CONTROL_BODY = 256 * 1024


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a dict; raises BadRequest or BodyTooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_CONTROL_BODY:
            raise BodyTooLarge(f"the body is over {MAX_CONTROL_BODY} bytes")
    try:
        document = json.loads(bytes(body) or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(document, dict):
        raise BadRequest("send a JSON object")
    if not _storable(document):
        raise BadRequest("the body holds text that is not Unicode, or is nested too deeply")
    return document


def _storable(document: dict[str, Any]) -> bool:
    """True when the store can write it and the REST API can send it: no NaN, no lone surrogate."""
    try:
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True
