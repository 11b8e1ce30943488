"""Gold: what readers said, and what became of it."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import LABELS
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    CONFIDENCES,
    FEEDBACK_SOURCES,
    FEEDBACK_TYPES,
    FILM_QUALITIES,
    OPINIONS,
    READER_ROLES,
    READS,
    count,
    date,
    text,
    time,
)

_FEEDBACK_ID = text("feedback_id", "The feedback", nullable=False)
_INBOX_POSITION = count("inbox_position", "Position in the feedback inbox", nullable=False)

PREDICTION_FEEDBACK = Contract(
    catalog.PREDICTION_FEEDBACK,
    "One row an accepted read of a prediction. A reader's later answer supersedes the earlier one; both stay.",
    (
        _FEEDBACK_ID,
        text("prediction_id", "The request the read is about", nullable=False),
        date("prediction_date", "Day of that request", nullable=False),
        time("timestamp", "When the read was sent", nullable=False),
        text("read", "What the reader saw", nullable=False, allowed=READS),
        text(
            "ground_truth",
            "The truth it stands for; null when uncertain or uninterpretable",
            allowed=LABELS,
        ),
        text(
            "feedback_type", "Derived from the logged label and the truth", allowed=FEEDBACK_TYPES
        ),
        text("radiologist_id", "The reader", nullable=False),
        text("reader_role", "Reader or adjudicator", nullable=False, allowed=READER_ROLES),
        Column("blinded", pl.Boolean, "True when read before the answer was shown", nullable=False),
        text("confidence", "How sure the reader is", nullable=False, allowed=CONFIDENCES),
        text("feedback_source", "Where it came from", nullable=False, allowed=FEEDBACK_SOURCES),
        text("notes", "Free text"),
        text("superseded_by", "The same reader's later feedback on the same prediction"),
        _INBOX_POSITION,
        count(
            "acceptance_rank",
            "Running number of acceptance, from 1: later acceptance, higher rank, also for one that waited for its prediction",
            nullable=False,
        ),
        Column("certainty", pl.Int64, "How sure, from 1 (a guess) to 5", minimum=1, maximum=5),
        text("quality", "What the reader found wrong with the film", allowed=FILM_QUALITIES),
        text("lease", "The reading room's lease that it was read under; null: read elsewhere"),
        time("shown_at", "When the reading room showed the film"),
        time("first_action_at", "When the reader first did anything"),
        time("committed_at", "When the read was committed in the reading room"),
        text("second_to", "The same reader's blinded read that this later look follows"),
        text(
            "opinion",
            "What the reader made of that read once the model's answer was shown",
            allowed=OPINIONS,
        ),
    ),
    unique=("feedback_id",),
    partition_by=("prediction_date",),
    cursor="acceptance_rank",
    version=2,
)

_AS_SENT = (
    _FEEDBACK_ID,
    text("feedback", "The feedback as sent, JSON", nullable=False),
    text("reason", "Why it is here", nullable=False),
    time("received_at", "When the inbox took it", nullable=False),
    _INBOX_POSITION,
)

FEEDBACK_REJECTS = Contract(
    catalog.FEEDBACK_REJECTS,
    "One row a feedback that was refused, as sent, with the reason.",
    (*_AS_SENT, time("rejected_at", "When it was refused", nullable=False)),
    unique=("feedback_id",),
)

FEEDBACK_PENDING = Contract(
    catalog.FEEDBACK_PENDING,
    "One row a feedback whose prediction has not arrived yet. It waits for the log's longest lag, then is rejected.",
    _AS_SENT,
    unique=("feedback_id",),
)
