"""A job without a running Dagster runs in this process, and is kept in the same instance."""

from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console

from xray_assets.commands.run_job import JobFailedError, run_job
from xray_assets_tests.stack.free_ports import settings_of_a_test


def test_a_job_runs_here_shows_its_steps_and_is_recorded(tmp_path: Path) -> None:
    settings = settings_of_a_test(tmp_path)
    console = Console(record=True, width=160)
    with patch.dict("os.environ"):
        run_id = run_job(settings, "evaluate", console=console)
        shown = console.export_text()
        assert "done gold__promotion_decision" in shown
        from dagster import DagsterInstance, DagsterRunStatus

        with DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            run = instance.get_run_by_id(run_id)
            assert run is not None
            assert run.status == DagsterRunStatus.SUCCESS


def test_a_failed_run_is_an_error_that_names_the_step_and_its_cause(tmp_path: Path) -> None:
    settings = settings_of_a_test(tmp_path)
    with patch.dict("os.environ"), pytest.raises(JobFailedError, match="endpoint_config: "):
        run_job(settings, "deploy", console=Console(quiet=True))
