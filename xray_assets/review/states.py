"""Where the reads of a drawn case stand. Pure."""

from datetime import datetime

import polars as pl

from xray_assets.catalog import DUE, NOT_DRAWN, OVERDUE, SETTLED, UNINTERPRETABLE


def state_at(now: datetime) -> pl.Expr:
    """The state of a case: columns drawn, reads_wanted, due_at of its assignment, and of its
    blinded reads n_reads, has_truth, n_uninterpretable, is_ruled_open (an adjudicator has read it
    after another reader, and left it open).

    Two readers who differ leave it due: it waits for an adjudicator. After its time the reads that
    there are settle it, or it is overdue; so it is at once where the adjudicator cannot tell.
    Two readers who cannot interpret the film take it out of the experiment.
    """
    is_late = pl.col("due_at") <= now
    is_read = pl.col("n_reads") >= pl.col("reads_wanted")
    return (
        pl.when(~pl.col("drawn"))
        .then(pl.lit(NOT_DRAWN))
        .when(pl.col("has_truth") & (is_read | is_late))
        .then(pl.lit(SETTLED))
        .when(~pl.col("has_truth") & (pl.col("n_uninterpretable") >= 2))
        .then(pl.lit(UNINTERPRETABLE))
        .when(is_late | pl.col("is_ruled_open"))
        .then(pl.lit(OVERDUE))
        .otherwise(pl.lit(DUE))
    )
