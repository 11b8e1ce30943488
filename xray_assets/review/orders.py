"""Orders of review as rows of gold.review_policy. Pure; they are written in `ordering`.

An order is in force for the cases that are scored from its `effective_from` until before its
`effective_until`. Of several the largest chance draws, so an order never lowers another.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from xray_assets.contracts.tables import REVIEW_POLICY
from xray_assets.review.policy import Morning, ReviewPolicy

EVERY_SITE = "*"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A row of gold.review_policy without its hash."""

    effective_from: datetime
    effective_until: datetime | None = None
    experiment_id: str | None = None
    site: str = EVERY_SITE
    champion_label: int | None = None
    challenger_label: int | None = None
    chance: float
    entry_share: float | None = None
    floor: float | None = None
    cause: str
    decided_by: str


def rows_of(orders: list[Order], policy_hash: str = "") -> pl.DataFrame:
    """Orders that were given together, under one hash: that of their content unless it is said."""
    plain = [asdict(order) for order in orders]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), default=datetime.isoformat)
    policy_hash = policy_hash or hashlib.sha256(text.encode()).hexdigest()
    rows = [{"policy_hash": policy_hash, **order} for order in plain]
    return REVIEW_POLICY.conform(pl.DataFrame(rows, schema=REVIEW_POLICY.schema))


def frozen(
    experiment_id: str, policy: ReviewPolicy, *, opened_at: datetime, by: str
) -> pl.DataFrame:
    """What an experiment froze: its disagreements and its own floor, under the policy's hash."""
    cells = [
        (0, 1, policy.disagreements),
        (1, 0, policy.disagreements),
        (None, None, policy.floor),
    ]
    orders = [
        Order(
            effective_from=opened_at,
            experiment_id=experiment_id,
            champion_label=champion,
            challenger_label=challenger,
            chance=chance,
            cause=f"review policy {policy.version}, frozen with the experiment",
            decided_by=by,
        )
        for champion, challenger, chance in cells
    ]
    return rows_of(orders, policy.sha256)


def of_morning(day: date, fixed: Morning, *, by: str) -> pl.DataFrame:
    """The floor of one day (UTC), and the share of its cases that enter an experiment."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return rows_of(
        [
            Order(
                effective_from=start,
                effective_until=start + timedelta(days=1),
                chance=fixed.floor,
                entry_share=fixed.entry_share,
                floor=fixed.floor,
                cause=fixed.cause,
                decided_by=by,
            )
        ]
    )


def in_force(orders: pl.DataFrame, low: datetime, high: datetime) -> pl.DataFrame:
    """The orders that are in force for some case scored from `low` to `high`."""
    return orders.filter(
        pl.col("effective_from") <= high,
        pl.col("effective_until").is_null() | (pl.col("effective_until") > low),
    )
