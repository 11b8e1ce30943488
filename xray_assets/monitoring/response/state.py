"""What stands: the sum of all rows of the record, the same for whichever process adds them up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from xray_assets.contracts.tables import monitoring_record as record
from xray_assets.contracts.tables.days import MAJOR, MODERATE, NONE, UNKNOWN
from xray_assets.monitoring.response.evidence import rank
from xray_assets.reasons import waits_for_a_baseline

Row = dict[str, Any]
"""A row of the record, with or without the columns of its chain."""

EPISODES = timedelta(days=30)
"""For how long MAJOR episodes are counted."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The present state of the response.

    level, known: as `level` and `known_level` of the record; since, risen_at: when the one changed,
    when the other rose last. unknown_at: when the first of the days was over that cannot be judged;
    None while they can, or wait for a baseline alone. judged_to, closed_at: the last judged day,
    and when it was over; day: its row. majors: episodes that reached MAJOR, and when. escalated:
    cause and what of, each escalated once; untold: those that no alert told yet. told: whether
    people were alerted of the level since it rose. news: rows that the next digest tells. alerted:
    last day of each kind of alert. orders: until when a site is to be read at a chance.
    """

    level: str = NONE
    known: str = NONE
    since: datetime | None = None
    risen_at: datetime | None = None
    unknown_at: datetime | None = None
    judged_to: date | None = None
    closed_at: datetime | None = None
    baseline_id: str | None = None
    quiet_days: int = 0
    day: Row = field(default_factory=dict)
    episode_id: str | None = None
    majors: tuple[tuple[str, datetime], ...] = ()
    acknowledged_by: str = ""
    snoozed_until: datetime | None = None
    auto_retraining: bool = True
    escalated: frozenset[tuple[str, str]] = frozenset()
    untold: tuple[Row, ...] = ()
    told: bool = True
    news: tuple[Row, ...] = ()
    alerted: Mapping[str, date] = field(default_factory=dict)
    orders: Mapping[tuple[str, float], date] = field(default_factory=dict)

    def is_snoozed(self, now: datetime) -> bool:
        """True while a person wants no alerts."""
        return self.snoozed_until is not None and now < self.snoozed_until

    def __str__(self) -> str:
        """What stands, for people."""
        said = [f"{self.level} since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else self.level]
        if self.level == UNKNOWN:
            said.append(f"before that {self.known}")
        if self.episode_id:
            said += [self.episode_id, f"acknowledged by {self.acknowledged_by or 'nobody'}"]
        if self.snoozed_until:
            said.append(f"no alerts until {self.snoozed_until:%Y-%m-%d %H:%M} UTC")
        if not self.auto_retraining:
            said.append("no retraining starts by itself")
        return ", ".join(said)


def summed(rows: Iterable[Row], state: State | None = None) -> State:
    """The state after more rows of the record, in their order."""
    state = state or State()
    for row in rows:
        state = _of_event(_of_level(state, row), row)
    return state


def _of_level(state: State, row: Row) -> State:
    """What any row says: the level after it."""
    known, level, at = row["known_level"], row["level"], row["recorded_at"]
    more: dict[str, Any] = {}
    if level != state.level or state.since is None:
        more |= {"since": at}
    if rank(known) > rank(state.known):
        more |= {"risen_at": at, "acknowledged_by": "", "snoozed_until": None, "told": False}
        if rank(known) >= rank(MAJOR) > rank(state.known):
            more |= {"majors": (*_recent(state.majors, at), (row["episode_id"], at))}
    elif known != state.known:
        more |= {"acknowledged_by": "", "told": True}
    if _is_small(state, row):
        more |= {"news": (*state.news, row)}
    return replace(
        state,
        level=level,
        known=known,
        quiet_days=row["quiet_days"],
        episode_id=row["episode_id"] if known != NONE else None,
        auto_retraining=row["auto_retraining"],
        **more,
    )


def _is_small(state: State, row: Row) -> bool:
    """True for news that can wait for the digest: MINOR, a fall, days that can be judged again."""
    rose = rank(row["known_level"]) > rank(state.known)
    return (
        (rose and rank(row["known_level"]) < rank(MODERATE))
        or (not rose and row["known_level"] != state.known)
        or (state.level == UNKNOWN != row["level"] and not rose)
    )


def _of_event(state: State, row: Row) -> State:
    """What a row says beside the level."""
    match row["event"]:
        case record.DAY | record.UNJUDGED:
            return _of_day(state, row)
        case record.ACK:
            return replace(state, acknowledged_by=row["actor"])
        case record.SNOOZE:
            return replace(state, snoozed_until=row["snoozed_until"])
        case record.ESCALATION:
            about = (row["reason_codes"], row["reason"])
            return replace(state, escalated=state.escalated | {about}, untold=(*state.untold, row))
        case record.ALERT:
            kind = row["alert"]
            return replace(
                state,
                alerted={**state.alerted, kind: row["date"]},
                told=state.told or kind == state.known,
                news=() if kind == record.DIGEST else state.news,
                untold=() if kind == record.OF_ESCALATION else state.untold,
            )
        case record.ORDER:
            asked = (row["site"], row["chance"])
            return replace(state, orders={**state.orders, asked: row["until"]})
    return state


def _of_day(state: State, row: Row) -> State:
    """A day was judged or could not be; one that nobody judged may still be judged."""
    unknown = row["level"] == UNKNOWN and not waits_for_a_baseline(row["reason_codes"].split())
    newly = unknown and state.unknown_at is None
    state = replace(
        state,
        unknown_at=(state.unknown_at or row["closed_at"]) if unknown else None,
        snoozed_until=None if newly else state.snoozed_until,
    )
    if row["event"] == record.UNJUDGED:
        return state
    return replace(
        state,
        day=row,
        judged_to=row["date"],
        closed_at=row["closed_at"],
        baseline_id=row["baseline_id"] or state.baseline_id,
    )


def _recent(
    majors: tuple[tuple[str, datetime], ...], now: datetime
) -> tuple[tuple[str, datetime], ...]:
    return tuple(one for one in majors if now - one[1] < EPISODES)
