"""Which columns of other tables each column comes from, in the order of the lineage.

Values only: a column that a filter or a join key depends on is not named, nor what comes from
outside the tables (pixels, the endpoint's log, the inbox). A test proves that each named column is
in its contract and each named table upstream.
"""

from xray_assets.catalog import (
    BACKTESTS,
    CHALLENGER,
    CHAMPION,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    FEATURES,
    FILM_FEATURES,
    KAGGLE_XRAY_METADATA,
    MONITORING_RECORD,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    XRAY_METADATA,
    XRAY_REJECTS,
    Key,
)
from xray_assets.contracts.monitoring_lineage import MONITORING_ORIGINS
from xray_assets.contracts.origins import Origins, all_from, kept, renamed, those_of
from xray_assets.contracts.retraining_lineage import RETRAINING_ORIGINS
from xray_assets.contracts.summary_lineage import SUMMARY_ORIGINS


def _pair_of(role: str) -> Origins:
    """What a pair knows of one of its models; a score is the logged one, or a new one of the film
    by the model of the experiment.
    """
    scored = (
        (PREDICTIONS, "prediction"),
        (PREDICTIONS, "image_sha256"),
        (EXPERIMENTS, f"{role}_artifact_sha256"),
    )
    return kept(EXPERIMENTS, *(f"{role}_{name}" for name in ("model", "version", "threshold"))) | {
        f"{role}_probability": scored,
        f"{role}_label": (*scored, (EXPERIMENTS, f"{role}_threshold")),
    }


_OF_A_FILM = kept(
    KAGGLE_XRAY_METADATA, "image_id", "file_path", "sha256", "filename", "category"
) | renamed(
    KAGGLE_XRAY_METADATA,
    {
        "label": "category",
        "label_name": "category",
        "dataset_split": "filename",
        "source_batch_id": "ingestion_batch_id",
        "patient_id": "filename",
        "patient_id_source": "filename",
        "subtype": "filename",
    },
)
_VOLUME = (
    (PREDICTIONS, "request_id"),
    (PAIRED_PREDICTIONS, "champion_label"),
    (PAIRED_PREDICTIONS, "challenger_label"),
)
_CONFUSION = ("confusion_label", "is_correct", "feedback_type")

_EMBEDDED = ((PREDICTIONS, "image_sha256"), (ENDPOINT_CONFIG, "artifact_sha256"))

