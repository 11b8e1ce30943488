"""Which columns of other tables the summaries' columns come from."""

from xray_assets.catalog import (
    CASE_STATES,
    CHALLENGER,
    CHAMPION,
    COMPARISON_SUMMARY,
    HOURLY_TRAFFIC,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_ASSIGNMENTS,
    REVIEW_PROGRESS,
    REVIEWED_CASES,
    SCORE_BANDS,
    SECOND_LOOKS,
    Key,
)
from xray_assets.contracts.origins import Origins, all_from, kept, renamed
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.columns import OPINIONS

_CELLS = ("tp", "fp", "tn", "fn", "feedback_count")

_SCORES = tuple((PAIRED_PREDICTIONS, f"{role}_probability") for role in (CHAMPION, CHALLENGER))

SUMMARY_ORIGINS: dict[Key, Origins] = {
    COMPARISON_SUMMARY: {
        **kept(PERFORMANCE, "served_model_name"),
        **renamed(PERFORMANCE, {"date": "prediction_date", "total_predictions": "request_id"}),
        **all_from(
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
        **{
            column.name: ((PERFORMANCE, "confusion_label"), (REVIEW_ASSIGNMENTS, "chance"))
            for column in CONTRACTS[COMPARISON_SUMMARY].columns
            if column.name.startswith("weighted_")
        },
        "feedback_coverage_pct": ((PERFORMANCE, "confusion_label"), (PERFORMANCE, "request_id")),
        "scores": ((PERFORMANCE, "ground_truth"), (PERFORMANCE, "prediction_score")),
        "label_delay_hours": (
            (PERFORMANCE, "feedback_timestamp"),
            (PERFORMANCE, "prediction_timestamp"),
        ),
    },
    HOURLY_TRAFFIC: {
        **kept(PREDICTIONS, "date", "config_version", "assigned_model_name", "served_model_name"),
        **kept(PREDICTIONS, "site", "purpose", "log_position"),
        **renamed(
            PREDICTIONS, {"hour": "timestamp", "n": "log_position", "missing": "log_position"}
        ),
        **renamed(PREDICTIONS, {"failed": "status_code", "refused": "status_code"}),
        **all_from(PREDICTIONS, ["served_model_name", "assigned_model_name"], ["fallbacks"]),
        **all_from(PREDICTIONS, ["latency_ms"], ["latency"]),
    },
    RECENT_ERRORS: {
        **kept(PREDICTIONS, "request_id", "timestamp", "status_code", "config_version", "site"),
        **kept(PREDICTIONS, "assigned_model_name", "served_model_name", "purpose", "latency_ms"),
        **kept(PREDICTIONS, "log_position"),
        **renamed(PREDICTIONS, {"kind": "status_code"}),
    },
    RECENT_MISTAKES: {
        **kept(PERFORMANCE, "request_id", "prediction_date", "served_model_name", "n_readers"),
        **kept(PERFORMANCE, "prediction_score", "read_rank"),
        **renamed(PERFORMANCE, {"kind": "feedback_type", "settled_at": "feedback_timestamp"}),
        **renamed(REVIEW_ASSIGNMENTS, {"is_settled": "state"}),
    },
    SECOND_LOOKS: {
        **renamed(PREDICTION_FEEDBACK, {"date": "prediction_date"}),
        **all_from(PREDICTION_FEEDBACK, ["opinion"], OPINIONS),
    },
    REVIEW_PROGRESS: {
        **kept(REVIEW_ASSIGNMENTS, "experiment_id", "site"),
        **renamed(REVIEW_ASSIGNMENTS, {"date": "prediction_date", "cases": "request_id"}),
        **renamed(REVIEW_ASSIGNMENTS, {"reads": "n_reads", "read_twice": "n_reads"}),
        **all_from(REVIEW_ASSIGNMENTS, ["state"], CASE_STATES),
    },
    SCORE_BANDS: {
        **kept(REVIEWED_CASES, "experiment_id"),
        "n": ((REVIEWED_CASES, "truth"), *_SCORES),
        "weight": ((REVIEW_ASSIGNMENTS, "chance"), *_SCORES),
        "squares": ((REVIEW_ASSIGNMENTS, "chance"), *_SCORES),
    },
}
"""By table, as `lineage.COLUMN_ORIGINS`."""
