"""Feedbacks as the inbox hands them over, their JSON read back into columns. No judgement here."""

import polars as pl

from xray_assets.contracts.contract import TIMESTAMP

SENT = pl.Schema(
    {
        "feedback_id": pl.String,
        "feedback": pl.String,
        "received_at": TIMESTAMP,
        "inbox_position": pl.Int64,
    }
)
"""Columns of a feedback as the inbox hands it over; `feedback` is its canonical JSON."""

FIELDS = pl.Struct(
    {
        "prediction_id": pl.String, "timestamp": pl.String, "claimed_type": pl.String,
        "read": pl.String, "ground_truth": pl.String, "radiologist_id": pl.String,
        "reader_role": pl.String, "blinded": pl.Boolean, "confidence": pl.String,
        "feedback_source": pl.String, "notes": pl.String,
    }
)  # fmt: skip
"""Fields of that JSON; `message.Feedback` without its id."""


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
    moment = pl.col("timestamp").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )
    return pl.concat([sent, fields.struct.unnest()], how="horizontal").with_columns(
        timestamp=pl.coalesce(moment, pl.col("received_at"))
    )


def _parse_one(text: str) -> dict | None:
    try:
        return pl.Series([text]).str.json_decode(FIELDS)[0]
    except pl.exceptions.PolarsError:
        return None
