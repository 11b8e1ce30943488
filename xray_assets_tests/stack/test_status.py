"""`xray status`: what it says of services, runs, positions, and of what it cannot see."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from xray_assets.doctor import services as doctor
from xray_assets.doctor.finding import WARN
from xray_assets.runs.identity import PROCESS_TAG, ProcessIdentity
from xray_assets.settings import Settings
from xray_assets.stack import processes
from xray_assets.stack import status as status_module
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.running import run_folder
from xray_assets.stack.services import DEFAULT_SERVICES, ENDPOINT, Service
from xray_assets.stack.state import prepare_state
from xray_assets.stack.status import status
from xray_assets_tests.feedback.scenery import endpoint_log, entry, request_id, send
from xray_assets_tests.stack.free_ports import settings_of_a_test


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A prepared state whose endpoint is ready when this test says so."""
    settings = settings_of_a_test(tmp_path)
    prepare_state(settings)
    known = {ENDPOINT: Service(ENDPOINT, "Endpoint", (), lambda _started: READY[0])}
    monkeypatch.setattr(status_module, "services", lambda *_, **__: known)
    READY[0] = True
    yield settings


READY = [True]


def endpoint_state(settings: Settings, **fields: object) -> tuple[str, bool]:
    """(state, is well) of the endpoint with this record; this test's own process serves as it."""
    me = ProcessIdentity.this()
    process = RunningProcess(ENDPOINT, me.pid, me.birth, "log", time.time(), supervisor=str(me))
    processes.remember(replace(process, **fields), run_folder(settings))  # pyright: ignore
    (found,) = (one for one in status(settings).services if one.name == ENDPOINT)
    return found.state, found.is_well


def test_where_nothing_ran_everything_is_stopped_and_seen(settings: Settings) -> None:
    found = status(settings)
    assert [(one.name, one.state) for one in found.services] == [
        (name, "stopped") for name in DEFAULT_SERVICES
    ]
    assert (found.runs, found.unseen, found.is_well) == ((), {}, False)


def test_a_service_is_well_only_while_it_answers_and_somebody_looks_after_it(
    settings: Settings,
) -> None:
    assert endpoint_state(settings) == ("runs", True)
    assert endpoint_state(settings, supervisor="1:1") == ("runs", False)
    assert endpoint_state(settings, birth="1") == ("died", False)
    assert endpoint_state(settings, crashes=3) == ("keeps dying", False)
    assert endpoint_state(settings, crashes=3, started=time.time() - 61) == ("runs", True)
    READY[0] = False
    assert endpoint_state(settings) == ("does not answer", False)


def test_a_dead_run_is_named_here_and_by_the_doctor(settings: Settings) -> None:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        tags = {PROCESS_TAG: f"{os.getpid()}:1"}
        started = dg.DagsterRunStatus.STARTED
        dead = create_run_for_test(instance, job_name="evaluate", status=started, tags=tags)
    (run,) = status(settings).runs
    assert (run.run_id, run.job, run.is_dead) == (dead.run_id, "evaluate", True)
    (finding,) = doctor.runs(settings)
    assert (finding.status, finding.what) == (WARN, "Run of evaluate")


def test_positions_say_how_many_rows_wait(settings: Settings) -> None:
    names = [request_id() for _ in range(3)]
    endpoint_log(settings.state, [(name, 1, datetime.now(UTC)) for name in names])
    settings.feedback_inbox.parent.mkdir()
    send(settings.feedback_inbox, entry("f1", names[0]))
    assert status(settings).behind == {"log -> predictions": 3, "inbox -> feedback": 1}


def test_what_cannot_be_seen_is_never_well_and_says_why(settings: Settings) -> None:
    settings.endpoint_folder.mkdir()
    (settings.endpoint_folder / "log.sqlite").write_bytes(b"this is no database" * 100)
    found = status(settings)
    assert "behind" in found.unseen
    assert not found.is_well
