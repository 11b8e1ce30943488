"""Runs whose process is gone are told from others, and ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from xray_assets.runs.dead import end_dead_runs
from xray_assets.runs.identity import PROCESS_TAG, ProcessIdentity
from xray_assets.runs.unfinished import unfinished_runs

S = dg.DagsterRunStatus
GONE = {PROCESS_TAG: f"{os.getpid()}:1"}
"""The id of a process that runs, born at another time."""

ENDLESS_JOB = """
import time
import dagster as dg
from xray_assets.runs.executor import known_process_executor

@dg.op
def endless():
    time.sleep(600)

@dg.job(executor_def=known_process_executor)
def hangs():
    endless()
"""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize(
    ("status", "tags", "after"),
    [
        (S.STARTED, GONE, S.FAILURE),
        (S.STARTING, GONE, S.FAILURE),
        (S.STARTING, {}, S.FAILURE),
        (S.CANCELING, GONE, S.CANCELED),
        (S.STARTED, ProcessIdentity.this().tags, S.STARTED),
        (S.NOT_STARTED, {}, S.NOT_STARTED),
        (S.SUCCESS, GONE, S.SUCCESS),
    ],
)
def test_a_begun_run_ends_when_nobody_carries_it_out_and_every_other_goes_on(
    instance: dg.DagsterInstance, status: S, tags: dict[str, str], after: S
) -> None:
    run = create_run_for_test(instance, job_name="evaluate", status=status, tags=tags)
    ended = end_dead_runs(instance)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert (found.status, ended) == (after, [run.run_id] if after != status else [])
    assert end_dead_runs(instance) == []


@pytest.mark.parametrize(
    ("tags", "dead"),
    [
        (GONE, True),
        ({}, False),
        (ProcessIdentity.this().tags, False),
        ({PROCESS_TAG: "nonsense"}, False),
    ],
)
def test_only_a_process_that_is_named_and_gone_makes_a_run_dead(
    instance: dg.DagsterInstance, tags: dict[str, str], dead: bool
) -> None:
    create_run_for_test(instance, status=S.STARTED, tags=tags)
    (run,) = unfinished_runs(instance)
    assert run.is_dead == dead


def test_a_run_that_is_older_than_it_should_be_is_said_to_be(
    instance: dg.DagsterInstance,
) -> None:
    create_run_for_test(instance, job_name="deploy", status=S.STARTED)
    create_run_for_test(instance, job_name="lineage", status=S.STARTED)
    (run,) = unfinished_runs(instance, "deploy")
    assert not run.is_overdue(run.since + 100)
    assert run.is_overdue(run.since + 200)
    assert "longer than it should be" in replace(run, since=run.since - 200).in_words()


def test_a_run_that_dagster_executes_by_itself_names_its_process_and_is_found_when_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS_JOB)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    command = [sys.executable, "-m", "dagster", "job", "execute", "-f", "endless.py", "-j", "hangs"]
    with dg.DagsterInstance.get() as instance:
        executing = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 120
            while not (begun := _begun(instance)):
                assert time.monotonic() < deadline and executing.poll() is None
                time.sleep(0.1)
            assert ProcessIdentity.of_run(begun.tags) == ProcessIdentity.of(executing.pid)
            assert end_dead_runs(instance) == []
        finally:
            executing.send_signal(signal.SIGKILL)
            executing.wait()
        assert end_dead_runs(instance) == [begun.run_id]
        ended = instance.get_run_by_id(begun.run_id)
        assert ended is not None
        assert ended.status == S.FAILURE


def _begun(instance: dg.DagsterInstance) -> dg.DagsterRun | None:
    runs = instance.get_runs(dg.RunsFilter(job_name="hangs", statuses=[S.STARTED]))
    return runs[0] if runs and PROCESS_TAG in runs[0].tags else None
