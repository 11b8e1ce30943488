"""The guard that holds a ramp where it stands while production has changed for the worse, or while
nobody knows whether it has: it never sends traffic back. It looks at the record's own age, so that
it holds too where nothing runs any more that could write one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from xray_assets.audit.chain import POSITION, edited
from xray_assets.catalog import MONITORING_RECORD, RETRAINING_REQUESTS
from xray_assets.contracts.tables.days import CONCEPT, MAJOR, UNKNOWN
from xray_assets.contracts.tables.monitoring_record import DAY, UNJUDGED
from xray_assets.reasons import JUDGED_WITHIN, MONITORING, Reason, waits_for_a_baseline
from xray_assets.rollout.experiment import Experiment

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.lake.tables import Tables

NEXT_DAY_JUDGED = timedelta(days=1) + JUDGED_WITHIN
"""From the end of the last judged day, or the opening of an experiment where no day was ever
judged, to when the day after it must have been.
"""


@dataclass(frozen=True)
class Monitored:
    """What the record of monitoring says of an experiment. level, known_level, episode_id: of its
    last row; reason_codes: why that is so; closed_at: when the last judged day was over, None where
    none ever was. edits: what shows that the last row was edited. is_the_cure: the challenger was
    made in answer to this episode.
    """

    level: str
    known_level: str
    reason_codes: tuple[str, ...] = ()
    closed_at: datetime | None = None
    episode_id: str | None = None
    edits: tuple[str, ...] = ()
    is_the_cure: bool = False


def held_by_monitoring(
    seen: Monitored | None, opened_at: datetime, now: datetime
) -> tuple[Reason, ...]:
    """Why the stage must not rise; empty where it may.

    A state in which monitoring has just begun, or waits for its baseline alone, holds nothing. An
    experiment that answers an episode is not held by it: whether its challenger misses more is what
    the promotion rule proves, on the same reads.
    """
    why = _why(seen, opened_at, now)
    return (Reason(MONITORING, why),) if why else ()


def _why(seen: Monitored | None, opened_at: datetime, now: datetime) -> str:
    last = seen.closed_at if seen and seen.closed_at else opened_at
    if now - last > NEXT_DAY_JUDGED:
        return f"no day was judged since {last:%Y-%m-%d %H:%M} UTC: `xray status` tells what runs"
    if seen is None:
        return ""
    if seen.edits:
        return "; ".join(seen.edits)
    if seen.level == UNKNOWN and not waits_for_a_baseline(seen.reason_codes):
        return f"the last day is not known ({', '.join(seen.reason_codes)}): `xray monitor status`"
    if seen.known_level in (MAJOR, CONCEPT) and not seen.is_the_cure:
        ends = "`xray monitor resolve`, another champion or another baseline ends it"
        return f"{seen.known_level} in {seen.episode_id}: {ends}"
    return ""


def monitored(tables: "Tables", experiment: Experiment) -> Monitored | None:
    """What the record says; None where it is empty."""
    is_day = pl.col("event").is_in([DAY, UNJUDGED])
    is_last = pl.col(POSITION) == pl.col(POSITION).max()
    rows = tables.read(MONITORING_RECORD).filter(is_day | is_last).sort(POSITION)
    days = rows.filter(is_day).select("event", "closed_at", "reason_codes").collect()
    answered = _episodes_answered_by(tables, experiment.challenger.artifact_sha256)
    for last in rows.tail(1).collect().iter_rows(named=True):
        judged = days.filter(pl.col("event") == DAY)["closed_at"]
        return Monitored(
            level=last["level"],
            known_level=last["known_level"],
            reason_codes=tuple(days["reason_codes"].item(-1).split()) if days.height else (),
            closed_at=judged.item(-1) if len(judged) else None,
            episode_id=last["episode_id"],
            edits=tuple(edited(last)),
            is_the_cure=last["episode_id"] in answered,
        )
    return None


def _episodes_answered_by(tables: "Tables", artifact_sha256: str) -> set[str]:
    """The episodes that a retraining answered whose model this is."""
    made = tables.read(RETRAINING_REQUESTS).filter(pl.col("artifact_sha256") == artifact_sha256)
    return {*made.select("episode_id").collect()["episode_id"].drop_nulls()}
