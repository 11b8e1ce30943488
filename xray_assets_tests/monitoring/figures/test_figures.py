"""Each judged day is described once: profiles, drift and estimates, from the same films and reads
that it was judged on.
"""

from datetime import timedelta

import polars as pl
import pytest

from xray_assets.catalog import (
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    FEATURES,
    MONITORING_DAYS,
    PROFILE_METRICS,
)
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.figures.run import FIGURES, bring_up_to_date
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.monitoring.days.made_days import PLAN, World, after

ONE_DAY = timedelta(days=1)


def of(tables: Tables, key: tuple[str, str]) -> pl.DataFrame:
    return tables.read(key).sort("date").collect()


@pytest.fixture(scope="module")
def world() -> World:
    """Nine ordinary days, seven of them the baseline, and one on which all films are brighter."""
    made, today = after(9)
    made.traffic.days(today, 1, gain=0.5)
    made.judge(today + ONE_DAY)
    bring_up_to_date(made.tables, PLAN)
    return made


def test_each_judged_day_is_described_and_a_repeat_changes_nothing(world: World) -> None:
    judged = of(world.tables, MONITORING_DAYS)["date"].to_list()
    before = [of(world.tables, key) for key in FIGURES]
    assert before[0]["date"].unique().sort().to_list() == judged
    assert before[2]["date"].unique().sort().to_list() == judged
    assert bring_up_to_date(world.tables, PLAN) == []
    assert all(of(world.tables, key).equals(old) for key, old in zip(FIGURES, before, strict=True))


def test_a_profile_says_how_the_values_of_a_day_lie(world: World) -> None:
    last = of(world.tables, PROFILE_METRICS).filter(pl.col("date") == pl.col("date").max())
    whole = last.filter(pl.col("slice_value").is_null())
    (row,) = whole.filter(pl.col("column_name") == "mean").to_dicts()
    assert (row["count"], row["num_nulls"], row["data_type"]) == (30, 0, "double")
    assert 0.5 <= row["min"] <= row["avg"] <= row["max"] <= 1.5
    assert row["quantiles"] == sorted(row["quantiles"])
    assert (row["quantiles"][0], row["quantiles"][-1]) == (row["min"], row["max"])
    assert row["window"]["end"] - row["window"]["start"] == ONE_DAY
    (labels,) = whole.filter(pl.col("column_name") == ":table").to_dicts()
    assert labels["count"] == 15
    assert labels["accuracy_score_low"] <= labels["accuracy_score"] <= labels["accuracy_score_high"]


def test_a_change_shows_in_the_figures_of_its_column_alone(world: World) -> None:
    drift = of(world.tables, DRIFT_METRICS).filter(
        pl.col("slice_value").is_null(), pl.col("column_name").is_in(FEATURES)
    )
    last = drift.filter(pl.col("date") == pl.col("date").max(), pl.col("drift_type") == "BASELINE")
    pvalues = dict(last.select("column_name", "pvalue_adjusted").rows())
    assert pvalues.pop("mean") < 1e-6
    assert min(pvalues.values()) > 0.01
    assert set(drift["drift_type"].unique()) == {"BASELINE", "CONSECUTIVE"}


def test_too_few_films_are_said_to_be_too_few(world: World) -> None:
    drift = of(world.tables, DRIFT_METRICS)
    assert drift["population_stability_index"].null_count() == drift.height
    assert "ok" not in drift["status"]


def test_a_column_that_nobody_filled_is_never_without_drift(world: World) -> None:
    nobody = of(world.tables, DRIFT_METRICS).filter(pl.col("column_name") == "score_challenger")
    assert nobody["status"].unique().to_list() == ["too_few"]
    assert nobody["ks_test"].null_count() == nobody.height


def test_estimates_are_not_trusted_while_films_differ_or_nothing_is_known(world: World) -> None:
    estimates = of(world.tables, ESTIMATED_PERFORMANCE).filter(pl.col("site") == "")
    assert estimates["trusted"].to_list() == [False] * 7 + [True] * 2 + [False]
    assert estimates["n_reads"].to_list() == [15] * 10
    assert estimates["estimated_accuracy"].null_count() == 0
    assert estimates["prevalence_maximum_likelihood"].null_count() == 7


def test_a_run_that_dies_between_two_tables_is_finished_by_the_next() -> None:
    world, _ = after(3)
    for writes in range(6):
        crashing = CrashingTables(world.tables, writes)
        try:
            bring_up_to_date(crashing, PLAN)
        except Crash:
            continue
    bring_up_to_date(world.tables, PLAN)
    whole, _ = after(3)
    bring_up_to_date(whole.tables, PLAN)
    for key in FIGURES:
        held = of(world.tables, key).drop("judged_at", strict=False)
        assert held.equals(of(whole.tables, key).drop("judged_at", strict=False))
