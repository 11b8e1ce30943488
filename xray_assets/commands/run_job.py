"""Run one job: in the running Dagster, whose queue keeps pools, else in this process."""

import os
import threading
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from xray_assets.commands.run_view import RunView
from xray_assets.errors import XrayError
from xray_assets.runs.identity import ProcessIdentity
from xray_assets.settings import Settings
from xray_assets.stack import dagster_api, running
from xray_assets.stack.environment import process_environment
from xray_assets.stack.services import CODE_SERVER, DAEMON, WEBSERVER
from xray_assets.stack.state import prepare_state

if TYPE_CHECKING:
    from dagster import DagsterInstance

LOOK_SECONDS = 0.3


class JobFailedError(XrayError):
    """The run did not succeed; the message names what failed, and where to see more."""


def run_job(
    settings: Settings, job: str, *, console: Console, config: Mapping[str, Any] | None = None
) -> str:
    """Run a job, show its steps as they go, and return the run's id.

    Raises XrayError for an unknown job, DagsterRefused when Dagster does not launch it,
    JobFailedError when the run does not succeed.
    """
    from xray_assets.jobs import jobs

    if job not in (known := [one.name for one in jobs]):
        raise XrayError(f"no job {job}: choose from {', '.join(known)}")
    prepare_state(settings)
    os.environ.update(process_environment(settings))
    warnings.filterwarnings("ignore", module="dagster")  # previews that it uses itself
    from dagster import DagsterInstance

    with DagsterInstance.get() as instance:
        alive = running.running(settings)
        if {CODE_SERVER, WEBSERVER, DAEMON} <= set(alive):
            url = alive[WEBSERVER].url or settings.dagster_url  # whatever this shell's ports are
            run_id = dagster_api.launch(url, job, config)
            console.print(f"{job}: {url}/runs/{run_id}")
            with _followed(instance, run_id, console) as view:
                view.wait_for_end()
        else:
            run_id = str(uuid.uuid4())
            console.print(f"{job}: in this process (`xray up` would queue it in Dagster)")
            with _followed(instance, run_id, console) as view:
                _execute(settings, instance, job, run_id, config or {})
                view.look()
    if not view.succeeded:
        raise JobFailedError(f"{job} did not succeed (run {run_id}): {view.problem}")
    return run_id


def _execute(
    settings: Settings,
    instance: "DagsterInstance",
    job: str,
    run_id: str,
    config: Mapping[str, Any],
) -> None:
    from xray_assets.definitions import build_definitions

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    build_definitions(settings).resolve_job_def(job).execute_in_process(
        run_config={**config, **quiet},
        instance=instance,
        run_id=run_id,
        tags=ProcessIdentity.this().tags,
        raise_on_error=False,
    )


@contextmanager
def _followed(instance: "DagsterInstance", run_id: str, console: Console) -> Iterator[RunView]:
    """A view of the run that is kept up to date by a thread of its own."""
    done = threading.Event()
    with RunView(instance, run_id, console) as view:
        thread = threading.Thread(target=_look_until, args=(view, done), daemon=True)
        thread.start()
        try:
            yield view
        finally:
            done.set()
            thread.join()


def _look_until(view: RunView, done: threading.Event) -> None:
    while not done.wait(LOOK_SECONDS):
        view.look()
