"""An OpenAPI document as one plain HTML page: no scripts, nothing loaded from elsewhere. Pure."""

import json
from html import escape
from typing import Any

_STYLE = "body{font:16px sans-serif;max-width:50em;margin:2em auto}pre{background:#eee;padding:1em}"


def plain_page(document: dict[str, Any]) -> str:
    """The page: each route with what it is for and what its body may hold."""
    title = escape(document["info"]["title"])
    routes = "".join(
        _route(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<style>{_STYLE}</style><h1>{title}</h1>{routes}"
        "<p><a href=/openapi.json>openapi.json</a></p></html>"
    )


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    told = operation.get("description") or operation.get("summary", "")
    text = f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(told)}</p>"
    for body in operation.get("requestBody", {}).get("content", {}).values():
        text += f"<pre>{escape(json.dumps(body['schema'], indent=1))}</pre>"
    return text
