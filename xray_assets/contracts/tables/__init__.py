"""The contract of every table, in the order of the lineage. Column meanings are those the UI and the
docs show.
"""

from xray_assets.catalog import Key
from xray_assets.contracts.contract import Contract
from xray_assets.contracts.tables.days import (
    MONITORING_BASELINES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
)
from xray_assets.contracts.tables.decisions import BACKTESTS, ERASURES, PROMOTION_DECISION
from xray_assets.contracts.tables.evidence import (
    PERFORMANCE,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORE_BANDS,
    SCORED_COUNTS,
)
from xray_assets.contracts.tables.experiments import ENDPOINT_CONFIG, EXPERIMENTS
from xray_assets.contracts.tables.figures import (
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    PROFILE_METRICS,
)
from xray_assets.contracts.tables.film_features import FILM_FEATURES
from xray_assets.contracts.tables.films import KAGGLE_XRAY_METADATA, XRAY_METADATA, XRAY_REJECTS
from xray_assets.contracts.tables.monitoring_record import MONITORING_RECORD
from xray_assets.contracts.tables.reads import (
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    PREDICTION_FEEDBACK,
)
from xray_assets.contracts.tables.retraining import (
    GOLDEN_FILMS,
    RETRAINING_REQUESTS,
    TRAINING_FILMS,
)
from xray_assets.contracts.tables.review import REVIEW_ASSIGNMENTS, REVIEW_POLICY
from xray_assets.contracts.tables.serving import PAIRED_PREDICTIONS, PREDICTIONS
from xray_assets.contracts.tables.summaries import (
    COMPARISON_SUMMARY,
    HOURLY_TRAFFIC,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_PROGRESS,
    SECOND_LOOKS,
)

CONTRACTS: dict[Key, Contract] = {
    contract.key: contract
    for contract in (
        KAGGLE_XRAY_METADATA,
        XRAY_METADATA,
        XRAY_REJECTS,
        EXPERIMENTS,
        ENDPOINT_CONFIG,
        PREDICTIONS,
        PAIRED_PREDICTIONS,
        REVIEW_POLICY,
        PREDICTION_FEEDBACK,
        FEEDBACK_REJECTS,
        FEEDBACK_PENDING,
        REVIEW_ASSIGNMENTS,
        REVIEWED_CASES,
        REVIEWED_COUNTS,
        SCORED_COUNTS,
        PERFORMANCE,
        COMPARISON_SUMMARY,
        HOURLY_TRAFFIC,
        RECENT_ERRORS,
        RECENT_MISTAKES,
        REVIEW_PROGRESS,
        SECOND_LOOKS,
        SCORE_BANDS,
        PROMOTION_DECISION,
        RETRAINING_REQUESTS,
        TRAINING_FILMS,
        GOLDEN_FILMS,
        BACKTESTS,
        ERASURES,
        FILM_FEATURES,
        MONITORING_BASELINES,
        MONITORING_DAYS,
        MONITORING_EVIDENCE,
        MONITORING_RECORD,
        PROFILE_METRICS,
        DRIFT_METRICS,
        ESTIMATED_PERFORMANCE,
    )
}
"""Every contract by its key, in lineage order."""
