"""What a person says about a level, and what a failed run makes heard; a function an act.

Who may say it is decided before, by `web/accounts`. `now` is in the time zone of the days.
"""

from datetime import datetime, timedelta

from xray_assets.contracts.tables.days import NONE, UNKNOWN
from xray_assets.contracts.tables.monitoring_record import ACK, OF_RUN, RESOLVE, SNOOZE
from xray_assets.errors import XrayError
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.response.alerts import alert
from xray_assets.monitoring.response.evidence import Evidence, Word
from xray_assets.monitoring.response.record import add
from xray_assets.monitoring.response.respond import respond
from xray_assets.monitoring.response.state import State, summed

LONGEST_SNOOZE = 30
"""Days."""


class ActRefused(XrayError, ValueError):
    """There is nothing to say this about, or something is missing; the message says what."""


def acknowledge(tables: Tables, *, by: str, now: datetime, reason: str = "") -> State:
    """Somebody looks after it: nobody is told again until the level rises."""
    return _say(tables, Word(ACK, by, reason.strip() or None), now)


def snooze(tables: Tables, *, days: float, by: str, now: datetime, reason: str = "") -> State:
    """No alerts for some days, at most 30, unless the level rises or days cannot be judged; levels
    and the hold of the ramp stay.
    """
    if not 0 < days <= LONGEST_SNOOZE:
        raise ActRefused(f"a snooze takes more than 0 and at most {LONGEST_SNOOZE} days")
    until = now + timedelta(days=days)
    return _say(tables, Word(SNOOZE, by, reason.strip() or None, until), now)


def resolve(tables: Tables, *, by: str, reason: str, now: datetime) -> State:
    """It is over: the level is NONE, until a day says otherwise, and retraining may start by itself
    again.
    """
    if not reason.strip():
        raise ActRefused('what was done about it? Add --reason "..."')
    return _say(tables, Word(RESOLVE, by, reason.strip()), now)


def run_failed(tables: Tables, *, job: str, run_id: str, problem: str, now: datetime) -> State:
    """People are to be told that a run of monitoring failed; once a day."""
    subject = f"Monitoring: a run of the job {job} failed"
    text = f"Run {run_id}: {problem[:500]}. Until one succeeds no day is judged."
    rows = add(
        tables,
        lambda _, state: [*alert(OF_RUN, state, now, subject, text)],
        run_id=run_id,
    )
    return summed(rows)


def _say(tables: Tables, word: Word, now: datetime) -> State:
    def decide(_: object, state: State) -> tuple:
        if state.known == NONE and state.level != UNKNOWN and state.auto_retraining:
            raise ActRefused(f"nothing to {word.act}: the level is {state.level}")
        if word.act == RESOLVE and state.known == NONE and state.auto_retraining:
            raise ActRefused(
                "UNKNOWN ends when a day can be judged, not by a word: `xray monitor status` says "
                "what is missing"
            )
        return respond(state, Evidence(), [word], now)[1]

    return summed(add(tables, decide, run_id=None))
