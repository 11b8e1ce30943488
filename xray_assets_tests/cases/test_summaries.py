"""The tables that the dashboard reads are kept as if they were counted from everything at once."""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from xray_assets.cases import performance_run
from xray_assets.cases.performance import performance, summary
from xray_assets.cases.review_run import LOG
from xray_assets.cases.summaries import errors, mistakes, progress, second_looks, traffic
from xray_assets.catalog import (
    DUE,
    LABELS,
    NOT_DRAWN,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_ASSIGNMENTS,
    REVIEW_PROGRESS,
    SECOND_LOOKS,
    SETTLED,
)
from xray_assets.catalog import HOURLY_TRAFFIC as TRAFFIC
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.statistics.histogram import quantile
from xray_assets.statistics.resolution import BINS
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.feedback.scenery import NOON
from xray_assets_tests.sql.made_lake import SERVED, feedback, predictions

N = 40
ROWS = predictions(N, seed=2, days=2, until=NOON).with_columns(
    assigned_model_name=pl.when(pl.col("log_position") % 5 == 0)
    .then(pl.lit(SERVED[0]))
    .otherwise("served_model_name"),
    status_code=pl.when(pl.col("log_position") % 7 == 0)
    .then(pl.lit(500, pl.Int32))
    .otherwise("status_code"),
)
LOST = {9, 10, 23}
ROWS = ROWS.filter(~pl.col("log_position").is_in(sorted(LOST)))
READS = feedback(ROWS, 60, seed=3)


def keep(tables: LocalDelta) -> None:
    performance_run.bring_up_to_date(tables)
    for table in (traffic, errors, mistakes):
        table.bring_up_to_date(tables)


@settings(max_examples=5)
@given(st.data())
def test_however_rows_and_reads_arrive_and_runs_are_cut_each_row_is_counted_once(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "BATCH", data.draw(st.integers(5, 50)))
        patch.setattr(errors, "NEWEST_ERRORS", 6)
        patch.setattr(mistakes, "NEWEST_MISTAKES", 3)
        tables = LocalDelta(root=folder)
        logged = read = 0
        for _ in range(3):
            more = data.draw(st.integers(logged, ROWS.height))
            end = int(ROWS[:more]["log_position"].max() or 0)
            tables.append(PREDICTIONS, ROWS[logged:more], source=LOG, position=end)
            about = READS[read : data.draw(st.integers(read, 60))]
            known = about["prediction_id"].is_in(ROWS[:more]["request_id"].implode())
            about = about[: int(known.arg_min() or 0) if not known.all() else len(about)]
            tables.append(PREDICTION_FEEDBACK, about)
            logged, read = more, read + about.height
            with suppress(Crash):
                keep(CrashingTables(tables, data.draw(st.integers(0, 6))))  # type: ignore[arg-type]
        keep(tables)
        stored = tables.read(TRAFFIC).drop("log_position").sort(traffic.KEYS).collect()
        if logged:
            at_once = traffic.hourly_traffic(ROWS[:logged], counted=0, erased=set())
            assert_frame_equal(stored, at_once.drop("log_position").sort(traffic.KEYS))
        assert stored["n"].sum() == logged
        assert_frame_equal(
            tables.read(RECENT_ERRORS).collect(),
            errors.newest(errors.errors(ROWS[:logged].lazy()).collect()),
        )
        live = performance(ROWS[:logged], READS[:read])
        listed = tables.read(RECENT_MISTAKES).collect()
        wrong = set(mistakes.mistakes(live)["request_id"])
        assert set(listed["request_id"]) <= wrong
        assert bool(listed.height) == bool(wrong)


def test_positions_that_the_log_lacks_are_counted_and_erased_ones_are_not() -> None:
    whole = traffic.hourly_traffic(ROWS, counted=0, erased=set())
    assert whole["missing"].sum() == len(LOST)
    assert traffic.hourly_traffic(ROWS, counted=0, erased={9, 10})["missing"].sum() == 1
    later = ROWS.filter(pl.col("log_position") > 30)
    assert traffic.hourly_traffic(later, counted=25, erased=set())["missing"].sum() == 5