COLUMN_ORIGINS: dict[Key, Origins] = {
    XRAY_METADATA: those_of(XRAY_METADATA, _OF_A_FILM),
    XRAY_REJECTS: those_of(XRAY_REJECTS, _OF_A_FILM),
    PAIRED_PREDICTIONS: {
        **kept(PREDICTIONS, "request_id", "experiment_id", "case_key", "site", "date"),
        **kept(PREDICTIONS, "config_version", "log_position"),
        **renamed(PREDICTIONS, {"case_hash": "case_key", "assigned_arm": "assigned_model_name"}),
        **renamed(PREDICTIONS, {"served_arm": "served_model_name"}),
        **_pair_of(CHAMPION),
        **_pair_of(CHALLENGER),
    },
    PREDICTION_FEEDBACK: {
        **renamed(PREDICTIONS, {"prediction_id": "request_id", "prediction_date": "date"}),
        **renamed(PREDICTIONS, {"feedback_type": "predicted_label"}),
    },
    REVIEW_POLICY: {
        **kept(EXPERIMENTS, "experiment_id"),
        **renamed(EXPERIMENTS, {"policy_hash": "review_policy_hash"}),
        "floor": _VOLUME[:1],
        "entry_share": _VOLUME,
    },
    REVIEW_ASSIGNMENTS: {
        **kept(PREDICTIONS, "experiment_id", "request_id", "case_key", "image_sha256", "site"),
        **kept(PREDICTIONS, "log_position"),
        **renamed(PREDICTIONS, {"prediction_date": "date", "u": "case_key"}),
        "scored_at": ((PAIRED_PREDICTIONS, "scored_at"), (PREDICTIONS, "timestamp")),
        **kept(REVIEW_POLICY, "policy_hash", "chance"),
        "drawn": ((PREDICTIONS, "case_key"), (REVIEW_POLICY, "chance")),
        **renamed(PREDICTION_FEEDBACK, {"state": "ground_truth", "n_reads": "radiologist_id"}),
    },
    PERFORMANCE: {
        **kept(PREDICTIONS, "request_id", "served_model_name", "status_code", "log_position"),
        **renamed(PREDICTIONS, {"prediction_date": "date", "prediction_timestamp": "timestamp"}),
        **renamed(PREDICTIONS, {"prediction_score": "prediction"}),
        **renamed(PREDICTIONS, {"predicted_class": "predicted_label"}),
        **kept(PREDICTION_FEEDBACK, "feedback_id", "ground_truth", "radiologist_id"),
        **renamed(PREDICTION_FEEDBACK, {"feedback_confidence": "confidence"}),
        **renamed(PREDICTION_FEEDBACK, {"feedback_timestamp": "timestamp"}),
        **renamed(PREDICTION_FEEDBACK, {"n_readers": "radiologist_id"}),
        **renamed(PREDICTION_FEEDBACK, {"read_rank": "acceptance_rank"}),
        **dict.fromkeys(
            _CONFUSION,
            ((PREDICTIONS, "predicted_label"), (PREDICTION_FEEDBACK, "ground_truth")),
        ),
    },
    REVIEWED_CASES: {
        **kept(PAIRED_PREDICTIONS, "experiment_id", "request_id", "case_key", "stratum"),
        **kept(PAIRED_PREDICTIONS, "served_arm", "champion_label", "challenger_label"),
        **renamed(PAIRED_PREDICTIONS, {"prediction_date": "date"}),
        **renamed(PREDICTION_FEEDBACK, {"truth": "ground_truth", "n_readers": "radiologist_id"}),
        **renamed(PREDICTION_FEEDBACK, {"review_rank": "inbox_position"}),
    },
    REVIEWED_COUNTS: {
        **kept(REVIEWED_CASES, "experiment_id"),
        **renamed(REVIEWED_CASES, {"batch": "review_rank"}),
        "counts": tuple(
            (REVIEWED_CASES, name)
            for name in ("stratum", "champion_label", "challenger_label", "truth")
        ),
    },
    SCORED_COUNTS: {
        **kept(PAIRED_PREDICTIONS, "experiment_id", "config_version", "stratum", "assigned_arm"),
        **kept(PAIRED_PREDICTIONS, "champion_label", "challenger_label", "log_position"),
        **kept(REVIEW_ASSIGNMENTS, "chance"),
    },
    FILM_FEATURES: {
        **kept(PREDICTIONS, "request_id", "date", "site", "case_key", "log_position"),
        **all_from(PREDICTIONS, ["image_sha256"], ("kind", "problem", *FEATURES)),
        "artifact_sha256": ((ENDPOINT_CONFIG, "artifact_sha256"),),
        "challenger_sha256": ((ENDPOINT_CONFIG, "artifact_sha256"),),
        **dict.fromkeys(("embedding", "challenger_embedding"), _EMBEDDED),
    },
    **SUMMARY_ORIGINS,
    **MONITORING_ORIGINS,
    **RETRAINING_ORIGINS,
}
"""Origins by table; a table that is not here has none, or none that is exact."""

BACK_EDGE: dict[Key, frozenset[Key]] = {
    MONITORING_RECORD: frozenset({RETRAINING_REQUESTS}),
    RETRAINING_REQUESTS: frozenset({BACKTESTS}),
    EXPERIMENTS: frozenset(
        {PROMOTION_DECISION, PREDICTIONS, MONITORING_RECORD, RETRAINING_REQUESTS}
    ),
}
"""What decides on the next config is read downstream of the config: the decision, the log's state
(positions that are missing), and whether monitoring holds the ramp, unless a retraining answered
it. What becomes of a retraining rests on the backtest of its candidate; failed ones are escalated.
Edges that no graph without a circle can declare; they leave through the sensors
`promotion_decided`, `retraining_due` and `response_due`.
"""

THROUGH_THE_ENDPOINT: dict[Key, frozenset[Key]] = {PREDICTIONS: frozenset({ENDPOINT_CONFIG})}
"""Upstreams that are not read as a table: the endpoint serves the config and logs its answers."""
