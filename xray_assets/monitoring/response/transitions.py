"""Which level follows a judged day: one table, read from the top."""

from collections.abc import Callable
from dataclasses import dataclass

from xray_assets.contracts.tables.days import MAJOR, MINOR, MODERATE, NONE, UNKNOWN
from xray_assets.monitoring.response.evidence import RISING, JudgedDay, rank
from xray_assets.monitoring.response.state import State

QUIET_DAYS = 7
"""Closed days without an alarm, after which a level falls by one."""


@dataclass(frozen=True)
class Transition:
    """The first whose `holds` is true says the known level after the day, and how many days without
    an alarm there are in a row then.
    """

    name: str
    holds: Callable[[State, JudgedDay], bool]
    level: Callable[[State, JudgedDay], str]
    quiet: Callable[[State], int]


def _stays(state: State, _: JudgedDay) -> str:
    return state.known


def _evidence(_: State, day: JudgedDay) -> str:
    return day.evidence


def _one_lower(state: State, _: JudgedDay) -> str:
    return RISING[rank(state.known) - 1]


def _none(_: State) -> int:
    return 0


def _same(state: State) -> int:
    return state.quiet_days


def _one_more(state: State) -> int:
    return state.quiet_days + 1


TABLE = (
    # Another champion has another baseline: what was known of the one before is given up.
    Transition(
        "new_baseline",
        lambda state, day: (
            None not in (state.baseline_id, day.baseline_id)
            and state.baseline_id != day.baseline_id
        ),
        _evidence,
        _none,
    ),
    Transition("not_judged", lambda _, day: day.level == UNKNOWN, _stays, _same),
    Transition(
        "risen", lambda state, day: rank(day.evidence) > rank(state.known), _evidence, _none
    ),
    Transition(
        "no_harm_shown",
        lambda state, day: state.known == MODERATE and day.shows_no_harm,
        lambda *_: MINOR,
        _none,
    ),
    Transition("stands", lambda _, day: day.evidence != NONE, _stays, _none),
    Transition(
        "is_a_persons", lambda state, _: rank(state.known) >= rank(MAJOR), _stays, _one_more
    ),
    Transition(
        "fallen",
        lambda state, _: state.known != NONE and state.quiet_days + 1 >= QUIET_DAYS,
        _one_lower,
        _none,
    ),
    Transition("quiet", lambda *_: True, _stays, _one_more),
)


def transition(state: State, day: JudgedDay) -> Transition:
    """The row of the table that holds."""
    return next(one for one in TABLE if one.holds(state, day))
