"""The `xray` commands: what they print, how they fail, and that they start quickly."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from xray_assets.catalog import PREDICTIONS
from xray_assets.cli import app, main
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings
from xray_assets.stack.state import prepare_state
from xray_assets_tests.sql.made_lake import predictions
from xray_assets_tests.stack.free_ports import free_ports

HEAVY = ("dagster", "polars", "duckdb", "numpy", "mlflow", "databricks", "fastapi", "pydantic")

REQUEST = "019a0000-0000-7000-8000-000000000001"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.upper().startswith("XRAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XRAY_STATE", str(tmp_path))
    monkeypatch.setenv("XRAY_ENDPOINT_PORT", str(free_ports(1)[0]))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def invoke(*arguments: str, code: int = 0, **more: Any) -> str:
    result = CliRunner().invoke(app, arguments, **more)
    assert result.exit_code == code, result.output
    return result.output


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it told."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Ended:
    """The command with the error handling of main(), which leaves nothing of a defect unraised."""
    told, error, code = io.StringIO(), io.StringIO(), 0
    mask = os.umask(0)
    heard = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with patch("sys.argv", ["xray", *arguments]), redirect_stdout(told), redirect_stderr(error):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os.umask(mask)
        for number, handler in heard.items():
            signal.signal(number, handler)
    return Ended(code, told.getvalue(), error.getvalue())


def test_the_command_line_loads_nothing_heavy_before_a_command_runs() -> None:
    code = "import sys, xray_assets.cli; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(loaded.stdout.split())


def test_every_command_explains_itself() -> None:
    for command in ("demo", "up", "sql", "predict", "feedback", "experiment", "promote", "doctor"):
        assert "Usage" in invoke(command, "--help")


def test_settings_shows_every_variable_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_TOKEN", "very-secret")
    monkeypatch.setenv("XRAY_RAMP", "50,100")
    shown = invoke("settings")
    assert all(f"XRAY_{name.upper()}" in shown for name in Settings.model_fields)
    assert "50,100" in shown
    assert "very-secret" not in shown


def test_every_setting_says_what_it_means() -> None:
    assert Settings.explained().keys() == Settings.model_fields.keys()


def test_a_wrong_setting_is_named_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_RAMP", "50,40")
    command = [sys.executable, "-m", "xray_assets", "settings"]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "XRAY_RAMP" in failed.stderr
    assert "rise and end at 100" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_sql_answers_on_three_level_names_as_table_and_as_csv(state: Path) -> None:
    LocalDelta(root=str(state / "lake")).append(PREDICTIONS, predictions(5))
    query = "SELECT request_id FROM healthcare_catalog_dev.gold.pneumonia_classifier_predictions;"
    assert "r3" in invoke("sql", query)
    rows = list(csv.reader(io.StringIO(invoke("sql", "--csv", "-", input=query))))
    assert (rows[0], len(rows)) == (["request_id"], 6)
    assert "healthcare_catalog_dev.gold.promotion_decision" in invoke("sql")


def test_an_sql_mistake_is_one_message_and_exit_code_one() -> None:
    failed = run("sql", "SELECT * FROM healthcare_catalog_dev.gold.nothing")
    assert failed.returncode == 1
    assert "healthcare_catalog_dev.gold.experiments" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_feedback_is_taken_by_the_command_and_counted_by_it(state: Path) -> None:
    prepare_state(Settings())
    taken = invoke("feedback", "submit", REQUEST, "--reader", "DR001", "--read", "pneumonia")
    assert "pending" in taken
    file = state / "reads.csv"
    file.write_text(
        "request_id,radiologist_id,read,blinded\n"
        f"{REQUEST},007,normal,true\n{REQUEST},DR003,normal,\n"
    )
    assert "2 reads" in invoke("feedback", "batch", str(file))
    assert "received" in invoke("feedback", "stats", "--days", "3")


def test_feedback_for_a_folder_no_stack_ran_from_names_the_variable(state: Path) -> None:
    failed = run("feedback", "submit", REQUEST, "true-positive", "--reader", "DR001")
    assert failed.returncode == 1
    assert "XRAY_STATE" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert list(state.iterdir()) == []


def test_an_adjudicator_is_made_by_a_token_alone(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    settings.endpoint_folder.mkdir(parents=True)
    token = invoke("token", "add", "DR007", "--role", "adjudicator").splitlines()[-1]
    read = ("feedback", "submit", REQUEST, "--read", "normal", "--blinded")
    assert "No such option" in invoke(*read, "--reader", "DR009", "--role", "adjudicator", code=2)
    monkeypatch.setenv("XRAY_READER_TOKEN", "wrong")
    refused = run(*read)
    assert refused.returncode == 1 and "unknown token" in refused.stderr
    assert "Traceback" not in refused.stderr
    file = state / "reads.csv"
    file.write_text(
        f"request_id,radiologist_id,read,reader_role\n{REQUEST},DR009,normal,adjudicator\n"
    )
    assert "reader_role" in invoke("feedback", "batch", str(file), code=1)
    monkeypatch.setenv("XRAY_READER_TOKEN", token)
    assert "is the id right?" in invoke(*read)
    ((_, content, *_),) = (
        (position, json.loads(told))
        for position, _, told, _ in InboxRows(settings.feedback_inbox).read_after(0, 10)
    )
    assert (content["radiologist_id"], content["reader_role"]) == ("dr007", "adjudicator")


def test_audit_of_a_folder_no_stack_ran_from_is_no_proof(state: Path) -> None:
    failed = run("audit", "verify")
    assert failed.returncode == 1 and "XRAY_STATE" in failed.stderr
    assert list(state.iterdir()) == []


def test_a_contradicting_or_unknown_feedback_is_refused_with_the_reason(state: Path) -> None:
    prepare_state(Settings())
    failed = run("feedback", "submit", REQUEST, "half-positive", "--reader", "DR001")
    assert failed.returncode == 1
    assert "true-positive" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "no request" in run("feedback", "info", "r1").stderr


def test_predict_without_an_endpoint_names_the_command_that_starts_one(state: Path) -> None:
    film = state / "film.png"
    film.write_bytes(b"no film")
    failed = run("predict", str(film))
    assert failed.returncode == 1
    assert "xray serve" in failed.stderr


def test_predict_refuses_a_file_that_is_not_there(state: Path) -> None:
    assert "no such file" in run("predict", str(state / "nothing.png")).stderr


def test_experiments_before_the_first_are_an_empty_list_and_a_hint() -> None:
    assert "champion" in invoke("experiment", "list")
    assert "xray materialize" in run("experiment", "show").stderr


def test_what_ends_at_the_endpoint_is_refused_before_it_trains_where_none_answers(
    state: Path,
) -> None:
    failed = run("materialize")
    assert failed.returncode == 1
    assert "lineage was not started" in failed.stderr
    assert "`xray up`" in failed.stderr
    assert list(state.iterdir()) == []


def test_an_unknown_job_is_refused_with_the_list() -> None:
    failed = run("materialize", "everything")
    assert failed.returncode == 1
    assert "lineage" in failed.stderr


def test_down_with_nothing_running_says_so(state: Path) -> None:
    assert "nothing runs" in invoke("down")


def test_doctor_exits_with_one_when_something_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_SOURCE", "folder:/nowhere/at/all")
    shown = invoke("doctor", code=1)
    assert "FAIL" in shown
    assert "/nowhere/at/all is no folder" in shown
