"""What keeps retraining from running in circles. Pure, of earlier requests."""

from collections.abc import Sequence
from datetime import datetime

from xray_assets.contracts.tables.retraining import (
    FAILED,
    GATED,
    MANUAL,
    OPENED,
    RECOMMENDED,
    REGISTERED,
    RUNNING,
)
from xray_assets.reasons import Reason
from xray_assets.retraining.deciding.facts import Earlier, Limits, days

IN_FLIGHT = (RUNNING, REGISTERED)
"""States of a request that is not done: trained now, or waiting for its backtest."""

NOT_GOOD = (GATED, FAILED)
DONE = (*NOT_GOOD, REGISTERED, RECOMMENDED, OPENED)
"""States of a request that was carried out, for better or worse."""


def in_flight(earlier: Sequence[Earlier]) -> Reason | None:
    """One at a time; a run that nobody carries out is not waited for."""
    for one in earlier:
        if one.state in IN_FLIGHT and one.is_alive:
            return Reason("in_flight", f"request {one.request_id} is {one.state}")
    return None


def too_often(earlier: Sequence[Earlier], now: datetime, limits: Limits) -> Reason | None:
    """So many days apart, so many in a window, and none after too many failures in a row."""
    done = [one for one in earlier if one.state in DONE]
    row = done[-limits.failures_in_a_row :]
    if len(row) == limits.failures_in_a_row and all(one.state in NOT_GOOD for one in row):
        said = f"the last {len(row)} failed: off until one that `xray retrain` asks for passes"
        return Reason("failed_in_a_row", said)
    if done and now - done[-1].asked_at < days(limits.days_apart):
        said = f"the last was asked for on {done[-1].asked_at:%Y-%m-%d}: "
        return Reason("too_soon", said + f"{limits.days_apart} days apart")
    if budget_left(earlier, now, limits) == 0:
        said = f"{limits.most_in_window} in {limits.window_days} days are the most"
        return Reason("too_many", said)
    return None


def budget_left(earlier: Sequence[Earlier], now: datetime, limits: Limits) -> int:
    """Automatic retrainings that are left in the window."""
    since = now - days(limits.window_days)
    spent = [
        one
        for one in earlier
        if one.state in DONE and one.asked_at > since and one.triggers != (MANUAL,)
    ]
    return max(limits.most_in_window - len(spent), 0)
