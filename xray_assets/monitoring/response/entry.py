"""A row of the record before it is chained."""

from datetime import UTC, datetime
from typing import Any

from xray_assets.audit.chain import POSITION, PREVIOUS_HASH, ROW_HASH
from xray_assets.contracts.tables.monitoring_record import MONITORING_RECORD
from xray_assets.monitoring.response.state import Row, State

MONITORING = "monitoring"
"""Who acts where no person does."""

_EMPTY = {
    name: None
    for name in MONITORING_RECORD.schema.names()
    if name not in (POSITION, PREVIOUS_HASH, ROW_HASH)
}


def entry(event: str, state: State, now: datetime, **columns: Any) -> Row:
    """A row that says this event; what it does not say is as it was."""
    return {
        **_EMPTY,
        "recorded_at": now.astimezone(UTC),
        "event": event,
        "level": state.level,
        "previous_level": state.level,
        "known_level": state.known,
        "episode_id": state.episode_id,
        "auto_retraining": state.auto_retraining,
        "quiet_days": state.quiet_days,
        "actor": MONITORING,
        **columns,
    }
