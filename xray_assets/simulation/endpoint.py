"""The endpoint in this process, so that its clock is the simulation's: its own worker on its own
socket, in a thread, and a client that sends a day's requests.
"""

import asyncio
import base64
import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import httpx

from xray_assets import clock
from xray_assets.catalog import ENDPOINT_NAME
from xray_assets.serving.hot_path.body_formats import PATIENT_FIELD, SITE_FIELD
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.serving.process.worker import run_worker
from xray_assets.settings import Settings
from xray_assets.simulation.clinic import Request

_CONNECTIONS = 8
_BACKLOG = 64
_STOP_SECONDS = 60.0
LOG = "endpoint.log"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Endpoint:
    """Serves between entering and leaving; what it says of itself is in `<state>/logs`."""

    def __init__(self, settings: Settings, token: str) -> None:
        """`token`: of the account that sends. Nothing is opened yet."""
        self._settings, self._token = settings, token
        self._lifeline: tuple[int, int] = (-1, -1)
        self._log: IO[str] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Endpoint":
        """Listen, and begin to serve. Raises OSError where the port is taken."""
        folder: Path = self._settings.state / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / LOG).open("a")
        listener = socket.create_server(
            (self._settings.host, self._settings.endpoint_port), backlog=_BACKLOG
        )
        self._lifeline = os.pipe()
        self._thread = threading.Thread(
            target=run_worker,
            args=(self._settings, listener, ServerLog(self._log)),
            kwargs={"lifeline": self._lifeline[0]},
            name="endpoint",
            daemon=True,
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Answer what is in work, then stop."""
        os.close(self._lifeline[1])
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        with suppress(OSError):
            os.close(self._lifeline[0])
        if self._log is not None:
            self._log.close()

    def send(self, requests: Sequence[Request]) -> list[str | None]:
        """Send requests at their times, those of one time side by side; the id of each that was
        answered, None for one that was refused.
        """
        return asyncio.run(self._send(requests))

    async def _send(self, requests: Sequence[Request]) -> list[str | None]:
        ids: list[str | None] = []
        limits = httpx.Limits(max_connections=_CONNECTIONS)
        headers = {"Authorization": f"Bearer {self._token}"}
        async with httpx.AsyncClient(
            base_url=self._settings.endpoint_url, headers=headers, limits=limits, timeout=60
        ) as client:
            for at in sorted({request.at for request in requests}):
                group = [request for request in requests if request.at == at]
                with clock.set_to(at):
                    ids += await asyncio.gather(*(_sent(client, request) for request in group))
        return ids


async def _sent(client: httpx.AsyncClient, request: Request) -> str | None:
    records = []
    for film in request.films:
        record = {"image": base64.b64encode(film).decode()}
        if request.patient_id is not None:
            record[PATIENT_FIELD] = request.patient_id
        if request.site is not None:
            record[SITE_FIELD] = request.site
        records.append(record)
    answer = await client.post(
        f"/serving-endpoints/{ENDPOINT_NAME}/invocations", json={"dataframe_records": records}
    )
    return answer.headers.get("databricks-request-id") if answer.is_success else None
