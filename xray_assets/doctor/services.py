"""Ports and running services: whose they are, and how they are."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

from xray_assets.doctor.finding import FAIL, OK, WARN, Finding
from xray_assets.settings import Settings
from xray_assets.stack import readiness
from xray_assets.stack.environment import variable
from xray_assets.stack.running import running
from xray_assets.stack.services import (
    CODE_SERVER,
    DAEMON,
    ENDPOINT,
    FEEDBACK_API,
    MLFLOW_UI,
    ROOM,
    WEBSERVER,
)
from xray_assets.stack.status import unfinished

PORTS = {
    "dagster_port": WEBSERVER,
    "endpoint_port": ENDPOINT,
    "feedback_port": FEEDBACK_API,
    "room_port": ROOM,
    "mlflow_port": MLFLOW_UI,
}
PAGES = (WEBSERVER, MLFLOW_UI)


def ports(settings: Settings) -> Iterator[Finding]:
    """Each port: free, ours, or somebody else's."""
    alive = running(settings)
    for setting, service in PORTS.items():
        port, what = getattr(settings, setting), f"Port of {service} ({variable(setting)})"
        if service in alive and alive[service].port == port:
            yield Finding(OK, what, f"{port}, used by our process {alive[service].pid}")
        elif readiness.is_free(settings.dagster_host if service in PAGES else settings.host, port):
            yield Finding(OK, what, f"{port}, free")
        else:
            status = WARN if service == MLFLOW_UI else FAIL
            advice = f"stop what uses it, or choose another with {variable(setting)}=<port>"
            yield Finding(status, what, f"{port}, taken by another program", advice)


def health(settings: Settings) -> Iterator[Finding]:
    """Each service that should run together: whether it does, and whether it is well."""
    alive = running(settings)
    if not alive:
        yield Finding(OK, "Services", "none runs", "`xray up` starts them")
        return
    checks = {
        CODE_SERVER: lambda: None,
        WEBSERVER: lambda: _dagster_problem(settings),
        DAEMON: lambda: _daemon_problem(settings),
        ENDPOINT: lambda: _http_problem(f"{settings.endpoint_url}/health"),
        FEEDBACK_API: lambda: _http_problem(f"{settings.feedback_url}/health"),
        ROOM: lambda: _http_problem(f"{settings.room_url}/health"),
    }
    for name, problem_of in checks.items():
        if name not in alive:
            yield Finding(WARN, f"Service {name}", "does not run", f"`xray up {name}` starts it")
        elif problem := problem_of():
            yield Finding(WARN, f"Service {name}", problem, f"see {alive[name].log}")
        else:
            where = f" at {alive[name].url}" if alive[name].url else ""
            yield Finding(OK, f"Service {name}", f"process {alive[name].pid} is well{where}")


def runs(settings: Settings) -> Iterator[Finding]:
    """Runs that nobody carries out, or that are older than they should be."""
    unended = unfinished(settings)
    for run in unended:
        if run.is_dead or run.is_overdue:
            wrong = "its process is gone" if run.is_dead else "it is older than it should be"
            advice = "the daemon ends it" if run.is_dead else "look at it in Dagster; terminate it"
            yield Finding(WARN, f"Run of {run.job}", f"{run.run_id}: {wrong}", advice)
    if not any(run.is_dead or run.is_overdue for run in unended):
        yield Finding(OK, "Runs", f"{len(unended)} under way, none hangs")


def _dagster_problem(settings: Settings) -> str | None:
    try:
        return (
            None if readiness.dagster_loaded(settings.dagster_url) else "has not loaded the lineage"
        )
    except readiness.NotLoadableError as error:
        return str(error)


def _daemon_problem(settings: Settings) -> str | None:
    return None if readiness.daemon_healthy(settings.dagster_url) else "gives no sign of life"


def _http_problem(url: str) -> str | None:
    """Why a health page is not 200, in its own words."""
    try:
        with urllib.request.urlopen(url, timeout=readiness.TIMEOUT_SECONDS):  # noqa: S310 - ours
            return None
    except urllib.error.HTTPError as error:
        try:
            return json.load(error).get("message") or f"health is {error.code}"
        except ValueError:
            return f"health is {error.code}"
    except OSError as error:
        return f"does not answer: {error}"
