"""Keeps gold.second_looks: what readers made of the models' answers, by day of the requests. A day
with new reads is counted again whole, so it may be repeated.
"""

import polars as pl

from xray_assets.cases.review_run import READS, days_of, rows_after
from xray_assets.catalog import PREDICTION_FEEDBACK, SECOND_LOOKS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.columns import OPINIONS
from xray_assets.feedback.second_looks import second_looks
from xray_assets.lake.tables import Tables

COUNTED = ("prediction_date", "timestamp", "inbox_position", "second_to", "opinion")
"""Columns of gold.prediction_feedback that are counted."""


def bring_up_to_date(tables: Tables) -> int:
    """Count the days again that new reads speak of; returns how many."""
    held = tables.position(SECOND_LOOKS, READS)
    new = rows_after(tables, PREDICTION_FEEDBACK, "acceptance_rank", held)
    end = new.select(pl.col("acceptance_rank").max()).collect().item()
    if end is None:
        return 0
    days = days_of(new.filter(pl.col("opinion").is_not_null()), "prediction_date")
    of_days = pl.col("prediction_date").is_in(days)
    looks = tables.read(PREDICTION_FEEDBACK).filter(of_days).select(COUNTED).collect()
    counted = second_looks(looks, "prediction_date").rename({"prediction_date": "date"})
    tables.merge(SECOND_LOOKS, counted.select("date", *OPINIONS))
    empty = CONTRACTS[SECOND_LOOKS].empty()
    tables.append(SECOND_LOOKS, empty, source=READS, position=end)
    return len(days)
