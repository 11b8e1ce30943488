"""Baselines in gold.monitoring_baselines: which one a day is compared with, and new ones.

The first one of a state is made of the first days that suffice. Of another champion: of the same
days as the one before, from its own scores of them; where it was not scored then, of the newest
days on which it was. Where its promotion answered a drift: only of days since the change.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import (
    ANSWERED,
    BASELINE,
    FIRST,
    NONE,
    NOT_SHOWN,
    PROMOTED,
    UNKNOWN,
)
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.frozen import freeze
from xray_assets.monitoring.baselines.window import (
    Gathered,
    Need,
    Window,
    first_window,
    newest_window,
    within,
)
from xray_assets.monitoring.days.calendar import ONE_DAY
from xray_assets.monitoring.days.look import Look
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.reads import settled_of
from xray_assets.monitoring.days.rows import Span, as_days, films_of, scored_reads
from xray_assets.monitoring.days.served import Served

MONITORING = "monitoring"
"""Who makes a baseline that no person asked for."""

QUIET = timedelta(days=7)
"""Days without a level that end what changed."""

FARTHEST = timedelta(days=120)
"""How far back a new champion's baseline may reach."""


def in_force(tables: Tables, day: date, champion: str) -> dict[str, Any] | None:
    """The row of the baseline that a day of this champion is compared with."""
    rows = known(tables).filter(
        pl.col("served_model_name") == champion, pl.col("effective_from") <= day
    )
    newest = rows.sort("effective_from", "made_at").tail(1)
    return whole(tables, newest["baseline_id"].item()) if newest.height else None


def known(tables: Tables) -> pl.DataFrame:
    """Every baseline that days are compared with, without its films and reads."""
    rows = tables.read(MONITORING_BASELINES).filter(pl.col("kind") == BASELINE)
    return rows.select(pl.exclude(NOT_SHOWN)).collect()


def whole(tables: Tables, baseline_id: str) -> dict[str, Any]:
    """The row of a baseline, with its films and reads."""
    rows = tables.read(MONITORING_BASELINES).filter(pl.col("baseline_id") == baseline_id)
    return rows.collect().row(0, named=True)


def make(tables: Tables, plan: Plan, served: Served, last: Look, now: datetime) -> str | None:
    """Make the baseline that the day after the look `last` needs, if the days up to it suffice; its
    id, or None.
    """
    need = Need(plan.baseline_days, plan.baseline_patients)
    judged = tables.read(MONITORING_DAYS).select("date", "level", "served_model_name")
    judged, earlier = judged.sort("date").collect(), known(tables).sort("effective_from", "made_at")
    if earlier.is_empty():
        cause, tries = FIRST, [(judged["date"].item(0), last.day, first_window)]
    elif change := changed_on(judged, served.champion):
        cause, tries = ANSWERED, [(change, last.day, newest_window)]
    else:
        old, farthest = earlier.row(-1, named=True), last.day - FARTHEST
        same_days = (old["from_date"], old["to_date"], first_window)
        cause, tries = PROMOTED, [same_days, (farthest, last.day, newest_window)]
    for first, until, choose in tries:
        if (until - first).days + 1 < (need.days if choose is first_window else need.fewest_days):
            continue
        films, reads = gather(tables, plan, served, (first, until), last)
        if window := choose(films, reads, need):
            made = Made(served, window, cause, MONITORING, None, now)
            return store(tables, plan, made, last, *within(films, reads, window))
    return None


def gather(tables: Tables, plan: Plan, served: Served, days: Window, last: Look) -> Gathered:
    """The films of these days, and the reads of them that were settled at the look `last`."""
    span = Span(*days, plan.timezone, last.log_position)
    films = films_of(tables, span, served, most=plan.films)
    settled = settled_of(tables, days[0] - ONE_DAY, days[1] + ONE_DAY, last, plan.timezone)
    return films, scored_reads(tables, settled, plan.timezone, served)


@dataclass(frozen=True)
class Made:
    """Of which model and days a baseline is, and who made it, why and when."""

    served: Served
    window: Window
    cause: str
    by: str
    reason: str | None
    now: datetime


def store(
    tables: Tables, plan: Plan, made: Made, last: Look, films: pl.DataFrame, reads: pl.DataFrame
) -> str:
    """Freeze these films and reads for the days after the look `last`; returns the id. Repeated it
    changes nothing.
    """
    zero = made.window[1] + ONE_DAY
    frozen = freeze(as_days(films, zero), as_days(reads, zero))
    before = known(tables).sort("effective_from", "made_at")["baseline_id"].to_list()
    level = tables.read(MONITORING_DAYS).filter(pl.col("date") == last.day).select("level")
    row = {
        "baseline_id": f"{made.window[0]}_{made.window[1]}_{frozen.sha256[:12]}",
        "kind": BASELINE,
        "served_model_name": made.served.champion,
        "artifact_sha256": made.served.artifact_sha256,
        "challenger_model_name": made.served.challenger,
        "feature_version": FEATURE_VERSION,
        "from_date": made.window[0],
        "to_date": made.window[1],
        "effective_from": last.day + ONE_DAY,
        "n_days": films["local"].n_unique(),
        "n_films": films.height,
        "n_patients": films["case_key"].drop_nulls().n_unique(),
        "n_positive_reads": reads.filter(pl.col("truth") == 1).height,
        "n_negative_reads": reads.filter(pl.col("truth") == 0).height,
        "sites": films["site"].unique().sort().to_list(),
        "timezone": plan.timezone,
        **vars(frozen),
        "made_at": made.now,
        "made_by": made.by,
        "cause": made.cause,
        "reason": made.reason,
        "replaces": before[-1] if before else None,
        "level_given_up": level.collect().item(),
    }
    schema = CONTRACTS[MONITORING_BASELINES].schema
    tables.merge(MONITORING_BASELINES, pl.DataFrame([row], schema=schema), insert_only=True)
    return row["baseline_id"]


def changed_on(judged: pl.DataFrame, champion: str) -> date | None:
    """The first day of the change that this champion's promotion answered; None where nothing had
    changed in the week before it.

    judged: date, level and served_model_name of the judged days, in order.
    """
    before = judged.filter(pl.col("served_model_name").ne_missing(champion))
    drifted = before.filter(~pl.col("level").is_in([NONE, UNKNOWN]))["date"].to_list()
    if not drifted or before["date"].item(-1) - drifted[-1] > QUIET:
        return None
    first = drifted[-1]
    for day in reversed(drifted):
        if first - day > QUIET:
            break
        first = day
    return first
