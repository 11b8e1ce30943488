"""From the alerts of the record to people: each at least once at each address, under its own id."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xray_assets.catalog import MONITORING_RECORD
from xray_assets.contracts.tables.monitoring_record import ALERT, DELIVERY, NOT_SENT, SENT
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.response.entry import entry
from xray_assets.monitoring.response.record import add
from xray_assets.monitoring.response.state import Row
from xray_assets.notices.notice import MaybeSent, Notice, NotSent, Sender

KEPT = timedelta(days=7)
"""How long an alert is tried to be sent; it stays in the record."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
"""After a delivery that failed; it doubles each time."""


@dataclass(frozen=True)
class Due:
    """An alert that is to be sent to an address now."""

    alert: Row
    sender: Sender


def due_deliveries(
    rows: Sequence[Row], senders: Callable[[bool], Sequence[Sender]], now: datetime
) -> Iterator[Due]:
    """Every alert of the last days, at every address where it has not arrived and no pause is
    left.
    """
    tried = deliveries_of(rows)
    for alert in alerts_since(rows, now - KEPT):
        for sender in senders(alert["escalated"]):
            before = tried.get((alert["alert_id"], sender.address), [])
            if not before or (before[-1]["delivery"] == NOT_SENT and _waited(before, now)):
                yield Due(alert, sender)


def deliver(tables: Tables, due: Due, *, now: datetime, run_id: str) -> list[Row]:
    """Send it, and keep in the record how that went; returns all rows."""
    alert = due.alert
    facts = {name: alert[name] for name in ("alert", "level", "episode_id") if alert[name]}
    key, problem = f"{tables.full_name(MONITORING_RECORD)}/{alert['alert_id']}", None
    try:
        due.sender.send(Notice(key, alert["subject"], alert["text"], facts=facts))
    except (NotSent, MaybeSent) as error:
        problem = str(error)
    said = {
        "alert_id": alert["alert_id"],
        "address": due.sender.address,
        "delivery": NOT_SENT if problem else SENT,
        "problem": problem,
    }
    return add(tables, lambda _, state: [entry(DELIVERY, state, now, **said)], run_id=run_id)


def not_arrived(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The last delivery of each alert of the last days that did not arrive where it was sent."""
    alerts = {alert["alert_id"] for alert in alerts_since(rows, now - KEPT)}
    last = [tried[-1] for (alert, _), tried in deliveries_of(rows).items() if alert in alerts]
    return [row for row in last if row["delivery"] == NOT_SENT]


def alerts_since(rows: Sequence[Row], since: datetime) -> list[Row]:
    """Alerts that were raised from then on."""
    return [row for row in rows if row["event"] == ALERT and row["recorded_at"] >= since]


def deliveries_of(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """By alert and address: how each try went, in order."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["event"] == DELIVERY:
            found.setdefault((row["alert_id"], row["address"]), []).append(row)
    return found


def _waited(before: Sequence[Row], now: datetime) -> bool:
    pause = min(FIRST_PAUSE * 2 ** (len(before) - 1), LONGEST_PAUSE)
    return now - before[-1]["recorded_at"] >= pause
