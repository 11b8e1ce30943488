"""What runs already, whoever started it: found by the records in the state folder."""

from pathlib import Path

from xray_assets.settings import Settings
from xray_assets.stack import processes
from xray_assets.stack.processes import RunningProcess
from xray_assets.web.listening import remove_socket_folder

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL: the endpoint drains, Dagster's runs record their end."""


def run_folder(settings: Settings) -> Path:
    """Where the records of running processes lie."""
    return settings.state / "run"


def running(settings: Settings) -> dict[str, RunningProcess]:
    """The processes that were started from this state folder and still run, by name."""
    return processes.remembered(run_folder(settings))


def stop(settings: Settings, chosen: dict[str, RunningProcess]) -> None:
    """End these processes with all their descendants, and forget them."""
    folder = run_folder(settings)
    for process in chosen.values():
        processes.mark_stopping(process, folder)
    processes.stop_processes(list(chosen.values()), grace_seconds=GRACE_SECONDS)
    for process in chosen.values():
        processes.forget(process, folder)
    if not processes.remembered(folder):
        remove_socket_folder(folder)
