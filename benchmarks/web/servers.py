"""Every HTTP server of the house as a process on a free port and a state folder of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

COMMANDS = {
    "endpoint": ("xray_assets.serving", "XRAY_ENDPOINT_PORT", "/health"),
    "feedback": ("xray_assets.feedback_api", "XRAY_FEEDBACK_PORT", "/health"),
    "room": ("xray_assets.room", "XRAY_ROOM_PORT", "/health"),
    "dagster": ("xray_assets.stack.gated.dagster_webserver", "XRAY_DAGSTER_PORT", "/server_info"),
    "mlflow": ("xray_assets.stack.gated.mlflow_ui", "XRAY_MLFLOW_PORT", "/health"),
}
TOKEN = "operator"


@dataclass
class Server:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    state: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def megabytes(self) -> float:
        """Resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextmanager
def running(state: Path, names: Iterable[str] = COMMANDS) -> Iterator[list[Server]]:
    """These, answering."""
    with ExitStack() as stack:
        servers = [stack.enter_context(_one(name, state)) for name in names]
        for server in servers:
            _await(f"{server.url}{COMMANDS[server.name][2]}")
        yield servers


@contextmanager
def _one(name: str, state: Path) -> Iterator[Server]:
    module, variable, _ = COMMANDS[name]
    folder, port = state / name, _free_port()
    (folder / "dagster").mkdir(parents=True)
    (folder / "mlflow").mkdir()
    (folder / "dagster" / "dagster.yaml").touch()
    (folder / "workspace.yaml").write_text("load_from: []\n")
    workspace = [str(folder / "workspace.yaml")] if name == "dagster" else []
    environment = os.environ | {
        "XRAY_STATE": str(folder),
        "XRAY_TOKEN": TOKEN,
        "DAGSTER_HOME": str(folder / "dagster"),
        variable: str(port),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *workspace],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield Server(name, port, process, folder)
    finally:
        process.terminate()
        process.wait(60)


def _await(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
