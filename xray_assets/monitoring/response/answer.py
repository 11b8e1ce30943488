"""What is new, answered: rows of the record, orders of review, alerts sent. Whatever a crash leaves
undone is due at the next call; what was done is not done again, but an alert that was sent just
before a crash is sent twice, under the same id.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta

import polars as pl

from xray_assets.catalog import MONITORING_DAYS, RETRAINING_REQUESTS, REVIEW_POLICY
from xray_assets.contracts.tables.days import NOT_SHOWN
from xray_assets.contracts.tables.monitoring_record import ORDER
from xray_assets.contracts.tables.retraining import (
    FAILED,
    GATED,
    OPENED,
    RECOMMENDED,
    REGISTERED,
)
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.response.deliveries import Due, deliver, due_deliveries
from xray_assets.monitoring.response.entry import MONITORING
from xray_assets.monitoring.response.evidence import Evidence, JudgedDay
from xray_assets.monitoring.response.record import add
from xray_assets.monitoring.response.respond import respond
from xray_assets.monitoring.response.state import Row, State, summed
from xray_assets.notices.notice import Sender
from xray_assets.review.ordering import NOTICE, raise_share

Senders = Callable[[bool], Sequence[Sender]]
"""Where an alert goes; True: an escalated one."""

CAME_TO_NOTHING, WENT_WELL = (GATED, FAILED), (REGISTERED, RECOMMENDED, OPENED)
"""States of retrainings that were carried out."""


def answer(tables: Tables, senders: Senders, *, now: datetime, run_id: str) -> list[Row]:
    """Bring the record up to date; returns its rows. Raises BrokenRecord and StaleWrite."""
    rows = add(tables, lambda _, state: _response(tables, state, now), run_id=run_id)
    for order in ungiven_orders(tables, rows, now):
        raise_share(
            tables,
            site=order["site"],
            chance=order["chance"],
            until=order["until"],
            reason=order["reason"],
            by=MONITORING,
            now=now.astimezone(UTC),
        )
    for due in due_deliveries(rows, senders, now):
        rows = deliver(tables, due, now=now, run_id=run_id)
    return rows


def is_due(
    tables: Tables, rows: list[Row], senders: Senders, *, now: datetime
) -> Sequence[Row | Due]:
    """What `answer` would do now, after these rows of the record."""
    return [
        *_response(tables, summed(rows), now),
        *ungiven_orders(tables, rows, now),
        *due_deliveries(rows, senders, now),
    ]


def _response(tables: Tables, state: State, now: datetime) -> tuple[Row, ...]:
    return respond(state, evidence_since(tables, state), (), now)[1]


def evidence_since(tables: Tables, state: State) -> Evidence:
    """Judged days that were not answered yet, and the newest retrainings where they failed."""
    days = tables.read(MONITORING_DAYS).select(pl.exclude(NOT_SHOWN)).sort("date")
    if state.judged_to is not None:
        days = days.filter(pl.col("date") > state.judged_to)
    rows = days.collect().iter_rows(named=True)
    return Evidence(tuple(map(JudgedDay.of, rows)), failed_retrainings(tables))


def failed_retrainings(tables: Tables) -> tuple[str, ...]:
    """The newest retrainings as long as they failed, the last one first."""
    ended = tables.read(RETRAINING_REQUESTS).filter(
        pl.col("state").is_in([*CAME_TO_NOTHING, *WENT_WELL])
    )
    rows = ended.sort("updated_at", descending=True).select("request_id", "state").collect()
    good = rows.with_row_index().filter(pl.col("state").is_in(WENT_WELL))["index"]
    return tuple(rows["request_id"].head(good[0] if len(good) else rows.height))


def ungiven_orders(tables: Tables, rows: Sequence[Row], now: datetime) -> list[Row]:
    """Orders of the record that still hold and are not in gold.review_policy."""
    wanted = [row for row in rows if row["event"] == ORDER and _end(row) > now + NOTICE]
    given = tables.read(REVIEW_POLICY).filter(pl.col("decided_by") == MONITORING)
    known = {*given.select("site", "chance", "effective_until").collect().iter_rows()}
    return [row for row in wanted if (row["site"], row["chance"], _end(row)) not in known]


def _end(order: Row) -> datetime:
    return datetime.combine(order["until"] + timedelta(days=1), time(), UTC)
