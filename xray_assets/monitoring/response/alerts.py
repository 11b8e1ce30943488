"""Which alerts are due, and what they say. One row each, before anything is sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from xray_assets.contracts.tables import monitoring_record as record
from xray_assets.contracts.tables.days import CONCEPT, MAJOR, MODERATE, NONE, UNKNOWN
from xray_assets.monitoring.response.entry import entry
from xray_assets.monitoring.response.state import Row, State

UNKNOWN_FOR = timedelta(hours=24)
"""Then people are told that days cannot be judged, once a day."""

_BY_ITSELF = {
    MODERATE: "More films of the sites concerned are reviewed; traffic goes on as it is.",
    MAJOR: "The ramp holds where it stands; more films are reviewed.",
    CONCEPT: "The ramp holds where it stands; no model is retrained by itself. Look at labels, "
    "readers and guideline first.",
}

_ASK = (
    "`xray monitor status` and `xray monitor explain` show it; `xray monitor ack` says that you "
    'look after it, `xray monitor resolve --reason "..."` that it is over.'
)

_CAUSES = {
    "major_unacknowledged": "nobody has acknowledged {about} within a day",
    "moderate_stands": "{about} has stood at MODERATE for two weeks",
    "major_episodes": "three episodes reached MAJOR within 30 days, the last one {about}",
    "retrainings_failed": "two retrainings failed one after another, the last one {about}",
}


def due_alerts(state: State, now: datetime) -> Iterator[Row]:
    """Alerts that were not raised yet, of each kind one a day; none while they are snoozed."""
    if state.is_snoozed(now):
        return
    if not state.told and state.known in _BY_ITSELF:
        yield from alert(state.known, state, now, *_level(state))
    if state.unknown_at and now - state.unknown_at >= UNKNOWN_FOR:
        yield from alert(record.OF_UNKNOWN, state, now, *_unknown(state))
    if state.untold:
        yield from alert(record.OF_ESCALATION, state, now, *_escalation(state), escalated=True)
    if state.news:
        yield from alert(record.DIGEST, state, now, *_digest(state))


def alert(
    kind: str, state: State, now: datetime, subject: str, text: str, *, escalated: bool = False
) -> Iterator[Row]:
    """An alert's row, unless one of the kind was raised today."""
    if state.alerted.get(kind) != now.date():
        yield entry(
            record.ALERT,
            state,
            now,
            date=now.date(),
            alert=kind,
            alert_id=f"{kind}/{now.date()}",
            escalated=escalated,
            subject=subject,
            text=text,
        )


def _level(state: State) -> tuple[str, str]:
    day, where = state.day, _where(state.day["sites"])
    harm = f" Harm is proven: {_where(day['harm_sites'])}." if day["harm_sites"] else ""
    return (
        f"Monitoring: {state.known} ({day['kind'] or 'kind not named'})",
        f"Since {day['date']}: {day['kind'] or 'a change'}, {where}.{harm} "
        f"{_BY_ITSELF[state.known]} {state.episode_id}. {_ASK}",
    )


def _unknown(state: State) -> tuple[str, str]:
    last = f"The last day that was looked at is {state.judged_to}. " if state.judged_to else ""
    return (
        "Monitoring: UNKNOWN, days cannot be judged",
        f"Since {state.unknown_at:%Y-%m-%d %H:%M} UTC no day can be judged. {last}The ramp holds "
        f"until one is; the level before was {state.known}. `xray monitor status` says why, "
        "`xray status` whether everything runs.",
    )


def _escalation(state: State) -> tuple[str, str]:
    causes = [_CAUSES[row["reason_codes"]].format(about=row["reason"]) for row in state.untold]
    return (
        f"Monitoring: escalated at level {state.level}",
        f"{'; '.join(causes)}. No retraining starts by itself until somebody resolves this. {_ASK}",
    )


def _digest(state: State) -> tuple[str, str]:
    lines = [f"{row['recorded_at']:%Y-%m-%d %H:%M} UTC: {_news(row)}" for row in state.news]
    return f"Monitoring: now {state.level}", "\n".join(lines)


def _news(row: Row) -> str:
    if row["level"] == row["previous_level"] == UNKNOWN:
        return f"UNKNOWN, and {row['known_level']} once days can be judged"
    who = f" by {row['actor']}: {row['reason']}" if row["event"] == record.RESOLVE else ""
    where = f", {_where(row['sites'])}" if row["sites"] and row["level"] != NONE else ""
    return f"{row['previous_level']} -> {row['level']}{who}{where}"


def _where(sites: list[str]) -> str:
    named = [site for site in sites if site]
    return f"at {', '.join(named)}" if named else "all sites together"
