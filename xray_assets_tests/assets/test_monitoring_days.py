"""From a closed day to its row, through the sensor, the job and its checks: real tables, the real
monitor.
"""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from xray_assets import clock
from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.resources.local.inference_log import LocalLog
from xray_assets.sensors.asking import LEVEL_TAG
from xray_assets.sensors.days import day_closed
from xray_assets.settings import Settings
from xray_assets_tests.monitoring.days.made_days import FIRST, Traffic, midnight, serve

LEFT: dict[str, int] = {}
"""Rows that are left in a log, by its path: Dagster makes resources anew."""


class Log(LocalLog):
    """A log whose rows are in the tables already, but for those that a test leaves."""

    def behind(self, *_: Any) -> int:
        return LEFT.get(self.path, 0)

    def acknowledge(self, *_: Any) -> None:
        pass


class House:
    """A deployment in a folder, ticked and run at chosen times."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(state=folder, baseline_days=7, baseline_patients=100)
        self.log = Log(path=str(folder / "log.sqlite"))
        self.room = resources(settings)
        definitions = build_definitions(settings, inference_log=self.log)
        self.job = definitions.resolve_job_def("monitor")
        self.instance = dg.DagsterInstance.ephemeral()
        self.traffic = Traffic(self.room.tables, a_day=40)

    def run(self, now: datetime) -> dict[str, bool]:
        """The job; its checks."""
        keys = (MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE)
        with clock.set_to(now):
            done = self.job.execute_in_process(
                instance=self.instance, asset_selection=[dg.AssetKey(key) for key in keys]
            )
        return {one.check_name: one.passed for one in done.get_asset_check_evaluations()}

    def tick(self, now: datetime) -> Any:
        with (
            clock.set_to(now),
            dg.build_sensor_context(
                instance=self.instance,
                resources={
                    "tables": self.room.tables,
                    "monitoring_desk": self.room.monitoring_desk,
                    "inference_log": self.log,
                },
            ) as context,
        ):
            return day_closed.evaluate_tick(context)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def test_days_go_from_the_sensor_to_rows_and_checks(house: House) -> None:
    assert all(house.run(midnight(FIRST)).values())  # an empty state is green
    assert "every closed day is judged" in str(house.tick(midnight(FIRST)).skip_message)
    serve(house.room.tables, FIRST)
    today = house.traffic.days(FIRST, 7)
    (asked,) = house.tick(midnight(today)).run_requests
    assert (asked.run_key, asked.tags[LEVEL_TAG]) == ("day-2026-03-02-attempt-0", "day-2026-03-02")
    assert all(house.run(midnight(today)).values())
    assert "every closed day" in str(house.tick(midnight(today)).skip_message)
    for gain in (0.0, 0.6):
        today = house.traffic.days(today, 1, gain=gain)
        seen = house.run(midnight(today))
    assert (seen["the_day_was_judged"], seen["films_look_like_the_baseline"]) == (True, False)
    assert seen["no_harm_is_proven"]
    days = house.room.tables.read(MONITORING_DAYS).sort("date").collect()
    assert days["level"].to_list() == ["UNKNOWN"] * 7 + ["NONE", "MODERATE"]
    house.traffic.days(today, 1, measured=0.5)
    assert not house.run(midnight(today + timedelta(days=1)))["the_day_was_judged"]


def test_a_day_is_asked_for_once_it_is_moved_or_waited_for_long_enough(house: House) -> None:
    serve(house.room.tables, FIRST)
    house.traffic.days(FIRST, 1)
    LEFT[house.log.path] = 3
    assert "waits" in str(house.tick(midnight(FIRST + timedelta(days=1))).skip_message)
    assert house.tick(noon(FIRST + timedelta(days=2))).run_requests
    LEFT[house.log.path] = 0
    (first,) = house.tick(midnight(FIRST + timedelta(days=1))).run_requests
    failed = create_run_for_test(
        house.instance, job_name="monitor", status=dg.DagsterRunStatus.FAILURE, tags=first.tags
    )
    (second,) = house.tick(midnight(FIRST + timedelta(days=1))).run_requests
    assert second.run_key == "day-2026-03-02-attempt-1"
    assert failed.job_name == "monitor"
    create_run_for_test(
        house.instance, job_name="monitor", status=dg.DagsterRunStatus.STARTED, tags=second.tags
    )
    assert "under way" in str(house.tick(midnight(FIRST + timedelta(days=1))).skip_message)
