"""Judged days for tests: one a day from 2026-01-01, in UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from xray_assets.contracts.tables.days import NONE
from xray_assets.monitoring.response.evidence import Evidence, JudgedDay

FIRST = date(2026, 1, 1)


def over(number: int, minutes: float = 5) -> datetime:
    """Minutes after day `number` was over: when it is judged."""
    return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(days=number, minutes=minutes)


def a_day(number: int, level: str = NONE, **more: Any) -> JudgedDay:
    """Day `number`, judged against baseline `b1`."""
    changed = {"kind": "covariate", "sites": ("b",)} if level not in (NONE, "UNKNOWN") else {}
    return JudgedDay(
        date=FIRST + timedelta(days=number),
        level=level,
        **{"closed_at": over(number, 0), "baseline_id": "b1", **changed, **more},
    )


def days(*levels: str, start: int = 0) -> Evidence:
    """Days of these levels, one after another."""
    return Evidence(tuple(a_day(start + number, level) for number, level in enumerate(levels)))
