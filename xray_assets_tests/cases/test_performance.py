"""gold.model_performance_live is kept as if it were worked out from everything at once; the daily
summary comes from it alone.
"""

import tempfile
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from xray_assets.cases.performance import performance, summary
from xray_assets.cases.performance_run import bring_up_to_date
from xray_assets.catalog import PERFORMANCE, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.resources.local.tables import LocalDelta
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.sql.made_lake import feedback, predictions

ROWS = predictions(40, seed=1)
READS = feedback(ROWS, 60, seed=1)


@settings(max_examples=8)
@given(st.data())
def test_however_rows_and_reads_arrive_and_runs_are_cut_the_table_is_that_of_all_of_them(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("xray_assets.cases.performance_run.BATCH", data.draw(st.integers(5, 50)))
        tables = LocalDelta(root=folder)
        logged = read = 0
        for _ in range(3):
            more = data.draw(st.integers(logged, 40))
            tables.append(PREDICTIONS, ROWS[logged:more], source="inference_log", position=more)
            about = READS[read : data.draw(st.integers(read, 60))]
            known = about["prediction_id"].is_in(ROWS[:more]["request_id"].implode())
            about = about[: int(known.arg_min() or 0) if not known.all() else len(about)]
            tables.append(PREDICTION_FEEDBACK, about)
            logged, read = more, read + about.height
            with suppress(Crash):
                bring_up_to_date(CrashingTables(tables, data.draw(st.integers(0, 3))))  # type: ignore[arg-type]
        bring_up_to_date(tables)
        assert_frame_equal(
            tables.read(PERFORMANCE).sort("log_position").collect(),
            performance(ROWS[:logged], READS[:read]).sort("log_position"),
        )
        assert bring_up_to_date(tables) == 0


def test_the_summary_counts_answered_requests_and_the_reviewed_among_them() -> None:
    live = performance(ROWS, READS)
    rows = summary(live)
    answered = live.filter(pl.col("status_code") == 200)
    assert rows["total_predictions"].sum() == answered.height
    assert rows["feedback_count"].sum() == answered["confusion_label"].count()
    assert rows["fn"].sum() == (answered["confusion_label"] == "FN").sum()


def test_what_is_no_clinical_request_has_no_row() -> None:
    trial = ROWS.with_columns(purpose=pl.lit("trial"))
    assert performance(trial, READS).is_empty()
    assert performance(trial, READS, counted="trial").height == performance(ROWS, READS).height


def test_weighted_figures_count_a_drawn_case_for_all_that_it_stands_for() -> None:
    many = predictions(300, seed=2)
    live = performance(many, feedback(many, 300, seed=2))
    live = live.filter(pl.col("confusion_label").is_not_null())
    chances = {"TP": 0.1, "FP": 1.0, "TN": 0.1, "FN": 1.0}
    drawn = live.select("request_id", chance=pl.col("confusion_label").replace_strict(chances))
    rows = summary(live, drawn.lazy())
    weight = 1 / pl.col("confusion_label").replace_strict(chances)
    for row in rows.iter_rows(named=True):
        of_day = live.filter(
            served_model_name=row["served_model_name"], prediction_date=row["date"]
        )
        hits, total = of_day.select(
            hits=(weight * pl.col("is_correct")).sum(), total=weight.sum()
        ).row(0)
        assert row["weighted_count"] == of_day.height == row["feedback_count"]
        assert row["weighted_accuracy"] == pytest.approx(hits / total)
        assert row["weighted_accuracy_low"] <= hits / total <= row["weighted_accuracy_high"]
    assert rows.filter(pl.col("accuracy") != pl.col("weighted_accuracy")).height
    unlogged = summary(live)
    assert set(unlogged["weighted_count"]) == {0}
    assert unlogged["weighted_accuracy"].null_count() == unlogged.height
