"""Dagster's webserver behind our gate: `python -m <this module> WORKSPACE`.

Dagster's own takes mutations by GET and from any page, and looks at neither Host nor Origin. Here
its application is the same, what reaches it is not: nothing of foreign pages, changes only by POST
of JSON to /graphql. Nobody is asked for a token, so it listens where XRAY_DAGSTER_HOST says and
nowhere else.
"""

import sys
from urllib.parse import parse_qsl

from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from xray_assets.settings import Settings
from xray_assets.web.bounds import DAGSTER
from xray_assets.web.gate import Gate
from xray_assets.web.http_answers import Application, Receive, Scope, Send, answer_refusal
from xray_assets.web.origin import allowed_hosts
from xray_assets.web.refusals import MethodNotAllowed, Refusal, UnsupportedMedia
from xray_assets.web.server import serve


def main(workspace: str) -> None:
    """Serve the code locations of a workspace file until a signal."""
    settings = Settings()
    with (
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget([workspace]), version=__version__
        ) as context,
    ):
        instance.optimize_for_webserver(
            statement_timeout=15_000, pool_recycle=3600, max_overflow=20
        )
        serve(
            guarded(create_app_from_workspace_process_context(context), settings),
            "Dagster",
            host=settings.dagster_host,
            port=settings.dagster_port,
            setting="XRAY_DAGSTER_PORT",
            ws="auto",
        )


def guarded(application: Application, settings: Settings) -> Gate:
    """The application behind the gate."""
    return Gate(OnlyPostChanges(application), hosts=allowed_hosts(settings), bounds=DAGSTER)


class OnlyPostChanges:
    """Refuses what would change something in any other way than POST of JSON to /graphql."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or call the application."""
        refused = _refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._application(scope, receive, send)
        else:
            await answer_refusal(send, refused)


def _refusal(scope: Scope) -> Refusal | None:
    if scope["method"] in ("GET", "HEAD"):
        sent = parse_qsl(scope["query_string"].decode("latin-1"))
        if all(_only_asks(value) for name, value in sent if name == "query"):
            return None
        return MethodNotAllowed("a GET changes nothing: send mutations with POST")
    if scope["method"] != "POST" or scope["path"] != "/graphql":
        return MethodNotAllowed("only /graphql takes anything but GET, and that is POST")
    kind = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0]
    if kind.strip().lower() != b"application/json":
        return UnsupportedMedia("send JSON: 'Content-Type: application/json'")
    return None


def _only_asks(query: str) -> bool:
    """True for a query without mutation; what is no GraphQL is Dagster's to refuse."""
    try:
        definitions = parse(query).definitions
    except GraphQLError:
        return True
    return all(
        one.operation is OperationType.QUERY
        for one in definitions
        if isinstance(one, OperationDefinitionNode)
    )


if __name__ == "__main__":
    main(sys.argv[1])
