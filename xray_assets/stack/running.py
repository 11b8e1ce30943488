"""What runs already, whoever started it: found by the records in the state folder."""

from pathlib import Path

from xray_assets.settings import Settings
from xray_assets.stack import processes
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.services import DAEMON, WEBSERVER
from xray_assets.web.listening import remove_socket_folder

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL: the endpoint drains, Dagster's runs record their end."""

_FIRST = (DAEMON, WEBSERVER)
"""Stopped before the services that they ask: else their logs end in tracebacks."""


def run_folder(settings: Settings) -> Path:
    """Where the records of running processes lie."""
    return settings.state / "run"


def running(settings: Settings) -> dict[str, RunningProcess]:
    """The processes that were started from this state folder and still run, by name."""
    return processes.remembered(run_folder(settings))


def recorded(settings: Settings) -> dict[str, RunningProcess]:
    """The processes of this state folder that nobody stopped, dead ones too."""
    return processes.recorded(run_folder(settings))


def below(settings: Settings, folder: Path) -> list[Settings]:
    """The settings of every stack that was started from this folder or from one in it."""
    records = (*folder.glob("run/*.json"), *folder.glob("*/run/*.json"))
    states = sorted({record.parent.parent for record in records})
    return [settings.model_copy(update={"state": state}) for state in states]


def stop(settings: Settings, chosen: dict[str, RunningProcess]) -> None:
    """End these processes as `end` does; with the last one, what they shared goes too."""
    end(settings, chosen)
    if not running(settings):
        remove_socket_folder(run_folder(settings))


def end(settings: Settings, chosen: dict[str, RunningProcess]) -> None:
    """End these processes with all their descendants, and forget them.

    A dead one is forgotten too, so that its supervisor does not start it again.
    """
    folder = run_folder(settings)
    for process in chosen.values():
        processes.mark_stopping(process, folder)
    first = [process for name, process in chosen.items() if name in _FIRST]
    for wave in (first, [process for process in chosen.values() if process not in first]):
        processes.stop_processes(
            [process for process in wave if process.is_alive], grace_seconds=GRACE_SECONDS
        )
    for process in chosen.values():
        processes.end_leftovers(process)
        processes.forget(process, folder)
