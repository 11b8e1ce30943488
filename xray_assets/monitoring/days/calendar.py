"""Days of a time zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

ONE_DAY = timedelta(days=1)


def start_of(day: date, timezone: str) -> datetime:
    """The moment (UTC) at which a local day begins; the one before it ends there."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def end_of(day: date, timezone: str) -> datetime:
    """The moment (UTC) at which a local day is over."""
    return start_of(day + ONE_DAY, timezone)


def day_of(moment: datetime, timezone: str) -> date:
    """The local day of a moment."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def local_date(timestamps: pl.Expr, timezone: str) -> pl.Expr:
    """The local days of UTC timestamps."""
    return timestamps.dt.convert_time_zone(timezone).dt.date()


def utc_dates(first: date, last: date) -> pl.Expr:
    """True for rows whose `date` (UTC, a partition) can lie in these local days."""
    return pl.col("date").is_between(first - ONE_DAY, last + ONE_DAY)


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last one."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
