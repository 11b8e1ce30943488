"""Makes every draw again, from the case's key and what was ordered when it was scored."""

import polars as pl

from xray_assets.catalog import (
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)
from xray_assets.lake.tables import Tables
from xray_assets.review.draws import CASE_COLUMNS, DRAW_COLUMNS, NoOrder, draw
from xray_assets.review.orders import frozen
from xray_assets.review.policy import policy_of

CASES_AT_ONCE = 250_000


def wrong_draws(
    tables: Tables, review_key: bytes, *, newest: int | None = None
) -> tuple[str, list[str]]:
    """What was checked, and a sentence for the rows that are not what they must be.

    newest: only the draws of so many of the log's last positions.
    """
    policy = tables.read(REVIEW_POLICY).collect()
    wrong, lost, cases = [], [], 0
    end = tables.read(REVIEW_ASSIGNMENTS).select(pl.col("log_position").max()).collect().item() or 0
    start = 0 if newest is None else max(0, end - newest)
    for low in range(start, end, CASES_AT_ONCE):
        high = min(low + CASES_AT_ONCE, end)
        stored, again = _twice(tables, policy, review_key, low, high)
        cases += stored.height
        lost += _without_a_draw(tables, stored, low, high)
        differ = stored.select(DRAW_COLUMNS).join(
            again.select(DRAW_COLUMNS), on=DRAW_COLUMNS, how="anti", nulls_equal=True
        )
        wrong += differ["request_id"].to_list()
    found = _not_as_frozen(tables, policy)
    if wrong:
        found.append(
            f"{len(wrong)} rows of gold.review_assignments are not the draw that their case, its "
            f"models' labels and gold.review_policy give (such as {', '.join(wrong[:3])})"
        )
    if lost:
        found.append(
            f"{len(lost)} cases of experiments have no draw in gold.review_assignments (such as "
            f"{', '.join(lost[:3])})"
        )
    return f"{cases} draws made again", found


def _without_a_draw(tables: Tables, stored: pl.DataFrame, low: int, high: int) -> list[str]:
    """Cases of experiments that log their chances, and that are not among the stored draws."""
    logged = tables.read(EXPERIMENTS).filter(pl.col("review_policy_hash").is_not_null())
    pairs = tables.read(PAIRED_PREDICTIONS).filter(
        pl.col("log_position").is_between(low, high, closed="right"), "is_case"
    )
    pairs = pairs.join(logged, on="experiment_id", how="semi")
    return pairs.join(stored.lazy(), on="request_id", how="anti").collect()["request_id"].to_list()


def _twice(
    tables: Tables, policy: pl.DataFrame, review_key: bytes, low: int, high: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draws of the log's positions above `low`, up to `high`: as stored, and made again."""
    window = pl.col("log_position").is_between(low, high, closed="right")
    stored = tables.read(REVIEW_ASSIGNMENTS).filter(window).collect()
    pairs = tables.read(PAIRED_PREDICTIONS).filter(window, "is_case").select(
        "request_id", "experiment_id", "champion_label", "challenger_label"
    )  # fmt: skip
    cases = stored.drop("experiment_id").join(pairs.collect(), on="request_id", how="left")
    try:
        return stored, draw(cases.select(CASE_COLUMNS), policy, review_key)
    except NoOrder:  # an order was taken away
        return stored, stored.clear()


def _not_as_frozen(tables: Tables, policy: pl.DataFrame) -> list[str]:
    """Experiments whose orders are not those of the policy that they froze."""
    found, order = [], ("champion_label", "challenger_label", "chance")
    experiments = tables.read(EXPERIMENTS).filter(pl.col("review_policy_hash").is_not_null())
    for row in experiments.collect().iter_rows(named=True):
        held = policy.filter(pl.col("experiment_id") == row["experiment_id"]).sort(order)
        meant = frozen(
            row["experiment_id"],
            policy_of(row["review_policy_hash"]),
            opened_at=row["opened_at"],
            by=row["opened_by"],
        )
        if held.height and not held.equals(meant.sort(order)):
            found.append(f"gold.review_policy is not what experiment {row['experiment_id']} froze")
    return found
