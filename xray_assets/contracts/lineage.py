"""Which columns of other tables each column comes from, in the order of the lineage.

Values only: a column that a filter or a join key depends on is not named, nor what comes from
outside the tables (pixels, the endpoint's log, the inbox). A test proves that each named column is
in its contract and each named table upstream.
"""

from collections.abc import Iterable, Mapping

from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    COMPARISON_SUMMARY,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    KAGGLE_XRAY_METADATA,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    XRAY_METADATA,
    XRAY_REJECTS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS

Origins = dict[str, tuple[tuple[Key, str], ...]]
"""Columns of one table by name: the (table, column) pairs they come from."""


def _kept(upstream: Key, *names: str) -> Origins:
    """Columns that are taken over under their own name."""
    return {name: ((upstream, name),) for name in names}


def _from(upstream: Key, columns: Mapping[str, str]) -> Origins:
    """Columns that come from one column of another name each."""
    return {name: ((upstream, origin),) for name, origin in columns.items()}


def _in(table: Key, origins: Origins) -> Origins:
    """Those of the columns that the table has."""
    names = CONTRACTS[table].schema.names()
    return {name: origins[name] for name in names if name in origins}


def _pair_of(role: str) -> Origins:
    """What a pair knows of one of its models; a score is the logged one, or a new one of the film
    by the model of the experiment.
    """
    scored = (
        (PREDICTIONS, "prediction"),
        (PREDICTIONS, "image_sha256"),
        (EXPERIMENTS, f"{role}_artifact_sha256"),
    )
    return _kept(EXPERIMENTS, *(f"{role}_{name}" for name in ("model", "version", "threshold"))) | {
        f"{role}_probability": scored,
        f"{role}_label": (*scored, (EXPERIMENTS, f"{role}_threshold")),
    }


def _all_from(upstream: Key, origins: Iterable[str], names: Iterable[str]) -> Origins:
    """Columns that come from the same columns of one table."""
    return dict.fromkeys(names, tuple((upstream, origin) for origin in origins))


