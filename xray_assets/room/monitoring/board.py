"""What the monitoring page shows, from one look. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import polars as pl

from xray_assets.contracts.tables.days import UNKNOWN
from xray_assets.monitoring.response.state import Row, State
from xray_assets.pictures.monitoring import (
    accuracy_by_day,
    family_evidence,
    level_strip,
    stream_heat,
)
from xray_assets.reasons import from_columns
from xray_assets.room.dashboard.trends import Chart
from xray_assets.room.monitoring.look import Look, UsualRule
from xray_assets.statistics.drift.levels import LIMITS

MOST_ROWS = 30
"""Of the record, newest first."""


@dataclass(frozen=True)
class Board:
    """One page. last: the last judged day's row; None before the first."""

    stands: str
    level: str
    last: Mapping[str, Any] | None
    why: Sequence[str]
    charts: Sequence[Chart]
    usual_rules: Sequence[UsualRule]
    flagged: Sequence[Mapping[str, Any]]
    record: Sequence[Row]


def board(look: Look, state: State, record: Sequence[Row]) -> Board:
    """The page of a look and the record of the response."""
    last = look.days.row(-1, named=True) if look.days.height else None
    return Board(
        stands=str(state),
        level=state.level if record else last["level"] if last else UNKNOWN,
        last=last,
        why=[str(one) for one in from_columns(last) if one.code] if last else [],
        charts=charts(look),
        usual_rules=look.usual_rules,
        flagged=_flagged(look),
        record=record[: -MOST_ROWS - 1 : -1],
    )


def charts(look: Look) -> list[Chart]:
    """Those that there is something to draw of."""
    found: list[Chart] = []
    days, evidence, estimates = look.days, look.evidence, look.estimates
    if days.height:
        quiet = days.filter(pl.col("level") == "NONE").height
        told = f"{days.height} judged days: {quiet} without a change."
        strip = level_strip(days.select("date", "level", "kind"))
        found.append(Chart("levels", strip.to_dict(validate=False), told))
    if evidence.height:
        limit = f"The dashed line is the alarm of all families together, {LIMITS.alarm:,.0f}."
        lines = family_evidence(evidence, alarm=log(LIMITS.alarm))
        found.append(Chart("families", lines.to_dict(validate=False), limit))
        last = evidence.filter(pl.col("date") == pl.col("date").max())
        heat = stream_heat(last.select("site", "stream", "log_e"))
        told = f"The strongest streams on {last['date'].item(0)}."
        found.append(Chart("streams", heat.to_dict(validate=False), told))
    if estimates.drop_nulls("estimated_accuracy").height:
        told = "Estimates are not to be trusted while films differ from the baseline's."
        drawn = accuracy_by_day(estimates)
        found.append(Chart("accuracy", drawn.to_dict(validate=False), told))
    return found


def _flagged(look: Look) -> list[dict[str, Any]]:
    """The flagged streams of the last day, the strongest first."""
    if look.evidence.is_empty():
        return []
    rows = look.evidence.filter("flagged", pl.col("date") == pl.col("date").max())
    return rows.sort("log_e", descending=True).to_dicts()