def test_percentiles_of_the_histogram_are_those_of_the_answers_to_nine_percent() -> None:
    whole = traffic.hourly_traffic(ROWS, counted=0, erased=set())
    answered = ROWS.filter(pl.col("status_code") == 200)["latency_ms"].to_numpy()
    counts = traffic.latency_counts(whole).sum(axis=0)
    assert counts.sum() == len(answered)
    for share in (0.5, 0.95):
        exact = float(np.quantile(answered, share, method="inverted_cdf"))
        assert quantile(counts, share) == pytest.approx(exact, rel=0.091)
    assert np.isnan(quantile(np.zeros_like(counts), 0.5))


def test_the_summary_counts_the_scores_of_settled_answers_by_truth() -> None:
    live = performance(ROWS, READS)
    counts = np.array(summary(live)["scores"].to_list()).reshape(-1, 2, BINS).sum(axis=0)
    settled = live.filter(pl.col("confusion_label").is_not_null(), pl.col("status_code") == 200)
    assert counts.sum(axis=1).tolist() == [
        (settled["ground_truth"] == name).sum() for name in LABELS
    ]


def test_the_latest_opinion_on_a_read_is_counted_once_also_after_a_crash(tmp_path: Path) -> None:
    tables = LocalDelta(root=str(tmp_path))
    given = ["agree", "keep", "change", "keep", None]
    about = READS[:5].with_columns(
        pl.Series("opinion", given),
        pl.Series("second_to", ["a", "b", "c", "a", None]),
        prediction_date=pl.lit(NOON.date()),
    )
    tables.append(PREDICTION_FEEDBACK, about[:3])
    with suppress(Crash):
        second_looks.bring_up_to_date(CrashingTables(tables, 1))  # type: ignore[arg-type]
    tables.append(PREDICTION_FEEDBACK, about[3:])
    assert second_looks.bring_up_to_date(tables) == 1
    assert tables.read(SECOND_LOOKS).collect().rows() == [(NOON.date(), 0, 2, 1)]
    assert second_looks.bring_up_to_date(tables) == 0


def assignments(states: list[str]) -> pl.DataFrame:
    rows = ROWS[: len(states)]
    contract = CONTRACTS[REVIEW_ASSIGNMENTS]
    given = rows.select(
        "request_id",
        "site",
        "log_position",
        prediction_date="date",
        case_key="request_id",
        image_sha256="request_id",
        scored_at="timestamp",
    ).with_columns(
        pl.Series("state", states),
        experiment_id=pl.lit(None, pl.String),
        policy_hash=pl.lit("p"),
        chance=0.5,
        u=0.1,
        drawn=pl.Series([state != NOT_DRAWN for state in states]),
        reads_wanted=1,
        due_at=pl.lit(NOON + timedelta(days=7)),
        n_reads=pl.Series([int(state == SETTLED) for state in states]),
    )
    absent = set(contract.schema) - set(given.columns)
    return contract.conform(given.with_columns(pl.lit(None).alias(name) for name in absent))


def test_progress_follows_the_states_of_cases_also_after_a_crash(tmp_path: Path) -> None:
    tables = LocalDelta(root=str(tmp_path))
    assert progress.bring_up_to_date(tables) == 0
    tables.merge(REVIEW_ASSIGNMENTS, assignments([DUE, DUE, NOT_DRAWN, SETTLED] * 5))
    with suppress(Crash):
        progress.bring_up_to_date(CrashingTables(tables, 1))  # type: ignore[arg-type]
    tables.merge(REVIEW_ASSIGNMENTS, assignments([SETTLED, DUE, NOT_DRAWN, SETTLED] * 5))
    assert progress.bring_up_to_date(tables)
    sums = tables.read(REVIEW_PROGRESS).select(pl.col("cases", DUE, SETTLED, "reads").sum())
    assert sums.collect().row(0) == (20, 5, 10, 10)
    assert progress.bring_up_to_date(tables) == 0
    tables.merge(REVIEW_ASSIGNMENTS, assignments([SETTLED] * 20))
    assert progress.bring_up_to_date(tables)
    assert tables.read(REVIEW_PROGRESS).select(pl.col(SETTLED).sum()).collect().item() == 20


def test_a_mistake_is_not_settled_while_somebody_can_be_asked_about_the_case() -> None:
    listed = mistakes.newest(mistakes.mistakes(performance(ROWS, READS)))
    first = listed["request_id"][0]
    states = [DUE if name == first else SETTLED for name in ROWS["request_id"]]
    told = mistakes.with_state(listed, assignments(states).lazy())
    assert told.filter(~pl.col("is_settled"))["request_id"].to_list() == [first]
