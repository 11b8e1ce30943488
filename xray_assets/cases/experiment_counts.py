"""The counts of an experiment from its tables, in the form that its rule asks for: by served arm
and band of uncertainty, or by the chances at which its cases were drawn.

What is read follows the reads, not the history: of the drawn cases, those up to the first that is
still due.
"""

from dataclasses import replace

import polars as pl

from xray_assets.cases.counts import logged_counts, paired_counts
from xray_assets.catalog import (
    CHALLENGER,
    DUE,
    ENDPOINT_CONFIG,
    PAIRED_PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    SETTLED,
    Key,
)
from xray_assets.lake.tables import Tables
from xray_assets.promotion import PairedCounts, PromotionRule


def counts_of(tables: Tables, experiment_id: str, rule: PromotionRule) -> PairedCounts:
    """The counts of an experiment that is judged by `rule`. Raises UnrecordedConfig."""
    ledger, configs = (
        _of(tables, key, experiment_id).collect() for key in (SCORED_COUNTS, ENDPOINT_CONFIG)
    )
    shares = configs.filter(pl.col("role") == CHALLENGER).select(
        "config_version", pl.col("traffic_percentage") / 100
    )
    challenger_share = dict(shares.iter_rows())
    if not rule.logs_chances:
        reviewed = _of(tables, REVIEWED_COUNTS, experiment_id).collect()
        return paired_counts(reviewed, ledger, challenger_share=challenger_share)
    cases, later = drawn_cases(tables, experiment_id)
    counts = logged_counts(cases, ledger, rule, challenger_share=challenger_share)
    return replace(counts, n_later=later)


def drawn_cases(tables: Tables, experiment_id: str) -> tuple[pl.DataFrame, int]:
    """The drawn cases that come before the first that is due, in the order they were scored, as
    `promotion.case_counts` takes them; and how many of the later ones are settled.
    """
    drawn = _of(tables, REVIEW_ASSIGNMENTS, experiment_id).filter("drawn")
    stands = drawn.select("log_position", "state").collect()
    first_due = stands.filter(pl.col("state") == DUE)["log_position"].min()
    before = pl.lit(True) if first_due is None else pl.col("log_position") < first_due
    later = stands.filter(~before, pl.col("state") == SETTLED).height
    counted = drawn.filter(before).select("request_id", "log_position", "chance", "drawn", "state")
    pairs = _of(tables, PAIRED_PREDICTIONS, experiment_id).filter(before).select(
        "request_id",
        "champion_label",
        "challenger_label",
        served_challenger=pl.col("served_arm") == CHALLENGER,
    )  # fmt: skip
    truths = _of(tables, REVIEWED_CASES, experiment_id).select("request_id", "truth")
    cases = counted.join(pairs, on="request_id").join(truths, on="request_id", how="left")
    is_behind = (pl.col("state") == SETTLED) & pl.col("truth").is_null()  # settled since
    cases = cases.with_columns(state=pl.when(is_behind).then(pl.lit(DUE)).otherwise("state"))
    return cases.sort("log_position").collect(), later


def _of(tables: Tables, key: Key, experiment_id: str) -> pl.LazyFrame:
    return tables.read(key).filter(pl.col("experiment_id") == experiment_id)
