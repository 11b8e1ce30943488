"""The monitoring page: before the first day, on quiet days, after a change, on a broken record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from xray_assets.catalog import MONITORING_DAYS, MONITORING_EVIDENCE, MONITORING_RECORD
from xray_assets.lake.delta import DeltaTables
from xray_assets.monitoring.figures.run import FIGURES, bring_up_to_date
from xray_assets.monitoring.response.acts import run_failed
from xray_assets.monitoring.response.record import read
from xray_assets.monitoring.response.state import summed
from xray_assets.pictures.drawing import svg_of
from xray_assets.room.monitoring.board import Board, board
from xray_assets.room.monitoring.look import Look
from xray_assets.settings import Settings
from xray_assets_tests.monitoring.days.made_days import PLAN, World, after
from xray_assets_tests.room.visitor import Visitor, room_with


@pytest.fixture(scope="module")
def world() -> World:
    """Seven days of a baseline, two ordinary ones, and one on which all films are brighter."""
    made, today = after(9)
    made.traffic.days(today, 1, gain=0.5)
    made.judge(today + timedelta(days=1))
    bring_up_to_date(made.tables, PLAN)
    return made


def shown(world: World) -> Board:
    record = read(world.tables)
    return board(Look(world.tables), summed(record), record)


def test_a_changed_day_is_shown_with_what_changed_and_every_chart_can_be_drawn(
    world: World,
) -> None:
    one = shown(world)
    assert one.last is not None
    assert (one.level, one.last["kind"]) == ("MODERATE", "covariate")
    assert [row["stream"] for row in one.flagged] == ["mean up"]
    assert [chart.name for chart in one.charts] == ["levels", "families", "streams", "accuracy"]
    for chart in one.charts:
        assert "NaN" not in svg_of(chart.specification)


def test_rules_in_common_use_are_counted_over_days_that_have_a_baseline(world: World) -> None:
    rules = shown(world).usual_rules
    assert [rule.of for rule in rules] == [3, 3, 3]
    assert rules[2].days >= 1


def test_the_page_tells_its_tables_and_stands_on_an_empty_state(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(state=tmp_path_factory.mktemp("state"))
    vera = Visitor(room_with(settings, vera="viewer"))
    vera.sign_in("vera")
    assert "No day was judged yet" in vera.get("/monitoring").text
    tables = DeltaTables(settings.lake, settings.environment)
    for key in (MONITORING_DAYS, MONITORING_EVIDENCE, *FIGURES):
        tables.append(key, world.tables.read(key).collect())
    page = vera.get("/monitoring").text
    for told in ("MODERATE", "mean up", "drift on", "gold.monitoring_days"):
        assert told in page


def test_an_edited_record_is_said_to_be_broken(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state")
    vera = Visitor(room_with(settings, vera="viewer"))
    vera.sign_in("vera")
    tables = DeltaTables(settings.lake, settings.environment)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    run_failed(tables, job="monitor", run_id="abc", problem="no disk", now=now)
    assert "no disk" in vera.get("/monitoring").text
    rows = tables.read(MONITORING_RECORD).with_columns(text=pl.lit("all is well")).collect()
    tables.merge(MONITORING_RECORD, rows)
    page = vera.get("/monitoring").text
    assert "The record is broken" in page
    assert "all is well" not in page
