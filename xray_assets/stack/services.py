"""Which processes there are: how each is started, and when it counts as ready. None is started."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from xray_assets.errors import XrayError
from xray_assets.runs.server import SOCKET_VARIABLE
from xray_assets.settings import Settings
from xray_assets.stack import readiness
from xray_assets.stack.code_location import code_location
from xray_assets.stack.environment import process_environment
from xray_assets.web.listening import socket_folder

CODE_SERVER, RUN_SERVER = "code-server", "run-server"
WEBSERVER, DAEMON = "webserver", "daemon"
ENDPOINT, FEEDBACK_API, ROOM, MLFLOW_UI = "endpoint", "feedback-api", "room", "mlflow"

GROUPS = {"dagster": (CODE_SERVER, RUN_SERVER, WEBSERVER, DAEMON)}
"""Names for several services at once."""

CODE_SOCKET, RUN_SOCKET = "code.sock", "runs.sock"

RUN_MODULES = (
    "xray_assets.cases.decision",
    "xray_assets.cases.performance_run",
    "xray_assets.pictures.decisions",
    "xray_assets.promotion",
)
"""What the assets import late: the run server has it ready."""

DEFAULT_SERVICES = (*GROUPS["dagster"], ENDPOINT, FEEDBACK_API, ROOM)
"""What `xray up` and `xray demo` start. The MLflow UI costs hundreds of MB: on request only."""


@dataclass(frozen=True)
class Service:
    """One process: its command, where it listens, which setting moves it, what it starts after."""

    name: str
    title: str
    command: tuple[str, ...]
    is_ready: Callable[[float], bool]
    """Asked with the Unix time of the start."""
    url: str | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    port_setting: str = ""
    after: tuple[str, ...] = ()
    ready_seconds: float = 90.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """Tells a running process that was started otherwise, with other settings say."""
        ours = {k: v for k, v in self.environment.items() if k.startswith(("XRAY_", "DAGSTER_"))}
        text = json.dumps([self.command, sorted(ours.items())])
        return hashlib.sha256(text.encode()).hexdigest()


def services(settings: Settings, *, workspace: Path) -> dict[str, Service]:
    """Every service by name.

    The webserver and the daemon share one code server: 3 processes, 405 MB and 8.5 s until ready,
    where `dagster dev` took 5 processes, 624 MB and 22 s on the same two cores.
    """
    sockets = socket_folder(settings.state / "run")
    location, socket = code_location(workspace), sockets / CODE_SOCKET
    shared = settings.state / "run" / "workspace.yaml"
    shared.write_text(location.shared_workspace(socket))
    dagster_url = settings.dagster_url
    known = (
        Service(
            CODE_SERVER,
            "Dagster code server",
            _python("dagster", "api", "grpc", "--socket", str(socket), *location.arguments),
            lambda _started: readiness.listens(socket),
        ),
        Service(
            RUN_SERVER,
            "Dagster run server",
            _python(
                "xray_assets.runs.server", "--socket", str(sockets / RUN_SOCKET),
                *location.modules, *RUN_MODULES,
            ),
            lambda _started: readiness.listens(sockets / RUN_SOCKET),
        ),
        Service(
            WEBSERVER,
            "Dagster",
            _python("xray_assets.stack.gated.dagster_webserver", str(shared)),
            lambda _started: readiness.dagster_loaded(dagster_url),
            dagster_url,
            settings.dagster_host,
            settings.dagster_port,
            "dagster_port",
            after=(CODE_SERVER,),
        ),
        Service(
            DAEMON,
            "Dagster daemon",
            _python(
                "xray_assets.runs.daemon", "run", "--workspace", str(shared),
                "--log-level", "warning",
            ),
            lambda started: readiness.daemon_healthy(dagster_url, since=started),
            after=(CODE_SERVER,),
        ),
        Service(
            ENDPOINT,
            "Endpoint",
            _python("xray_assets.serving"),
            lambda _started: readiness.answers(f"{settings.endpoint_url}/health"),
            settings.endpoint_url,
            settings.host,
            settings.endpoint_port,
            "endpoint_port",
        ),
        Service(
            FEEDBACK_API,
            "Feedback API",
            _python("xray_assets.feedback_api"),
            lambda _started: readiness.answers(f"{settings.feedback_url}/health"),
            settings.feedback_url,
            settings.host,
            settings.feedback_port,
            "feedback_port",
        ),
        Service(
            ROOM,
            "Reading room",
            _python("xray_assets.room"),
            lambda _started: readiness.answers(f"{settings.room_url}/health"),
            settings.room_url,
            settings.host,
            settings.room_port,
            "room_port",
        ),
        Service(
            MLFLOW_UI,
            "MLflow",
            _python("xray_assets.stack.gated.mlflow_ui"),
            lambda _started: readiness.answers(f"{settings.mlflow_url}/health"),
            settings.mlflow_url,
            settings.dagster_host,
            settings.mlflow_port,
            "mlflow_port",
        ),
    )  # fmt: skip
    environment = process_environment(settings)
    environment[SOCKET_VARIABLE] = str(sockets / RUN_SOCKET)
    return {service.name: replace(service, environment=environment) for service in known}


def expand(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Names of services, groups resolved, in starting order; raises XrayError for unknown ones."""
    wanted = {member for name in names for member in GROUPS.get(name, (name,))}
    known = (*DEFAULT_SERVICES, MLFLOW_UI)
    if unknown := sorted(wanted - set(known)):
        choices = ", ".join((*GROUPS, *known))
        raise XrayError(f"no service {', '.join(unknown)}: choose from {choices}")
    return tuple(name for name in known if name in wanted)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
