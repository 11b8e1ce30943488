"""`xray monitor status | explain | rebaseline | replay`, on days that were really judged."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS
from xray_assets.cli import app
from xray_assets.contracts.tables.monitoring_record import DAY
from xray_assets.deployments import resources
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.run import bring_up_to_date
from xray_assets.monitoring.response.entry import entry
from xray_assets.monitoring.response.record import add
from xray_assets.settings import Settings
from xray_assets_tests.monitoring.days.made_days import FIRST, Traffic, midnight, serve

CHANGED = FIRST + timedelta(days=8)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state: seven days of a baseline, an ordinary one, and three on which films changed."""
    state = tmp_path_factory.mktemp("judged")
    room = resources(Settings(state=state, baseline_days=7, baseline_patients=100))
    serve(room.tables, FIRST)
    traffic = Traffic(room.tables)
    traffic.days(FIRST, 8)
    today = traffic.days(CHANGED, 3, gain=0.8)
    while bring_up_to_date(
        room.tables, room.monitoring_desk, now=midnight(today), log_is_taken=True
    ):
        pass
    return state


@pytest.fixture
def tables(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    shutil.copytree(judged, tmp_path / "state")
    monkeypatch.setenv("XRAY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XRAY_BASELINE_DAYS", "7")
    monkeypatch.setenv("XRAY_BASELINE_PATIENTS", "100")
    return resources(Settings()).tables


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["monitor", *words])
    refused = "" if isinstance(result.exception, SystemExit) else str(result.exception or "")
    return result.exit_code, " ".join((result.output + refused).split())


def test_the_status_is_the_last_days_and_so_is_its_exit_code(tables: Tables) -> None:
    code, told = said("status", "--json", "--days", "5")
    levels = [day["level"] for day in json.loads(told)]
    assert levels[:2] == ["UNKNOWN", "NONE"]
    assert (code, levels[-1]) == (1, "MODERATE")
    days = tables.read(MONITORING_DAYS).sort("date").collect()
    for left, expected in ((8, 0), (7, 3), (0, 3)):
        tables.overwrite(MONITORING_DAYS, days.head(left))
        assert said("status")[0] == expected
    stands = {"level": "CONCEPT", "known_level": "CONCEPT"}
    add(tables, lambda _, state: [entry(DAY, state, midnight(FIRST), **stands)], run_id=None)
    code, told = said("status")
    assert code == 1 and "stands: CONCEPT" in told


def test_what_changed_is_explained_by_stream_and_an_unknown_stream_names_the_others(
    tables: Tables,
) -> None:
    code, told = said("explain", "--json")
    flagged = json.loads(told)
    assert code == 0 and flagged
    assert {one["family"] for one in flagged} == {"film"}
    (first, *_) = flagged
    (one, *_) = json.loads(said("explain", first["stream"], "--json")[1])
    assert one["stream"] == first["stream"]
    code, told = said("explain", "nothing")
    assert code == 1 and first["stream"] in told


def test_a_new_baseline_says_who_why_and_what_was_given_up(tables: Tables) -> None:
    assert said("rebaseline")[0] == 2
    asked = ("rebaseline", "--reason", "new scanner", "--by", "Ada")
    code, told = said(*asked, "--since", str(CHANGED + timedelta(days=2)))
    assert code == 1 and "A baseline takes 3 days" in told
    code, told = said(*asked)
    assert code == 0 and "Level given up: MODERATE" in told
    rows = tables.read(MONITORING_BASELINES).sort("made_at").collect().to_dicts()
    assert [row["cause"] for row in rows] == ["first", "renewed"]
    assert (rows[1]["made_by"], rows[1]["reason"]) == ("Ada (unauthenticated)", "new scanner")


def test_a_replay_shows_what_was_shown_and_tells_what_was_edited(tables: Tables) -> None:
    span = (str(CHANGED), str(CHANGED + timedelta(days=2)))
    code, told = said("replay", *span, "--json")
    assert code == 0
    assert [day["differs in"] for day in json.loads(told)] == [""] * 3
    days = tables.read(MONITORING_DAYS).collect()
    tables.overwrite(MONITORING_DAYS, days.with_columns(n_films=days["n_films"] + 1))
    code, told = said("replay", span[1], span[1], "--json")
    assert code == 1
    assert {day["differs in"] for day in json.loads(told)} == {"n_films"}
