"""When nobody answers, or answers do not last: other people are told, and retraining waits."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from xray_assets.contracts.tables import monitoring_record as record
from xray_assets.contracts.tables.days import MAJOR, MODERATE
from xray_assets.monitoring.response.entry import entry
from xray_assets.monitoring.response.evidence import rank
from xray_assets.monitoring.response.state import EPISODES, Row, State

ANSWERED = timedelta(hours=24)
"""In which somebody acknowledges MAJOR or CONCEPT."""
STANDS = timedelta(days=14)
"""How long MODERATE may stand."""
MAJORS, FAILURES = 3, 2
"""Episodes that reached MAJOR in 30 days; retrainings that failed one after another."""


def due_escalations(
    failed_retrainings: Sequence[str], state: State, now: datetime
) -> Iterator[Row]:
    """A row a cause that was not escalated yet; retraining starts no more by itself, until a person
    resolves it.
    """
    for cause, about in _causes(state, failed_retrainings, now):
        if (cause, about) not in state.escalated:
            yield entry(
                record.ESCALATION,
                state,
                now,
                reason_codes=cause,
                reason=about,
                auto_retraining=False,
            )


def _causes(
    state: State, failed_retrainings: Sequence[str], now: datetime
) -> Iterator[tuple[str, str]]:
    """Why it escalates, and about which episode or retraining."""
    if state.episode_id and state.risen_at:
        stood = now - state.risen_at
        if rank(state.known) >= rank(MAJOR) and not state.acknowledged_by and stood > ANSWERED:
            yield "major_unacknowledged", state.episode_id
        if state.known == MODERATE and stood > STANDS:
            yield "moderate_stands", state.episode_id
    majors = [episode for episode, at in state.majors if now - at < EPISODES]
    if len(majors) >= MAJORS:
        yield "major_episodes", majors[-1]
    if len(failed_retrainings) >= FAILURES:
        yield "retrainings_failed", failed_retrainings[0]
