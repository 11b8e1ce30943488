"""The real Dagster services with the real lineage, and the files that configure them."""

import os
import signal
import time
import tomllib
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
import yaml
from rich.console import Console

from xray_assets.commands.run_job import run_job
from xray_assets.doctor.finding import OK
from xray_assets.doctor.services import health
from xray_assets.errors import XrayError
from xray_assets.runs.unfinished import UnfinishedRun, unfinished_runs
from xray_assets.settings import PROJECT, Settings
from xray_assets.stack import dagster_api, readiness, running
from xray_assets.stack.code_location import code_location
from xray_assets.stack.stack import Stack, StackError
from xray_assets.stack.state import DAGSTER_YAML, WORKSPACE
from xray_assets_tests.stack.free_ports import settings_of_a_test


def test_every_key_of_dagster_yaml_is_known_to_this_dagster_and_has_its_effect(
    tmp_path: Path,
) -> None:
    from dagster import DagsterInstance
    from dagster._core.instance.config import PoolGranularity

    (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML.read_text())
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.pool_granularity == PoolGranularity.RUN
        assert concurrency.pool_config.default_pool_limit == 1
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 4
        assert instance.run_coordinator.dequeue_interval_seconds == 1  # type: ignore[attr-defined]
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_retries_enabled
        assert not instance.run_retries_retry_on_asset_or_op_failure


def test_the_workspace_is_one_code_location_named_as_the_code_names_it() -> None:
    from xray_assets.definitions import LOCATION

    location = code_location(WORKSPACE)
    assert location.name == LOCATION
    assert location.arguments[:2] == ("--module-name", "xray_assets.definitions")


def test_pyproject_has_no_dagster_block_which_would_switch_the_workspace_off() -> None:
    tools = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    assert not {"dagster", "dg"} & set(tools)


@pytest.mark.parametrize(
    "content", ["", "load_from: []", "load_from: [{grpc_server: {}}]", "load_from: [a, b]"]
)
def test_a_workspace_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "workspace.yaml").write_text(content)
    with pytest.raises(XrayError, match=r"workspace\.yaml"):
        code_location(tmp_path / "workspace.yaml")


def test_definitions_with_an_error_stop_the_start_and_are_shown(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise ImportError('a typo in the lineage')")
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_file": "broken.py"}]}))
    settings = settings_of_a_test(tmp_path)
    with pytest.raises(StackError, match="a typo in the lineage"):
        Stack(settings, names=["dagster"], workspace=workspace).start()
    assert running.running(settings) == {}


def begun(settings: Settings) -> UnfinishedRun:
    """A run of evaluate that was just launched and has started."""
    run_id = dagster_api.launch(settings.dagster_url, "evaluate")
    deadline = time.monotonic() + 60
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        while True:
            assert time.monotonic() < deadline
            for run in unfinished_runs(instance, "evaluate"):
                if (run.run_id, run.status) == (run_id, dg.DagsterRunStatus.STARTED):
                    return run
            time.sleep(0.02)


def await_failure(settings: Settings, run: UnfinishedRun, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        while True:
            found = instance.get_run_by_id(run.run_id)
            if found and found.status == dg.DagsterRunStatus.FAILURE:
                return
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_runs_are_forked_and_end_when_they_or_everything_is_killed(tmp_path: Path) -> None:
    """The small copy of `benchmarks/stack/hard_kills.py`."""
    settings = settings_of_a_test(tmp_path)
    with patch.dict("os.environ"):
        cut_off = Stack(settings, names=["dagster"])
        cut_off.start()
        dead = begun(settings)
        killed = list(running.running(settings).values())
        for process in killed:
            os.killpg(process.pid, signal.SIGKILL)
        while any(process.is_alive for process in killed):  # a signal is carried out a little later
            time.sleep(0.05)
        with Stack(settings, names=["dagster"]):
            await_failure(settings, dead, seconds=30)
            assert readiness.dagster_loaded(settings.dagster_url)
            found = {finding.what: finding.status for finding in health(settings)}
            assert found["Service webserver"] == found["Service daemon"] == OK
            alone = begun(settings)
            assert alone.process is not None
            server = running.running(settings)["run-server"].pid
            stat = Path(f"/proc/{alone.process.pid}/stat").read_text()
            assert int(stat.rpartition(")")[2].split()[1]) == server
            os.kill(alone.process.pid, signal.SIGKILL)
            await_failure(settings, alone, seconds=60)
            console = Console(record=True, width=160)
            run_job(settings, "evaluate", console=console)
            assert "gold__promotion_decision" in console.export_text()
            # While all is up: a tick that the stop cuts off may say so.
            assert "Traceback" not in (settings.state / "logs" / "daemon.log").read_text()
    assert (settings.dagster_home / "history").is_dir()
    assert running.running(settings) == {}
    assert readiness.status(settings.dagster_url) is None
