"""Move the inbox into the tables, exactly once: which rows are read, in which order the tables are
written.

The position that counts is stored with gold.feedback_pending, the last table written of each step.
Every write before it leaves out what the tables hold already, so a crash between any two writes is
finished by the next run. Sorting is in `sorting.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from xray_assets.catalog import FEEDBACK_PENDING, FEEDBACK_REJECTS, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.contracts.bounds import Between
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.errors import XrayError
from xray_assets.feedback.intake.request_days import find_rows
from xray_assets.feedback.intake.sent import SENT, SentFeedback, parse
from xray_assets.feedback.intake.sorting import Intake, sort
from xray_assets.lake.tables import Tables
from xray_assets.storage.list_identity import TABLES

INBOX, ACCEPTANCES = "feedback_inbox", "feedback_acceptances"
"""Sources: positions in the inbox, and the last acceptance rank of gold.prediction_feedback."""

BATCH = 100_000
"""Feedbacks a step: a million take ten steps and some 300 MB."""

_NEIGHBOUR = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """What one step did."""

    accepted: int
    superseded: int
    rejected: int
    pending: int
    days: tuple[date, ...]
    """Days of predictions that gained or lost an answer."""


class IntakeConflict(XrayError):
    """Another intake wrote while this one was sorting. Nothing of this step was written; run it
    again.
    """


def take_in(tables: Tables, inbox: SentFeedback, now: datetime) -> Iterator[Step]:
    """Retry what is pending, then take in the inbox's new rows, a batch a step; done when the
    iterator is exhausted.

    Raises IntakeConflict when another intake runs at the same time, SourceChanged when the inbox is
    not the one that was taken from.
    """
    wait = timedelta(seconds=inbox.pending_seconds)
    cursor = inbox.resume(tables)
    yield _retry_pending(tables, now, wait)
    for sent, upto in inbox.batches(cursor, BATCH):
        cursor = upto
        intake = _sort_and_write(tables, sent, now, wait)
        end = {"source": cursor.source, "position": cursor.position}
        tables.append(FEEDBACK_PENDING, intake.pending, **end)
        yield _step(intake)
    for key in (
        FEEDBACK_REJECTS,
        PREDICTION_FEEDBACK,
    ):  # the feedback table last: sensors and later assets follow it
        tables.append(key, CONTRACTS[key].empty(), source=INBOX, position=cursor.position)
    inbox.acknowledge(TABLES, cursor.position)


def pending_is_due(tables: Tables, wait: timedelta, now: datetime) -> bool:
    """True when a pending feedback has waited its time, so that a run is needed to reject it."""
    oldest = tables.read(FEEDBACK_PENDING).select(pl.col("received_at").min()).collect().item()
    return oldest is not None and oldest <= now - wait


def awaited(tables: Tables) -> list[str]:
    """The predictions that pending feedback waits for."""
    sent = tables.read(FEEDBACK_PENDING).select(SENT.names()).collect()
    return parse(sent)["prediction_id"].drop_nulls().unique().to_list()


def _retry_pending(tables: Tables, now: datetime, wait: timedelta) -> Step:
    waiting = tables.read(FEEDBACK_PENDING).collect()
    if waiting.is_empty():
        return Step(0, 0, 0, 0, ())
    still, steps = [], []
    for batch in waiting.sort("inbox_position").iter_slices(BATCH):
        intake = _sort_and_write(tables, batch.drop("reason"), now, wait, retry=True)
        still.append(intake.pending)
        steps.append(_step(intake))
    left = pl.concat(still)
    if left.height < waiting.height:
        tables.overwrite(FEEDBACK_PENDING, left)
    return Step(
        *(
            sum(getattr(step, name) for step in steps)
            for name in ("accepted", "superseded", "rejected", "pending")
        ),
        days=tuple(sorted({day for step in steps for day in step.days})),
    )


def _sort_and_write(
    tables: Tables, sent: pl.DataFrame, now: datetime, wait: timedelta, *, retry: bool = False
) -> Intake:
    before = _versions(tables)
    intake = _sort(tables, sent, now, wait, retry=retry)
    if _versions(tables) != before:
        raise IntakeConflict(
            "another run took in feedback at the same time: run this one again when it has ended"
        )
    _write(tables, intake)
    return intake


def _versions(tables: Tables) -> list[int | None]:
    return [
        tables.version(key) for key in (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, FEEDBACK_PENDING)
    ]


def _sort(
    tables: Tables, sent: pl.DataFrame, now: datetime, wait: timedelta, *, retry: bool
) -> Intake:
    parsed = parse(sent)
    since = (sent["received_at"].min() - _NEIGHBOUR).date() if retry else None  # type: ignore[operator]
    asked = parsed["prediction_id"].drop_nulls().unique()
    log = tables.read(PREDICTIONS).select("request_id", "date", "status_code", "predicted_label")
    predictions = find_rows(log, asked, since=since)
    judged_in = (FEEDBACK_REJECTS,) if retry else (FEEDBACK_REJECTS, FEEDBACK_PENDING)
    ids = sent.lazy().select("feedback_id")
    judged = pl.concat([tables.read(key).select("feedback_id") for key in judged_in])
    return sort(
        parsed,
        predictions=predictions,
        existing=_reads_of(tables, predictions),
        judged_ids=judged.join(ids, on="feedback_id", how="semi").collect()["feedback_id"],
        now=now,
        wait=wait,
        next_rank=_last_rank(tables) + 1,
    )


def _reads_of(tables: Tables, predictions: pl.DataFrame) -> pl.DataFrame:
    days = predictions["date"].unique().to_list()
    ids = predictions.lazy().select(prediction_id="request_id")
    reads = tables.read(PREDICTION_FEEDBACK).filter(pl.col("prediction_date").is_in(days))
    return reads.join(ids, on="prediction_id", how="semi").collect(engine="streaming")


def _last_rank(tables: Tables) -> int:
    """The rank is stored with the rows it was given to; a table that was filled otherwise is asked
    itself.
    """
    last = tables.position(PREDICTION_FEEDBACK, ACCEPTANCES)
    return (
        last
        or tables.read(PREDICTION_FEEDBACK).select(pl.col("acceptance_rank").max()).collect().item()
        or 0
    )


def _write(tables: Tables, intake: Intake) -> None:
    """New answers first: were the marks first, a crash would leave an answer superseded by one that
    is not there.
    """
    if intake.accepted.height:
        last_rank = int(intake.accepted["acceptance_rank"].item(-1))
        tables.append(PREDICTION_FEEDBACK, intake.accepted, source=ACCEPTANCES, position=last_rank)
    if intake.superseded.height:
        rows = intake.superseded
        positions = rows["inbox_position"]
        within = {
            "prediction_date": rows["prediction_date"].unique().sort().to_list(),
            "inbox_position": Between(positions.min(), positions.max()),
        }
        tables.merge(PREDICTION_FEEDBACK, rows, within=within)
    if intake.rejects.height:
        tables.append(FEEDBACK_REJECTS, intake.rejects)


def _step(intake: Intake) -> Step:
    days = (
        pl.concat([intake.accepted["prediction_date"], intake.superseded["prediction_date"]])
        .unique()
        .sort()
    )
    return Step(
        accepted=intake.accepted.height,
        superseded=intake.superseded.height,
        rejected=intake.rejects.height,
        pending=intake.pending.height,
        days=tuple(days),
    )
