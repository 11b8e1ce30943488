"""The view gold.model_performance_live as SQL: every clinical prediction with its consensus.

The consensus itself is worked out by `feedback/consensus.py`; here it is only joined. The rows are
those of `cases/performance.py`, but lazily: a query for one column of one day reads no more.
"""

import duckdb
import polars as pl

from xray_assets.catalog import CLINICAL

CONSENSUS_COLUMNS = (
    "prediction_id", "ground_truth", "n_readers", "feedback_id", "radiologist_id",
    "feedback_confidence", "feedback_timestamp",
)  # fmt: skip

_SELECT = """
WITH joined AS (
    SELECT
        p.*, c.* EXCLUDE (prediction_id),
        CASE
            WHEN p.predicted_label IS NULL OR c.ground_truth IS NULL THEN NULL
            WHEN p.predicted_label = 1 AND c.ground_truth = 'PNEUMONIA' THEN 'TP'
            WHEN p.predicted_label = 1 THEN 'FP'
            WHEN c.ground_truth = 'PNEUMONIA' THEN 'FN'
            ELSE 'TN'
        END AS confusion_label
    FROM {predictions} AS p
    LEFT JOIN {consensus} AS c ON c.prediction_id = p.request_id
    WHERE p.purpose = '{clinical}'
)
SELECT
    request_id,
    date AS prediction_date,
    timestamp AS prediction_timestamp,
    served_model_name,
    status_code,
    prediction AS prediction_score,
    predicted_label AS predicted_class,
    feedback_id,
    ground_truth,
    CASE confusion_label
        WHEN 'TP' THEN 'true-positive'
        WHEN 'FP' THEN 'false-positive'
        WHEN 'TN' THEN 'true-negative'
        WHEN 'FN' THEN 'false-negative'
    END AS feedback_type,
    radiologist_id,
    feedback_confidence,
    feedback_timestamp,
    coalesce(n_readers, 0) AS n_readers,
    confusion_label IN ('TP', 'TN') AS is_correct,
    confusion_label
FROM joined
"""


def performance_select(*, predictions: str, consensus: str) -> str:
    """The view's SELECT over two relations: predictions, and consensus (CONSENSUS_COLUMNS)."""
    return _SELECT.format(predictions=predictions, consensus=consensus, clinical=CLINICAL)


def register_consensus(
    connection: duckdb.DuckDBPyConnection, name: str, feedback: pl.DataFrame
) -> None:
    """Register the consensus of rows of gold.prediction_feedback as a relation."""
    from xray_assets.feedback.consensus import consensus

    connection.register(name, consensus(feedback).select(CONSENSUS_COLUMNS).to_arrow())
