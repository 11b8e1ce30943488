"""From what stands, what is new and the time to the rows that come next. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from xray_assets.catalog import CHANCES
from xray_assets.contracts.tables import monitoring_record as record
from xray_assets.contracts.tables.days import NONE, UNKNOWN
from xray_assets.monitoring.response.alerts import due_alerts
from xray_assets.monitoring.response.entry import entry
from xray_assets.monitoring.response.escalation import due_escalations
from xray_assets.monitoring.response.evidence import Evidence, JudgedDay, Word
from xray_assets.monitoring.response.state import Row, State, summed
from xray_assets.monitoring.response.transitions import transition
from xray_assets.reasons import JUDGED_WITHIN, NOT_CLOSED
from xray_assets.review.orders import EVERY_SITE
from xray_assets.review.policy import FLOORS

GRACE = timedelta(hours=1)
"""For a run that judges a day at the last moment, as far as it could be judged."""

ORDERED, RENEWED = timedelta(days=3), timedelta(days=1)
"""How long an order of review holds, and how long before its end it is given again: where less is
asked for, it lapses.
"""

Step = Callable[[State, datetime], Sequence[Row] | Iterator[Row]]


def respond(
    state: State, evidence: Evidence, acts: Sequence[Word], now: datetime
) -> tuple[State, tuple[Row, ...]]:
    """The state after all of it, and the rows that lead there; what was answered before, and a time
    at which nothing is due, give none. `now` is in the time zone of the days.
    """
    new = [day for day in evidence.days if state.judged_to is None or day.date > state.judged_to]
    steps: list[Step] = [
        *(partial(_said, word) for word in acts),
        *(partial(_judged, day) for day in new),
        *(partial(_ordered, day) for day in new[-1:]),
        _unjudged,
        partial(due_escalations, evidence.failed_retrainings),
        due_alerts,
    ]
    written: tuple[Row, ...] = ()
    for step in steps:
        rows = tuple(step(state, now))
        state, written = summed(rows, state), written + rows
    return state, written


def _said(word: Word, state: State, now: datetime) -> Iterator[Row]:
    """A person's act. A level that cannot be judged is not resolved by a word."""
    more: dict[str, Any] = {"actor": word.by, "reason": word.reason}
    if word.act == record.SNOOZE:
        more |= {"snoozed_until": word.until}
    if word.act == record.RESOLVE:
        level = UNKNOWN if state.level == UNKNOWN else NONE
        more |= {"level": level, "known_level": NONE, "quiet_days": 0, "auto_retraining": True}
    yield entry(word.act, state, now, **more)


def _judged(day: JudgedDay, state: State, now: datetime) -> Iterator[Row]:
    """A day's row, with the level after it."""
    found = transition(state, day)
    known = found.level(state, day)
    begins = known != NONE and (state.known == NONE or found.name == "new_baseline")
    yield entry(
        record.DAY,
        state,
        now,
        level=UNKNOWN if day.level == UNKNOWN else known,
        known_level=known,
        quiet_days=found.quiet(state),
        episode_id=f"episode-{day.date}" if begins else state.episode_id,
        date=day.date,
        closed_at=day.closed_at.astimezone(UTC),
        baseline_id=day.baseline_id,
        kind=day.kind,
        day_level=day.level,
        sites=list(day.sites),
        harm_sites=list(day.harm_sites),
        no_harm_sites=list(day.no_harm_sites),
        log_evidence=day.log_evidence,
        reason_codes="\n".join((found.name, *day.reason_codes)),
    )


def _ordered(day: JudgedDay, state: State, now: datetime) -> Iterator[Row]:
    """What the day asks to be read above the floor, where that is not in force long enough."""
    today = now.astimezone(UTC).date()
    for site, share in day.review:
        if share <= FLOORS[-1]:
            continue
        asked = (site or EVERY_SITE, min(chance for chance in CHANCES if chance >= share))
        if asked not in state.orders or state.orders[asked] <= today + RENEWED:
            yield entry(
                record.ORDER,
                state,
                now,
                site=asked[0],
                chance=asked[1],
                until=today + ORDERED,
                reason=f"{day.kind} at level {state.level}" if day.kind else f"level {state.level}",
            )


def _unjudged(state: State, now: datetime) -> Iterator[Row]:
    """The day after the last judged one, where nothing judged it in time: nothing runs."""
    if state.judged_to is None or state.closed_at is None or state.unknown_at is not None:
        return
    over = state.closed_at + timedelta(days=1)
    if now - over > JUDGED_WITHIN + GRACE:
        yield entry(
            record.UNJUDGED,
            state,
            now,
            level=UNKNOWN,
            date=state.judged_to + timedelta(days=1),
            closed_at=over,
            reason_codes=NOT_CLOSED,
        )
