"""How often readers change their mind once they have seen the models' answers: automation bias.
A pure function of rows of gold.prediction_feedback.
"""

import polars as pl

from xray_assets.contracts.tables.columns import OPINIONS


def second_looks(feedback: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Counts of the latest opinion on each blinded read, one row in all or one for each value of
    the columns `by`.

    Columns: agree (with the served model), keep (one's own read, against it), change, looks, and
    change_rate = change / looks, null without looks.
    """
    latest = (
        feedback.filter(pl.col("opinion").is_not_null())
        .sort("timestamp", "inbox_position")
        .unique("second_to", keep="last")
    )
    counts = [(pl.col("opinion") == one).sum().cast(pl.Int64).alias(one) for one in OPINIONS]
    counted = latest.group_by(by).agg(counts) if by else latest.select(counts)
    looks = pl.sum_horizontal(*OPINIONS)
    rate = pl.when(looks > 0).then(pl.col("change") / looks)
    return counted.with_columns(looks=looks, change_rate=rate)
