"""Where files are fetched."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from xray_assets.room.access import demand
from xray_assets.room.export.files import (
    EXPORTED,
    MEDIA_TYPES,
    ROWS_LIMIT,
    Format,
    as_file,
    descriptions,
    newest_rows,
)
from xray_assets.room.pages import page
from xray_assets.room.records.pages import tables_of, versions
from xray_assets.web.roles import Act

routes = APIRouter(dependencies=[demand(Act.DASHBOARD)])


@routes.get("/export")
def get_contents(request: Request) -> Response:
    """What can be fetched."""
    return page(
        request,
        "export/page.html",
        tables=descriptions(),
        limit=ROWS_LIMIT,
        versions=versions(tables_of(request), *EXPORTED.values()),
    )


@routes.get("/export/{name}.{kind}")
def get_file(request: Request, name: str, kind: Format) -> Response:
    """A table's newest rows; the name of the file says the table's version."""
    if name not in EXPORTED:
        raise HTTPException(404)
    tables, key = tables_of(request), EXPORTED[name]
    version = tables.version(key)
    content = as_file(newest_rows(tables.read(key), key), kind)
    file = f"{name}-version-{version if version is not None else 'none'}.{kind}"
    return Response(
        content,
        media_type=MEDIA_TYPES[kind],
        headers={"content-disposition": f'attachment; filename="{file}"'},
    )
