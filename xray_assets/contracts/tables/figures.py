"""Gold: what is shown of each judged day and never acts. Names and structs are those of Databricks'
data profiling, so that queries written for its tables read these.
"""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.contracts.contract import TIMESTAMP, Column, Contract
from xray_assets.contracts.tables.columns import count, number, share, text, time
from xray_assets.contracts.tables.columns import date as day

DRIFT_TYPES = (AGAINST_BASELINE, CONSECUTIVE) = ("BASELINE", "CONSECUTIVE")
STATUSES = ("ok", "too_few", "error")
WHOLE_TABLE = ":table"
"""In place of a column: figures of the labels, by truth."""

GRANULARITY = "1 day"
WINDOW = pl.Struct({"start": TIMESTAMP, "end": TIMESTAMP})
TEST = pl.Struct({"statistic": pl.Float64, "pvalue": pl.Float64})


def _with_bounds(*names: str) -> tuple[Column, ...]:
    """Shares by truth, weighted by the chance of the read, with their interval."""
    return tuple(
        share(f"{name}{bound}", f"{name}{told}; null without such a read")
        for name in names
        for bound, told in (("", ""), ("_low", ", lower end"), ("_high", ", upper end"))
    )


_OF_A_WINDOW = (
    day("date", "The day, of XRAY_TIMEZONE", nullable=False),
    Column("window", WINDOW, "Its begin and its end", nullable=False),
    text("granularity", "Length of the window", nullable=False, allowed=(GRANULARITY,)),
    text("slice_key", "`site`; null: all films"),
    text("slice_value", "The site; null: all films"),
    text("column_name", "The column", nullable=False),
    text("data_type", "`double`, `int` or `string`", nullable=False),
)

PROFILE_METRICS = Contract(
    catalog.PROFILE_METRICS,
    "One row a judged day, slice and column of what it was judged on: how its values lie. Rows of `:table` say how the champion's labels agree with the reads that were settled that day.",
    (
        *_OF_A_WINDOW,
        count("count", "Films, or reads of `:table`", nullable=False),
        count("num_nulls", "Of those, without a value", nullable=False),
        share("percent_null", "Their share", nullable=False),
        count("distinct_count", "Different values", nullable=False),
        number("avg", "Mean; null for text"),
        number("stddev", "Standard deviation; null for text or a single value"),
        number("min", "Lowest; null for text"),
        number("max", "Highest; null for text"),
        Column("quantiles", pl.List(pl.Float64), "The 11 deciles, both ends too; null for text"),
        *_with_bounds("accuracy_score", "precision", "recall", "specificity", "f1_score"),
        number("log_loss", "Mean cross-entropy of the champion's probabilities", minimum=0),
        share("expected_calibration_error", "Expected calibration error, ECE"),
    ),
    unique=("date", "slice_value", "column_name"),
)

DRIFT_METRICS = Contract(
    catalog.DRIFT_METRICS,
    "One row a judged day, slice, column and what it is compared with. Shown, never acting: p-values are not valid under repeated looks, and each of these figures calls ordinary traffic drift on many days a year.",
    (
        *_OF_A_WINDOW,
        Column("window_cmp", WINDOW, "What it is compared with: begin and end", nullable=False),
        text("drift_type", "What that is", nullable=False, allowed=DRIFT_TYPES),
        text(
            "status",
            "error: nothing is known, which is not `no drift`",
            nullable=False,
            allowed=STATUSES,
        ),
        text("problem", "Kind of error"),
        count("count", "Values of the day", nullable=False),
        count("n_reference", "Values compared with", nullable=False),
        Column(
            "count_delta", pl.Int64, "Films of the day less films compared with", nullable=False
        ),
        number("avg_delta", "Difference of the means; null for text"),
        number("percent_null_delta", "Difference of the shares without a value"),
        number("population_stability_index", "PSI over the reference's deciles"),
        number("psi_by_chance", "PSI that equal distributions have at these counts"),
        Column("ks_test", TEST, "Kolmogorov-Smirnov, numbers alone"),
        number("wasserstein_distance", "In standard deviations of the reference"),
        number("js_distance", "Jensen-Shannon distance, bits"),
        Column("chi_squared_test", TEST, "Of counts by category: chi-square, or exact where few"),
        share("pvalue_adjusted", "Benjamini-Hochberg over the columns of the window"),
    ),
    unique=("date", "slice_value", "column_name", "drift_type"),
)

ESTIMATED_PERFORMANCE = Contract(
    catalog.ESTIMATED_PERFORMANCE,
    "One row a judged day, role and site: what accuracy and prevalence would be if the model's probabilities still held, beside what the reads say. Shown, never acting: confidence is what a change of the films breaks.",
    (
        day("date", "The day, of XRAY_TIMEZONE", nullable=False),
        text("role", "Whose scores", nullable=False, allowed=(CHAMPION, CHALLENGER)),
        text("site", "The site; empty: all", nullable=False),
        count("n_films", "Films with a score of it", nullable=False),
        *(
            share(f"estimated_{name}", f"Confidence-based {name}")
            for name in ("accuracy", "sensitivity", "specificity")
        ),
        share("prevalence_black_box", "Share of positives by black-box shift estimation, clipped"),
        share("prevalence_maximum_likelihood", "Share of positives by expectation maximization"),
        Column(
            "is_label_shift",
            pl.Boolean,
            "True where another prevalence alone explains the scores; null: not known",
        ),
        share("off_support", "Share of films off the baseline's embeddings, of all sites"),
        Column(
            "trusted",
            pl.Boolean,
            "False while films or embeddings differ from the baseline's, or that is not known",
            nullable=False,
        ),
        count("n_reads", "Reads that were settled that day, of the champion", nullable=False),
        *_with_bounds("accuracy", "sensitivity", "specificity"),
        time("judged_at", "When the day was judged", nullable=False),
    ),
    unique=("date", "role", "site"),
)
