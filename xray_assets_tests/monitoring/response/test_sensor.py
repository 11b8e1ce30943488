"""From a judged day to an alert through the sensor, the job and its checks; on a real instance."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from typer.testing import CliRunner

from xray_assets import clock
from xray_assets.audit.chain import Head
from xray_assets.audit.verify import monitoring_record as verified
from xray_assets.catalog import MONITORING_DAYS, MONITORING_RECORD
from xray_assets.cli import app
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import MAJOR, NONE
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.monitoring.response.record import chained, read, state_of
from xray_assets.sensors.response import monitoring_failed, response_due
from xray_assets.settings import Settings
from xray_assets.stack.environment import process_environment
from xray_assets.stack.state import prepare_state
from xray_assets.web.account_changes import add_account
from xray_assets.web.roles import Role
from xray_assets_tests.monitoring.response.days import a_day, over
from xray_assets_tests.monitoring.response.test_record import day_row
from xray_assets_tests.notices.servers import Chat, running


class Stack:
    """A state whose alerts go to a webhook, and whose last day was MAJOR."""

    def __init__(self, state: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.upper().startswith("XRAY_")]:
            monkeypatch.delenv(name)
        settings = Settings(state=state, alert_webhook=chat.url, alert_secret="key")
        for name, value in process_environment(settings).items():
            monkeypatch.setenv(name, value)
        self.settings = Settings()
        prepare_state(self.settings)
        monkeypatch.setattr("xray_assets.notices.senders.BETWEEN_TRIES", (0.0, 0.0))
        self.room = resources(self.settings)
        self.tables, self.chat = self.room.tables, chat
        self.instance = dg.DagsterInstance.get()
        rows = pl.DataFrame([day_row(a_day(0, MAJOR))], schema=CONTRACTS[MONITORING_DAYS].schema)
        self.tables.append(MONITORING_DAYS, rows)

    def token_of(self, name: str, role: Role) -> str:
        """A new account's token, in a file."""
        file = self.settings.state / f"token of {name}"
        file.write_text(add_account(self.settings, name, role))
        return str(file)

    def status(self) -> dict[str, Any]:
        """What `xray status` says of monitoring."""
        said = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)
        assert "monitoring" not in said["unseen"]
        return said["monitoring"]

    def told_of(self, failed: dg.ExecuteInProcessResult) -> None:
        """What the sensor of failed runs does."""
        names = ("tables", "alerts", "monitoring_desk")
        context = dg.build_run_status_sensor_context(
            "monitoring_failed",
            failed.get_run_failure_event(),
            self.instance,
            failed.dagster_run,
            resources={name: getattr(self.room, name) for name in names},
        ).for_run_failure()
        monitoring_failed(context)

    def tick(self) -> Any:
        given = {name: getattr(self.room, name) for name in ("tables", "alerts", "monitoring_desk")}
        with dg.build_sensor_context(instance=self.instance, resources=given) as context:
            return response_due.evaluate_tick(context)

    def run(self) -> dict[str, bool]:
        """The job, as the sensor asks for it; which of its checks passed."""
        job = build_definitions(self.settings).resolve_job_def("respond")
        result = job.execute_in_process(instance=self.instance)
        checks = result.get_asset_check_evaluations()
        return {check.check_name: check.passed for check in checks}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    chat = Chat()
    with running(chat), clock.set_to(over(0)):
        made = Stack(tmp_path / "state", chat, monkeypatch)
        with made.instance:
            yield made


def test_the_sensor_asks_until_all_is_answered_sent_and_witnessed(stack: Stack) -> None:
    assert len(stack.tick().run_requests) == 1
    assert stack.run() == {
        "the_record_is_unbroken": True,
        "alerts_arrive": True,
        "keeps_its_contract": True,
    }
    assert stack.tick().run_requests == [] and len(stack.chat.came) == 1
    assert verified(stack.tables, stack.instance)[1] == []


def test_where_no_day_was_judged_nothing_is_due_and_nothing_is_wrong(stack: Stack) -> None:
    stack.tables.overwrite(MONITORING_DAYS, CONTRACTS[MONITORING_DAYS].empty())
    assert all(stack.run().values())
    assert not stack.tick().run_requests
    assert stack.status() == {}


def test_an_alert_that_does_not_arrive_is_an_error_of_a_check(stack: Stack) -> None:
    stack.chat.status = 500
    assert not stack.run()["alerts_arrive"]
    assert len(stack.chat.came) == 3


def test_what_a_person_says_from_a_shell_is_recorded_and_witnessed(stack: Stack) -> None:
    stack.run()
    assert stack.status()["acknowledged_by"] == ""
    said = CliRunner().invoke(app, ["monitor", "ack", "--by", "Ada"])
    told = " ".join(said.output.split())
    assert said.exit_code == 0 and "acknowledged by Ada (unauthenticated)" in told
    assert stack.tick().run_requests == [], "its own event is the witness"
    assert stack.status()["acknowledged_by"] == "Ada (unauthenticated)"
    resolve = ["monitor", "resolve", "--reason", "mended", "--token-file"]
    eve, grace = (stack.token_of(*one) for one in (("Eve", Role.VIEWER), ("Grace", Role.APPROVER)))
    refused = CliRunner().invoke(app, [*resolve, eve])
    assert refused.exit_code == 1 and "approver" in str(refused.exception)
    assert state_of(stack.tables).level == MAJOR
    assert CliRunner().invoke(app, [*resolve, grace]).exit_code == 0
    assert state_of(stack.tables).level == NONE
    assert "grace" in [row["actor"] for row in read(stack.tables)]
    assert verified(stack.tables, stack.instance)[1] == []
    assert stack.status()["in_words"].startswith("NONE since 2026-01-02 00:05 UTC")
    refused = CliRunner().invoke(app, ["monitor", "ack"])
    assert refused.exit_code == 1 and "the level is NONE" in str(refused.exception)


def test_the_audit_finds_what_a_chain_written_anew_hides(stack: Stack) -> None:
    stack.run()
    rows, schema = read(stack.tables), CONTRACTS[MONITORING_RECORD].schema
    softer = [row | {"level": NONE, "known_level": NONE} for row in rows]
    for again in (chained(softer, Head.START, "run"), rows[:-1]):
        stack.tables.overwrite(MONITORING_RECORD, pl.DataFrame(again, schema=schema))
        assert read(stack.tables) == again, "the chain fits itself"
        (finding,) = verified(stack.tables, stack.instance)[1]
        assert "gold.monitoring_record" in finding and "Dagster's run" in finding
    assert not stack.run()["the_record_is_unbroken"]


def test_a_failed_run_of_monitoring_is_told_even_where_the_record_is_broken(stack: Stack) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xray_assets.monitoring.response.answer.evidence_since", _fail)
        job = build_definitions(stack.settings).resolve_job_def("respond")
        failed = job.execute_in_process(instance=stack.instance, raise_on_error=False)
    stack.told_of(failed)
    assert len(stack.tick().run_requests) == 1
    stack.run()
    assert any(b'"alert": "run_failed"' in came.body for came in stack.chat.came)
    rows = read(stack.tables)
    schema = CONTRACTS[MONITORING_RECORD].schema
    stack.tables.overwrite(MONITORING_RECORD, pl.DataFrame(rows[1:], schema=schema))
    stack.told_of(failed)
    assert b"its record is broken" in stack.chat.came[-1].body


def _fail(*_: object) -> None:
    raise OSError("disk full")
