"""What a day is judged on, from the tables: its films, and the reads that were settled on it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.reads import settled_between
from xray_assets.monitoring.days.rows import Span, films_of, scored_reads
from xray_assets.monitoring.days.served import Served

if TYPE_CHECKING:
    from xray_assets.monitoring.days.judge import Task


@dataclass(frozen=True)
class Seen:
    """`rows.films_of` and `rows.scored_reads` of a day."""

    films: pl.DataFrame
    reads: pl.DataFrame
    n_settled: int


def seen(tables: Tables, plan: Plan, task: "Task") -> Seen:
    """Films and reads of a task. The challenger is the baseline's: another one has nothing to be
    compared with.
    """
    look, baseline = task.look, task.baseline
    shown = replace(
        task.served or Served("", ""),
        challenger=baseline["challenger_model_name"] if baseline else None,
    )
    span = Span(look.day, look.day, plan.timezone, look.log_position)
    version = baseline["feature_version"] if baseline else FEATURE_VERSION
    settled = settled_between(tables, task.before, look, plan.timezone)
    return Seen(
        films=films_of(tables, span, shown, most=plan.films, features=version),
        reads=scored_reads(tables, settled, plan.timezone, shown),
        n_settled=settled.height,
    )
