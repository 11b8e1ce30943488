"""`xray log adopt`: what was refused goes on, with who and why in the file and in Dagster."""

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from xray_assets.catalog import PREDICTIONS
from xray_assets.cli import app
from xray_assets.commands.operations.adopt import adopt_earlier
from xray_assets.doctor.finding import FAIL, OK
from xray_assets.doctor.sources import sources
from xray_assets.settings import Settings
from xray_assets_tests.resources.sources import LogWorld


def test_an_adoption_says_who_and_why_and_doctor_is_well_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XRAY_STATE", str(tmp_path))
    settings, world = Settings(state=tmp_path), LogWorld(tmp_path)
    world.write(3)
    world.take()
    adopt = ["log", "adopt", "--reason", "the disk died", "--by", "Ann"]
    assert CliRunner().invoke(app, adopt).exit_code != 0  # nothing to adopt
    world.path.unlink()
    world.write(2)
    found = next(sources(settings))
    assert found.status == FAIL and "xray log adopt" in found.advice
    told = CliRunner().invoke(app, adopt)
    assert told.exit_code == 0, told.output
    assert next(sources(settings)).status == OK
    with closing(sqlite3.connect(world.path)) as connection:
        kept = connection.execute("SELECT kind, by, reason FROM identities").fetchall()
    assert kept[-1] == ("adopted", "Ann", "the disk died")
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        page = instance.fetch_observations(dg.AssetKey(PREDICTIONS), limit=1).records[0]
        observation = page.asset_observation
    assert observation is not None and observation.metadata["by"].value == "Ann"


def test_a_list_of_0_1_0_is_adopted_at_the_start_aloud_and_once(tmp_path: Path):
    settings, world = Settings(state=tmp_path), LogWorld(tmp_path)
    world.write(3)
    world.take()
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("UPDATE identities SET kind = 'upgraded', id = 'given now'")
        connection.commit()
    said: list[str] = []
    adopt_earlier(settings, said.append)
    adopt_earlier(settings, said.append)
    assert len(said) == 1 and "0.1.0" in said[0] and "adopted" in said[0]