_OF_A_FILM = _kept(
    KAGGLE_XRAY_METADATA, "image_id", "file_path", "sha256", "filename", "category"
) | _from(
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
_CELLS = ("tp", "fp", "tn", "fn", "feedback_count")

COLUMN_ORIGINS: dict[Key, Origins] = {
    XRAY_METADATA: _in(XRAY_METADATA, _OF_A_FILM),
    XRAY_REJECTS: _in(XRAY_REJECTS, _OF_A_FILM),
    PAIRED_PREDICTIONS: {
        **_kept(PREDICTIONS, "request_id", "experiment_id", "case_key", "site", "date"),
        **_kept(PREDICTIONS, "config_version", "log_position"),
        **_from(PREDICTIONS, {"case_hash": "case_key", "assigned_arm": "assigned_model_name"}),
        **_from(PREDICTIONS, {"served_arm": "served_model_name"}),
        **_pair_of(CHAMPION),
        **_pair_of(CHALLENGER),
    },
    PREDICTION_FEEDBACK: {
        **_from(PREDICTIONS, {"prediction_id": "request_id", "prediction_date": "date"}),
        **_from(PREDICTIONS, {"feedback_type": "predicted_label"}),
    },
    REVIEW_POLICY: {
        **_kept(EXPERIMENTS, "experiment_id"),
        **_from(EXPERIMENTS, {"policy_hash": "review_policy_hash"}),
        "floor": _VOLUME[:1],
        "entry_share": _VOLUME,
    },
    REVIEW_ASSIGNMENTS: {
        **_kept(PREDICTIONS, "experiment_id", "request_id", "case_key", "image_sha256", "site"),
        **_kept(PREDICTIONS, "log_position"),
        **_from(PREDICTIONS, {"prediction_date": "date", "u": "case_key"}),
        "scored_at": ((PAIRED_PREDICTIONS, "scored_at"), (PREDICTIONS, "timestamp")),
        **_kept(REVIEW_POLICY, "policy_hash", "chance"),
        "drawn": ((PREDICTIONS, "case_key"), (REVIEW_POLICY, "chance")),
        **_from(PREDICTION_FEEDBACK, {"state": "ground_truth", "n_reads": "radiologist_id"}),
    },
    PERFORMANCE: {
        **_kept(PREDICTIONS, "request_id", "served_model_name", "status_code", "log_position"),
        **_from(PREDICTIONS, {"prediction_date": "date", "prediction_timestamp": "timestamp"}),
        **_from(PREDICTIONS, {"prediction_score": "prediction"}),
        **_from(PREDICTIONS, {"predicted_class": "predicted_label"}),
        **_kept(PREDICTION_FEEDBACK, "feedback_id", "ground_truth", "radiologist_id"),
        **_from(PREDICTION_FEEDBACK, {"feedback_confidence": "confidence"}),
        **_from(PREDICTION_FEEDBACK, {"feedback_timestamp": "timestamp"}),
        **_from(PREDICTION_FEEDBACK, {"n_readers": "radiologist_id"}),
        **_from(PREDICTION_FEEDBACK, {"read_rank": "acceptance_rank"}),
        **dict.fromkeys(
            _CONFUSION,
            ((PREDICTIONS, "predicted_label"), (PREDICTION_FEEDBACK, "ground_truth")),
        ),
    },
    REVIEWED_CASES: {
        **_kept(PAIRED_PREDICTIONS, "experiment_id", "request_id", "case_key", "stratum"),
        **_kept(PAIRED_PREDICTIONS, "served_arm", "champion_label", "challenger_label"),
        **_from(PAIRED_PREDICTIONS, {"prediction_date": "date"}),
        **_from(PREDICTION_FEEDBACK, {"truth": "ground_truth", "n_readers": "radiologist_id"}),
        **_from(PREDICTION_FEEDBACK, {"review_rank": "inbox_position"}),
    },
    REVIEWED_COUNTS: {
        **_kept(REVIEWED_CASES, "experiment_id"),
        **_from(REVIEWED_CASES, {"batch": "review_rank"}),
        "counts": tuple(
            (REVIEWED_CASES, name)
            for name in ("stratum", "champion_label", "challenger_label", "truth")
        ),
    },
    SCORED_COUNTS: _kept(
        PAIRED_PREDICTIONS,
        *("experiment_id", "config_version", "stratum", "champion_label", "challenger_label"),
        *("assigned_arm", "log_position"),
    ),
    COMPARISON_SUMMARY: {
        **_kept(PERFORMANCE, "served_model_name"),
        **_from(PERFORMANCE, {"date": "prediction_date", "total_predictions": "request_id"}),
        **_all_from(
            PERFORMANCE,
            ["confusion_label"],
            [
                column.name
                for column in CONTRACTS[COMPARISON_SUMMARY].columns
                if column.name in _CELLS
                or column.name.startswith(
                    ("accuracy", "sensitivity", "specificity", "precision", "f1")
                )
            ],
        ),
        "feedback_coverage_pct": ((PERFORMANCE, "confusion_label"), (PERFORMANCE, "request_id")),
    },
}
"""Origins by table; a table that is not here has none, or none that is exact."""

BACK_EDGE: dict[Key, frozenset[Key]] = {
    EXPERIMENTS: frozenset({PROMOTION_DECISION, PREDICTIONS}),
}
"""What decides on the next config is read downstream of the config: the decision, and the log's
state (positions that are missing). The one edge that no graph without a circle can declare; it
leaves through the sensor `promotion_decided`.
"""

THROUGH_THE_ENDPOINT: dict[Key, frozenset[Key]] = {PREDICTIONS: frozenset({ENDPOINT_CONFIG})}
"""Upstreams that are not read as a table: the endpoint serves the config and logs its answers."""
