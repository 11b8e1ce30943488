"""The view in SQL holds exactly the rows that cases/performance.py works out."""

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from xray_assets.cases.performance import performance
from xray_assets.contracts.tables import PERFORMANCE
from xray_assets.sql.performance_view import performance_select, register_consensus
from xray_assets_tests.sql.made_lake import feedback, predictions


def view(log: pl.DataFrame, reads: pl.DataFrame) -> pl.DataFrame:
    rows = log.to_arrow()  # must live as long as the connection reads it
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("log", rows)
        register_consensus(connection, "agreed", reads)
        select = performance_select(predictions="log", consensus="agreed")
        found = pl.from_arrow(connection.sql(select).to_arrow_table())
    return PERFORMANCE.conform(found)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(requests=st.integers(1, 40), reads=st.integers(0, 120), seed=st.integers(0, 2**32))
def test_the_view_and_the_asset_s_function_give_equal_rows(
    requests: int, reads: int, seed: int
) -> None:
    log = predictions(requests, seed=seed).with_columns(
        purpose=pl.when(pl.col("log_position") % 5 == 0).then(pl.lit("trial")).otherwise("purpose")
    )
    given_reads = feedback(log, reads, seed=seed)
    assert_frame_equal(
        view(log, given_reads).sort("request_id"), performance(log, given_reads).sort("request_id")
    )
