"""Templates, and the page that one gives: every value is escaped, a missing one is an error.

Templates are named by their path in this room: `templates/base.html`, `dashboard/page.html`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xray_assets.room.navigation import RECORD, links_for

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page of a template, for who calls: it knows `account`, `csrf`, `path`, `links` and
    `record` too.
    """
    account = request.state.account
    frame = {
        "account": account,
        "csrf": request.state.csrf,
        "by_proxy": request.state.by_proxy,
        "links": links_for(account),
        "path": request.url.path,
        "record": RECORD,
    }
    text = TEMPLATES.get_template(template).render(frame | values)
    return HTMLResponse(text, status, headers=headers)
