"""Orders of review in gold.review_policy: a morning's floor, what experiments froze, and what
people and other rooms order. Rows are only added.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from xray_assets.catalog import (
    CHANCES,
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
    REVIEW_POLICY,
)
from xray_assets.errors import XrayError
from xray_assets.lake.tables import Tables
from xray_assets.review.orders import Order, frozen, of_morning, rows_of
from xray_assets.review.policy import FLOORS, Volume, morning, policy_of

RUNS = "reviews"
"""Who fixes mornings and writes down what experiments froze."""

NOTICE = timedelta(minutes=1)
"""From an order to its force: a run that draws meanwhile may not have seen it, and what it draws
was scored before.
"""

_RUNNING, _WITHDRAWN = ("open", "ramping"), "withdrawn"


class OrderRefused(XrayError, ValueError):
    """Such an order cannot be given; the message says what to write."""


def raise_share(
    tables: Tables, *, site: str, chance: float, until: date, reason: str, by: str, now: datetime
) -> pl.DataFrame:
    """Order that future cases of a site are read at a chance, up to and including a day (UTC);
    returns the rows. Where more is in force already, that draws.

    site: a site, or `orders.EVERY_SITE`. Raises OrderRefused.
    """
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    if chance not in CHANCES:
        raise OrderRefused(f"a chance is one of {', '.join(map(str, CHANCES))}, not {chance:g}")
    if end <= now + NOTICE:
        raise OrderRefused(f"{until} is over: name the last day on which the order holds")
    if not reason.strip():
        raise OrderRefused("an order needs a reason")
    rows = rows_of(
        [
            Order(
                effective_from=now + NOTICE,
                effective_until=end,
                site=site,
                chance=chance,
                cause=reason.strip(),
                decided_by=by,
            )
        ]
    )
    tables.append(REVIEW_POLICY, rows)
    return rows


def write_down_experiments(tables: Tables) -> None:
    """What experiments froze, once each. Raises UnknownPolicy."""
    known = tables.read(REVIEW_POLICY).select("experiment_id").collect()["experiment_id"]
    running = pl.col("state").is_in(_RUNNING) | pl.col("review_policy_hash").is_not_null()
    opened = tables.read(EXPERIMENTS).filter(
        running,
        pl.col("state") != _WITHDRAWN,
        ~pl.col("experiment_id").is_in(known.drop_nulls().unique().implode()),
    )
    for row in opened.sort("opened_at").collect().iter_rows(named=True):
        policy = policy_of(row["review_policy_hash"])
        rows = frozen(row["experiment_id"], policy, opened_at=row["opened_at"], by=row["opened_by"])
        tables.append(REVIEW_POLICY, rows)


def fix_mornings(tables: Tables, days: Iterable[date], *, budget: int) -> None:
    """The floor and the entry share of each of these days (UTC) that has none yet: from the
    volume of the week before it, and a budget of reads a day.
    """
    fixed = mornings(tables)["effective_from"].dt.date().to_list()
    for day in sorted({*days} - {*fixed}):
        experiment, least = _running_experiment(tables)
        volume = volume_before(tables, day, experiment)
        rows = of_morning(day, morning(volume, budget, least=least), by=RUNS)
        tables.append(REVIEW_POLICY, rows)


def mornings(tables: Tables) -> pl.DataFrame:
    """The rows of mornings, oldest first."""
    rows = tables.read(REVIEW_POLICY).filter(pl.col("floor").is_not_null())
    return rows.sort("effective_from").collect()


def present_floor(tables: Tables) -> float:
    """The newest morning's floor; before the first the highest, as nothing was asked for yet."""
    fixed = mornings(tables)
    return fixed["floor"].item(-1) if fixed.height else FLOORS[-1]


def volume_before(tables: Tables, day: date, experiment_id: str | None) -> Volume:
    """Answers that count, a day of the week before a day, over the days that had any, and those of
    them that are disagreements of the experiment's models.
    """
    week = pl.col("date").is_between(day - timedelta(days=7), day, closed="left")
    answered = tables.read(PREDICTIONS).filter(
        week, pl.col("status_code") == 200, pl.col("purpose") == tables.counted_purpose
    )
    cases, days = answered.select(pl.len(), pl.col("date").n_unique()).collect().row(0)
    if not cases or experiment_id is None:
        return Volume(cases / max(days, 1))
    pairs = tables.read(PAIRED_PREDICTIONS).filter(
        week,
        pl.col("experiment_id") == experiment_id,
        "is_case",
        pl.col("champion_label") != pl.col("challenger_label"),
    )
    differ = pairs.select(pl.len(), pl.col("date").n_unique()).collect().row(0)
    return Volume(cases / days, differ[0] / max(differ[1], 1))


def _running_experiment(tables: Tables) -> tuple[str | None, float]:
    """The experiment that runs, and the floor that it froze; the lowest where none does."""
    running = tables.read(EXPERIMENTS).filter(pl.col("state").is_in(_RUNNING))
    rows = running.select("experiment_id", "review_policy_hash").collect().rows()
    if not rows:
        return None, FLOORS[0]
    experiment_id, policy_hash = rows[-1]
    return experiment_id, policy_of(policy_hash).floor
