"""Find the prediction that a feedback speaks of: in the endpoint's log, else in the table of
predictions. Read-only.

The log comes first because it holds an answer as soon as it was sent; the table has what the log's
retention has let go. Many ids cost few queries, which is why `InferenceLogRows.find` (one id, one
connection) is not used.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from xray_assets.catalog import PREDICTIONS
from xray_assets.settings import Settings

_IDS_A_QUERY = 500
_QUERY = (
    "SELECT request_id, timestamp_us, experiment_id, served_model_name, status_code, prediction,"
    " threshold FROM predictions WHERE request_id IN "
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Prediction:
    """What is known of one logged request. `prediction` and `predicted_label` are null where the
    endpoint gave no answer.
    """

    request_id: str
    timestamp: datetime
    experiment_id: str | None
    served_model_name: str
    status_code: int
    prediction: float | None
    threshold: float | None
    predicted_label: int | None


_COLUMNS = [field.name for field in fields(Prediction)]


class PredictionLog:
    """Predictions by request id."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._path = settings.inference_log

    def find(self, request_ids: Iterable[str]) -> dict[str, Prediction]:
        """The predictions of the ids that are logged. Raises sqlite3.Error when the log cannot be
        read.
        """
        asked = list(dict.fromkeys(request_ids))
        found = self._in_log(asked)
        return found | self._in_table([one for one in asked if one not in found])

    def _in_log(self, request_ids: list[str]) -> dict[str, Prediction]:
        if not self._path.exists():
            return {}
        found = {}
        with closing(sqlite3.connect(self._path, timeout=10)) as connection:
            connection.execute("PRAGMA query_only = 1")
            if not connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'predictions'"
            ).fetchone():
                return {}
            for start in range(0, len(request_ids), _IDS_A_QUERY):
                some = request_ids[start : start + _IDS_A_QUERY]
                rows = connection.execute(_QUERY + f"({', '.join('?' * len(some))})", some)
                found |= {row[0]: _from_log(*row) for row in rows}
        return found

    def _in_table(self, request_ids: list[str]) -> dict[str, Prediction]:
        if not request_ids:
            return {}
        import polars as pl

        from xray_assets.feedback.intake.request_days import find_rows
        from xray_assets.lake.local import local_tables

        tables = local_tables(self._settings, "looking up predictions")
        table = tables.read(PREDICTIONS).select("date", *_COLUMNS)
        rows = find_rows(table, pl.Series(request_ids)).select(_COLUMNS)
        return {row["request_id"]: Prediction(**row) for row in rows.iter_rows(named=True)}


def _from_log(
    request_id: str,
    timestamp_us: int,
    experiment_id: str | None,
    served_model_name: str,
    status_code: int,
    prediction: float | None,
    threshold: float | None,
) -> Prediction:
    return Prediction(
        request_id=request_id,
        timestamp=_EPOCH + timedelta(microseconds=timestamp_us),
        experiment_id=experiment_id,
        served_model_name=served_model_name,
        status_code=status_code,
        prediction=prediction,
        threshold=threshold,
        predicted_label=None
        if prediction is None or threshold is None
        else int(prediction >= threshold),
    )
