"""The draw: one of each case, by a keyed hash of its case key. Pure.

Nobody without the key can tell who is drawn, and a rerun draws the same. The hash is the case's
alone, so an order that is given later, or several at once, never draw a second time.
"""

import hmac
from datetime import timedelta

import polars as pl

from xray_assets.catalog import DUE, NOT_DRAWN
from xray_assets.contracts.tables import REVIEW_ASSIGNMENTS
from xray_assets.errors import XrayError
from xray_assets.review.orders import EVERY_SITE
from xray_assets.review.policy import ReviewPolicy

DRAW, ENTRY, DOUBLE = b"draw:", b"entry:", b"double read:"
"""What a keyed hash is for: independent numbers of the same case."""

CASE_COLUMNS = (
    "experiment_id",
    "request_id",
    "case_key",
    "image_sha256",
    "site",
    "prediction_date",
    "log_position",
    "scored_at",
    "champion_label",
    "challenger_label",
)
"""What the draw is told of a case. Labels are null outside of an experiment, and are not kept."""

DRAW_COLUMNS = tuple(
    name for name in REVIEW_ASSIGNMENTS.schema.names() if name not in ("state", "n_reads")
)
"""What a draw fixes; only the state of its reads changes later."""

_ORDER = "order"


class NoOrder(XrayError):
    """A case was scored at a time for which no chance was ever ordered."""


def uniform(secret: bytes, purpose: bytes, case_key: str) -> float:
    """A number in [0, 1) with 53 random bits, the same for the same case, secret and purpose."""
    digest = hmac.digest(secret, purpose + case_key.encode(), "sha256")
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def draw(cases: pl.DataFrame, orders: pl.DataFrame, secret: bytes) -> pl.DataFrame:
    """Rows of gold.review_assignments, before any read.

    cases: CASE_COLUMNS. orders: the rows of gold.review_policy that are in force for some of them.
    A case that does not enter its experiment is drawn as one outside of it. Raises NoOrder.
    """
    entered = _enter(cases, orders, secret)
    chosen = with_order(entered, orders).with_columns(
        u=_uniforms(secret, DRAW, entered["case_key"])
    )
    if lost := chosen.filter(pl.col("chance").is_null()).height:
        raise NoOrder(f"{lost} cases were scored when no chance of review was in force")
    policy = ReviewPolicy()
    drawn = chosen.with_columns(drawn=pl.col("u") < pl.col("chance"))
    doubles = [
        is_drawn and uniform(secret, DOUBLE, case_key) < policy.double_reads
        for case_key, is_drawn in drawn.select("case_key", "drawn").iter_rows()
    ]
    due_at = pl.col("scored_at") + timedelta(days=policy.days)
    return REVIEW_ASSIGNMENTS.conform(
        drawn.with_columns(
            reads_wanted=pl.col("drawn").cast(pl.Int64)
            + pl.Series(doubles, dtype=pl.Boolean).cast(pl.Int64),
            due_at=pl.when("drawn").then(due_at),
            state=pl.when("drawn").then(pl.lit(DUE)).otherwise(pl.lit(NOT_DRAWN)),
            n_reads=0,
        ).drop("champion_label", "challenger_label")
    )


def with_order(cases: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The cases with `chance` and `policy_hash` of the order that draws them: the largest in force,
    of equal ones the first by hash; null where none is.
    """
    ranked = orders.sort("chance", "policy_hash", descending=[True, False])
    matches = [
        pl.when(_matches(order)).then(pl.lit(number, pl.Int64))
        for number, order in enumerate(ranked.iter_rows(named=True))
    ]
    first = pl.coalesce(matches) if matches else pl.lit(None, pl.Int64)
    numbered = ranked.select("chance", "policy_hash").with_columns(
        pl.int_range(pl.len()).alias(_ORDER)
    )
    placed = cases.with_columns(first.alias(_ORDER))
    return placed.join(numbered, on=_ORDER, how="left", maintain_order="left").drop(_ORDER)


def _matches(order: dict) -> pl.Expr:
    """True for the cases that an order is about."""
    conditions = [pl.col("scored_at") >= order["effective_from"]]
    if order["effective_until"] is not None:
        conditions.append(pl.col("scored_at") < order["effective_until"])
    if order["site"] != EVERY_SITE:
        conditions.append(pl.col("site") == order["site"])
    conditions += [
        pl.col(name).eq_missing(pl.lit(order[name]))
        for name in ("experiment_id", "champion_label", "challenger_label")
        if order[name] is not None
    ]
    return pl.all_horizontal(conditions)


def _enter(cases: pl.DataFrame, orders: pl.DataFrame, secret: bytes) -> pl.DataFrame:
    """The cases; one that does not enter its experiment without the experiment and its labels."""
    mornings = orders.filter(pl.col("entry_share").is_not_null())
    share = pl.coalesce(
        *(
            pl.when(_matches(row)).then(pl.lit(row["entry_share"]))
            for row in mornings.iter_rows(named=True)
        ),
        pl.lit(1.0),
    )
    placed = cases.with_columns(share.alias("share"))
    if (placed["share"] == 1).all():
        return cases
    enters = _uniforms(secret, ENTRY, cases["case_key"]) < placed["share"]
    return cases.with_columns(
        pl.when(enters).then(name).alias(name)
        for name in ("experiment_id", "champion_label", "challenger_label")
    )


def _uniforms(secret: bytes, purpose: bytes, case_keys: pl.Series) -> pl.Series:
    return pl.Series(
        "u", [uniform(secret, purpose, case_key) for case_key in case_keys], pl.Float64
    )
