"""Dagster's run launcher here: a run is a process of its own, forked from one that has everything
imported, and looked after until it ends.

`dagster.yaml` names it. Without the run server (`runs/server.py`) a run starts with a new
interpreter: some seconds later, and otherwise the same.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

import dagster as dg
from dagster._core.launcher.base import (
    CheckRunHealthResult,
    LaunchRunContext,
    RunLauncher,
    WorkerStatus,
)
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from xray_assets.runs.identity import ProcessIdentity
from xray_assets.runs.server import SOCKET_VARIABLE

PATIENCE_SECONDS = 10.0
"""For the run server's answer; it forks in some milliseconds."""


class ProcessRunLauncher(RunLauncher, ConfigurableClass):
    """Starts each run in a process, and knows of each whether that process is there."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        """Called by Dagster with what `dagster.yaml` says."""
        self._inst_data = inst_data
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What `dagster.yaml` says of this class."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing can be configured."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: dict[str, Any]
    ) -> Self:
        """Made by Dagster."""
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process, and write down with the run which one it is."""
        run = context.dagster_run
        if (origin := run.job_code_origin) is None:
            raise ValueError(f"run {run.run_id} does not say where its job's code lies")
        started_as = ExecuteRunArgs(origin, run.run_id, self._instance.get_ref())
        command = started_as.get_command_args()
        process = _forked(command) or _spawned(command)
        self._instance.add_run_tags(run.run_id, process.tags)

    def terminate(self, run_id: str) -> bool:
        """Ask the run's process to end; False when there is none to ask."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        process = ProcessIdentity.of_run(run.tags)
        if process is None or not process.is_alive:
            return False
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's run monitoring asks for every started run."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is there. One that is not named yet is about to be."""
        process = ProcessIdentity.of_run(run.tags)
        if process is None or process.is_alive:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {process.pid} is gone")


def _forked(command: Sequence[str]) -> ProcessIdentity | None:
    """The process that the run server made; None where there is no such server."""
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(PATIENCE_SECONDS)
            server.connect(os.environ.get(SOCKET_VARIABLE, ""))
            server.sendall(json.dumps(command[-3:]).encode() + b"\n")
            return ProcessIdentity.parse(server.makefile().readline().strip())
    except (OSError, ValueError):
        return None


def _spawned(command: Sequence[str]) -> ProcessIdentity:
    return ProcessIdentity.of(subprocess.Popen(command, stdin=subprocess.DEVNULL).pid)
