"""Every server x method x page x content type x host: what another web page sends is refused.

In a real browser: `python -m benchmarks.web.cross_site`.
"""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.feedback_api.routes import feedback_api
from xray_assets.room.application import room_app
from xray_assets.serving.process.application import Application
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.settings import Settings
from xray_assets.stack.gated import dagster_webserver, mlflow_ui
from xray_assets.web.origin import allowed_hosts, refusal

HOST = "127.0.0.1:3000"
MUTATION = "mutation { setNuxSeen }"
SURFACES = ("endpoint", "feedback", "room", "dagster", "mlflow")
PAGES: dict[str, dict[str, str]] = {
    "fetch": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "old browser": {"Origin": "https://evil.example"},
    "sandboxed": {"Origin": "null"},
    "other port": {"Origin": "http://127.0.0.1:5000", "Sec-Fetch-Site": "same-site"},
    "our name, longer": {"Origin": f"http://{HOST}.evil.example"},
    "image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "frame": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "iframe",
    },
    "form": {
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    },
}
FOREIGN_HOSTS = ("evil.example", "evil.example:3000", "127.0.0.1.evil.example", "127.0.0.2", "")
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")
KINDS = ("application/json", "text/plain", "application/x-www-form-urlencoded", "")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state=tmp_path_factory.mktemp("state"), token="operator", client_tokens="c")


@pytest.fixture(scope="module")
def surfaces(settings: Settings) -> Iterator[dict[str, Any]]:
    async def mlflow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    settings.dagster_home.mkdir()
    with (
        pytest.MonkeyPatch.context() as environment,
        DagsterInstance.from_config(str(settings.dagster_home)) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as context,
    ):
        environment.setenv("DAGSTER_HOME", str(settings.dagster_home))
        dagster = create_app_from_workspace_process_context(context)
        yield {
            "endpoint": Application(settings, ServerLog()),
            "feedback": feedback_api(settings),
            "room": room_app(settings),
            "dagster": dagster_webserver.guarded(dagster, settings),
            "mlflow": mlflow_ui.guarded(mlflow, settings),
        }


def client(application: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}")


def send(application: Any, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(application) as one:
            return await one.request(method, path, **options)

    return asyncio.run(once())


@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_that_another_page_sends_is_accepted(
    surfaces: dict[str, Any], surface: str
) -> None:
    async def accepted() -> list[tuple[str, ...]]:
        found = []
        async with client(surfaces[surface]) as browser:
            foreign = [(page, headers, HOST) for page, headers in PAGES.items()]
            foreign += [("none", {}, host) for host in FOREIGN_HOSTS]
            for method, kind, (page, headers, host) in itertools.product(METHODS, KINDS, foreign):
                if page == "form" and method in ("GET", "HEAD"):
                    continue  # a browser sends no Origin with these
                answer = await browser.request(
                    method,
                    "/graphql",
                    params={"query": MUTATION},
                    headers={
                        **headers,
                        "Host": host,
                        "Content-Type": kind,
                        "Authorization": "Bearer operator",
                    },
                )
                if answer.status_code != 403:
                    found.append((method, kind, page, host))
        return found

    assert asyncio.run(accepted()) == []


@pytest.mark.parametrize("surface", SURFACES)
def test_programs_own_pages_and_links_are_answered(surfaces: dict[str, Any], surface: str) -> None:
    page = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for headers in (
        {},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"},
        page | {"Sec-Fetch-Site": "none"},
        page | {"Sec-Fetch-Site": "cross-site"},
        {"Host": "localhost"},
        {"Host": "LOCALHOST:3000"},
        {"Host": "[::1]:3000"},
    ):
        assert send(surfaces[surface], "GET", "/nothing", headers=headers).status_code != 403


@pytest.mark.parametrize("surface", SURFACES)
def test_no_websocket_is_opened_for_another_page(surfaces: dict[str, Any], surface: str) -> None:
    for headers in (*PAGES.values(), {"Host": "evil.example"}):
        assert websocket_answers(surfaces[surface], headers) == ["websocket.close"], headers


def websocket_answers(application: Any, headers: dict[str, str]) -> list[str]:
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def keep(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    raw = {"Host": HOST} | headers
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in raw.items()],
        "subprotocols": ["graphql-ws"],
    }
    asyncio.run(application(scope, receive, keep))
    return sent


@pytest.mark.parametrize(
    "query",
    [
        MUTATION,
        "query a { version } mutation b { setNuxSeen }",
        "subscription { locationStateChangeEvents { event { message } } }",
    ],
)
def test_dagster_changes_nothing_by_get(surfaces: dict[str, Any], query: str) -> None:
    for params in ({"query": query}, [("query", query), ("query", "{ version }")]):
        for path in ("/graphql", "/graphql/"):
            answer = send(surfaces["dagster"], "GET", path, params=params)
            assert answer.status_code == 405, answer.text
    assert send(surfaces["dagster"], "GET", "/graphql", params={"query": "{ version }"}).is_success


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain; application/json", "application/graphql", ""]
)
def test_dagster_changes_nothing_by_what_a_form_can_send(
    surfaces: dict[str, Any], kind: str
) -> None:
    answer = send(
        surfaces["dagster"],
        "POST",
        "/graphql",
        params={"query": MUTATION},
        content=f'{{"query": "{MUTATION}"}}',
        headers={"Content-Type": kind},
    )
    assert answer.status_code == 415


def test_dagsters_own_page_still_works(surfaces: dict[str, Any]) -> None:
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    answer = send(surfaces["dagster"], "POST", "/graphql", json={"query": MUTATION}, headers=own)
    assert answer.json() == {"data": {"setNuxSeen": True}}
    assert "<html" in send(surfaces["dagster"], "GET", "/").text


def test_nobody_reports_materializations_over_http(surfaces: dict[str, Any]) -> None:
    path = "/report_asset_materialization/gold/promotion_decision"
    assert send(surfaces["dagster"], "POST", path, json={}).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/ajax-api/2.0/mlflow/model-versions/create", 405),
        ("POST", "/api/2.0/mlflow/registered-models/alias", 405),
        ("DELETE", "/api/2.0/mlflow/runs/delete", 405),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/x", 405),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", 200),
        ("GET", "/get-artifact", 200),
    ],
)
def test_mlflows_pages_only_show(
    surfaces: dict[str, Any], method: str, path: str, status: int
) -> None:
    assert send(surfaces["mlflow"], method, path, json={}).status_code == status


def test_more_names_of_this_machine_can_be_allowed(tmp_path: Path) -> None:
    hosts = allowed_hosts(Settings(state=tmp_path, host="0.0.0.0", allowed_hosts="pacs1, Node.lan"))
    for host in (b"pacs1", b"node.lan:8600", b"0.0.0.0:8600"):
        assert refusal({b"host": host}, hosts) is None
    assert refusal({b"host": b"pacs2"}, hosts) is not None


@given(st.binary(max_size=40), st.none() | st.binary(max_size=40), st.none() | st.binary())
def test_no_header_breaks_the_check_and_only_our_names_pass(
    host: bytes, origin: bytes | None, site: bytes | None
) -> None:
    hosts = frozenset({b"localhost", b"[::1]"})
    headers = {b"host": host, b"origin": origin, b"sec-fetch-site": site}
    given_headers = {name: value for name, value in headers.items() if value is not None}
    if refusal(given_headers, hosts) is None:
        assert host.lower().startswith((b"localhost", b"[::1]"))
        assert origin is None or origin.lower().endswith(b"://" + host.lower())
        assert site in (None, b"same-origin", b"none")
