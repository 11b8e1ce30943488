"""A baseline that a person asks for: what counts as ordinary is what the newest days showed."""

from datetime import date, datetime
from typing import Any

import polars as pl

from xray_assets.catalog import MONITORING_DAYS
from xray_assets.contracts.tables.days import RENEWED
from xray_assets.errors import XrayError
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.store import FARTHEST, Made, gather, known, store, whole
from xray_assets.monitoring.baselines.window import (
    READS_OF_EACH_TRUTH,
    Need,
    newest_window,
    usable_days,
    within,
)
from xray_assets.monitoring.days.calendar import end_of
from xray_assets.monitoring.days.look import Look
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.served import served_at


class BaselineRefused(XrayError):
    """There is nothing to make a baseline of; the message says what is missing."""


def renew(
    tables: Tables, plan: Plan, *, by: str, reason: str, since: date | None, now: datetime
) -> dict[str, Any]:
    """Make a baseline of the newest judged days, of those from `since` on where that is given; the
    next days are compared with it. Returns its row. Raises BaselineRefused.
    """
    if not reason.strip():
        raise BaselineRefused('a new baseline needs a reason: add --reason "..."')
    judged = tables.read(MONITORING_DAYS).select("date", "log_position", "read_rank")
    rows = judged.sort("date").collect()
    if rows.is_empty():
        raise BaselineRefused("no day was judged yet: the first baseline is made by itself")
    last = Look.of(rows.row(-1, named=True))
    served = served_at(tables, end_of(last.day, plan.timezone))
    if served is None:
        raise BaselineRefused(f"nothing was served on {last.day}: there is no champion to watch")
    first = max(rows["date"].item(0), since or last.day - FARTHEST)
    films, reads = gather(tables, plan, served, (first, last.day), last)
    need = Need(plan.baseline_days, plan.baseline_patients)
    window = newest_window(films, reads, need)
    if window is None:
        truths = [reads.filter(pl.col("truth") == truth).height for truth in (1, 0)]
        raise BaselineRefused(
            f"since {first} there are {len(usable_days(films))} days with features and scores, "
            f"{films['case_key'].drop_nulls().n_unique()} patients, and {truths[0]} reads of "
            f"pneumonia and {truths[1]} of normal. A baseline takes {need.fewest_days} days, "
            f"{need.patients} patients and {READS_OF_EACH_TRUTH} reads of each"
        )
    made, held = Made(served, window, RENEWED, by, reason.strip(), now), known(tables).height
    baseline_id = store(tables, plan, made, last, *within(films, reads, window))
    if known(tables).height == held:
        raise BaselineRefused(f"{baseline_id} is the baseline of these very days already")
    return whole(tables, baseline_id)
