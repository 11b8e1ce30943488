"""`xray experiment`, `xray promote` and `xray rollback` where nothing runs: what they say, and that
refusals are sentences with exit code 1.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.rollout.ramp_world import a_decision, register_two_models
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.cli import app
from xray_assets.deployments import resources
from xray_assets.reasons import Reason
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import save
from xray_assets.settings import Settings
from xray_assets_tests.cli.test_commands import invoke, run
from xray_assets_tests.rollout.examples import KERAS, TORCH, an_experiment
from xray_assets_tests.stack.free_ports import free_ports


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.upper().startswith("XRAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XRAY_STATE", str(tmp_path))
    for name, port in zip(("ENDPOINT", "DAGSTER", "FEEDBACK"), free_ports(3), strict=True):
        monkeypatch.setenv(f"XRAY_{name}_PORT", str(port))
    monkeypatch.setenv("COLUMNS", "200")
    return Settings()


def keep(settings: Settings, experiment: Experiment, *verdicts: str) -> None:
    tables = resources(settings).tables
    save(tables, [experiment], seen=0)
    for number, verdict in enumerate(verdicts):
        why = [Reason("code", f"sentence {number}"), Reason("more", "[of] it")]
        row = a_decision(experiment, verdict, why, number)
        tables.append(PROMOTION_DECISION, row)


def test_the_last_verdict_is_shown_where_nothing_runs(settings: Settings) -> None:
    keep(settings, an_experiment(), "KEEP_TESTING", "PROMOTE")
    shown = invoke("experiment", "show")
    assert "verdict: PROMOTE" in shown
    assert "code: sentence 1" in shown
    assert "more: [of] it" in shown
    assert "served: unknown" in shown


def test_after_a_promotion_the_challenger_is_shown_as_champion(settings: Settings) -> None:
    promoted = replace(an_experiment(), state="promoted", stage=100, decided_by="Ada and Grace")
    keep(settings, promoted, "PROMOTE")
    shown = invoke("experiment", "show")
    assert f"champion: {TORCH.served_name} (was the challenger)" in shown
    assert f"previous champion: {KERAS.served_name}" in shown
    assert "by Ada and Grace" in shown


def test_an_approval_without_a_reason_is_refused_before_any_run(settings: Settings) -> None:
    keep(settings, an_experiment(), "PROMOTE")
    refused = CliRunner().invoke(app, ["promote", "--approve"])
    assert refused.exit_code == 1
    assert "--reason" in refused.output
    assert not settings.dagster_home.exists()


def test_an_approval_that_cannot_be_checked_is_refused(settings: Settings) -> None:
    keep(settings, an_experiment(), "PROMOTE")
    refused = run("promote", "--approve", "--reason", "looked", "--by", "Ada")
    assert refused.returncode == 1
    assert "no endpoint answers" in refused.stderr or "no endpoint has run" in refused.stderr
    assert "xray_assets." not in refused.stderr.replace("\n", "")


def test_an_unknown_version_is_refused_with_a_sentence(settings: Settings) -> None:
    register_two_models(settings)
    refused = run("experiment", "open", "pneumonia_poc_classifier", "99")
    assert refused.returncode == 1
    assert "the registry has no version 99" in refused.stderr
    assert "Error:" not in refused.stderr
    assert "xray_assets." not in refused.stderr


def test_a_rollback_before_any_experiment_says_so(settings: Settings) -> None:
    refused = run("rollback", "--reason", "x")
    assert refused.returncode == 1
    assert "rollback: there is no experiment yet" in refused.stderr
