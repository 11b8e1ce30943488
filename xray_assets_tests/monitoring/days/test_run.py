"""Days are judged in order and once, and each on what belonged to it."""

from datetime import date, timedelta

import polars as pl
import pytest

from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.monitoring.days.run import bring_up_to_date, due_days
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.monitoring.days.made_days import (
    FIRST,
    PLAN,
    Remembers,
    Traffic,
    midnight,
    serve,
)


class World:
    """A state in memory, judged with a monitor that remembers what it saw."""

    def __init__(self) -> None:
        self.tables = MemoryTables()
        serve(self.tables, FIRST)
        self.traffic = Traffic(self.tables)

    def judge(self, today: date, *, taken: bool = True) -> list[date]:
        return bring_up_to_date(
            self.tables, PLAN, now=midnight(today), log_is_taken=taken, open_monitor=Remembers
        )

    def shown(self) -> pl.DataFrame:
        return self.tables.read(MONITORING_DAYS).sort("date").collect()

    def judge_all(self, today: date) -> pl.DataFrame:
        while self.judge(today):
            pass
        return self.shown()


@pytest.fixture
def world() -> World:
    return World()


def test_days_wait_for_a_baseline_and_are_then_compared_with_it(world: World) -> None:
    today = world.traffic.days(FIRST, 10)
    days = world.judge_all(today)
    assert days["date"].to_list() == [FIRST + timedelta(days=n) for n in range(10)]
    assert days["level"].to_list() == ["UNKNOWN"] * 7 + ["NONE"] * 3
    assert days["reason_codes"].to_list()[:7] == ["baseline_incomplete"] * 7
    assert days["day"].to_list()[7:] == [0, 1, 2]
    (baseline,) = world.tables.read(MONITORING_BASELINES).collect().to_dicts()
    assert (baseline["from_date"], baseline["to_date"]) == (FIRST, FIRST + timedelta(days=6))
    assert baseline["n_films"] == 7 * 30
    print(days, world.tables.read(MONITORING_EVIDENCE).collect(), due_days(world.tables, "UTC", midnight(today)))
