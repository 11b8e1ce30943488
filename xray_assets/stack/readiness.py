"""Questions to running processes, answered within two seconds: is it there, is it ready?"""

import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.stack import dagster_api

TIMEOUT_SECONDS = 2.0

_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    name locationOrLoadError { __typename ... on PythonError { message } }
} } } }"""
_DAEMONS = """{ instance { daemonHealth { allDaemonStatuses {
    required healthy lastHeartbeatTime
} } } }"""


class NotLoadableError(XrayError):
    """Dagster runs but cannot load the definitions; the message is Dagster's own."""


def is_free(host: str, port: int) -> bool:
    """True when a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listens(path: Path) -> bool:
    """True when a process accepts connections on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def status(url: str) -> int | None:
    """HTTP status of a GET; None when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own http:// URLs
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None


def answers(url: str) -> bool:
    """True when something answers; the endpoint's health is 503 until it has a model: it runs"""
    return status(url) is not None


def dagster_loaded(url: str) -> bool:
    """True when the webserver shows every code location as loaded.

    Raises NotLoadableError when one cannot be loaded.
    """
    found = _graphql(url, _LOCATIONS)
    entries = (found or {}).get("workspaceOrError", {}).get("locationEntries", [])
    for entry in entries:
        outcome = entry["locationOrLoadError"] or {}
        if outcome.get("__typename") == "PythonError":
            raise NotLoadableError(
                f"Dagster cannot load {entry['name']}: {outcome['message'].strip()}"
            )
    return bool(entries) and all(entry["locationOrLoadError"] for entry in entries)


def daemon_healthy(url: str, since: float = 0.0) -> bool:
    """True when the webserver saw a heartbeat of every required daemon since a Unix time.

    A daemon listens nowhere, so its heartbeats are its sign; Dagster itself calls one healthy for
    five minutes after its end.
    """
    found = _graphql(url, _DAEMONS)
    states = (found or {}).get("instance", {}).get("daemonHealth", {}).get("allDaemonStatuses", [])
    required = [state for state in states if state["required"]]
    return bool(required) and all(
        state["healthy"] and (state["lastHeartbeatTime"] or 0) >= since for state in required
    )


def _graphql(url: str, query: str) -> dict[str, Any] | None:
    try:
        return dagster_api.query(url, query, timeout_seconds=TIMEOUT_SECONDS)
    except (OSError, ValueError, dagster_api.DagsterRefused):
        return None
