"""Feedbacks as the inbox hands them over, their JSON read back into columns. No judgement here."""

from collections.abc import Iterator
from typing import Protocol

import polars as pl

from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.feedback.message import Feedback
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables

SENT = pl.Schema(
    {
        "feedback_id": pl.String,
        "feedback": pl.String,
        "received_at": TIMESTAMP,
        "inbox_position": pl.Int64,
    }
)
"""Columns of a feedback as the inbox hands it over; `feedback` is its canonical JSON."""

_TYPES = {bool: pl.Boolean, int | None: pl.Int64}
FIELDS = pl.Struct(
    {
        field.serialization_alias or name: _TYPES.get(field.annotation, pl.String)
        for name, field in Feedback.model_fields.items()
        if name != "feedback_id"
    }
)
"""Fields of that JSON."""

MOMENTS = ("timestamp", "shown_at", "first_action_at", "committed_at")


class SentFeedback(Protocol):
    """The inbox as the intake reads it; `resources.feedback.FeedbackInbox` is one."""

    @property
    def pending_seconds(self) -> float:
        """How long feedback waits for its prediction."""
        ...

    def resume(self, tables: Tables) -> Cursor:
        """How far the tables took it. Raises when it is not the one that was taken from."""
        ...

    def batches(self, cursor: Cursor, limit: int) -> Iterator[tuple[pl.DataFrame, Cursor]]:
        """All rows after a cursor with the columns of SENT, so many at a time."""
        ...

    def acknowledge(self, consumer: str, position: int) -> None:
        """Say that a consumer needs nothing up to a position any more."""
        ...


def parse(sent: pl.DataFrame) -> pl.DataFrame:
    """SENT rows with the fields of their JSON as columns; all null where it is no JSON object of
    the right types.
    """
    try:
        fields = sent["feedback"].str.json_decode(FIELDS)
    except pl.exceptions.PolarsError:  # one bad row fails the column: find out which
        fields = pl.Series(
            "feedback", [_parse_one(text) for text in sent["feedback"]], dtype=FIELDS
        )
    moments = pl.col(MOMENTS).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )
    return (
        pl.concat([sent, fields.struct.unnest()], how="horizontal")
        .with_columns(moments)
        .with_columns(timestamp=pl.coalesce("timestamp", "received_at"))
    )


def _parse_one(text: str) -> dict | None:
    try:
        return pl.Series([text]).str.json_decode(FIELDS)[0]
    except pl.exceptions.PolarsError:
        return None
