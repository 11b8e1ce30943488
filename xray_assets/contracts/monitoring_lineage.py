"""Which columns of other tables the columns of judged days come from."""

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    FEATURES,
    FILM_FEATURES,
    MONITORING_BASELINES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    Key,
)
from xray_assets.contracts.origins import Origins, all_from, kept, renamed

_JUDGED = (
    *((FILM_FEATURES, name) for name in (*FEATURES, "embedding")),
    *((PAIRED_PREDICTIONS, f"{role}_probability") for role in ("champion", "challenger")),
    (PREDICTIONS, "prediction"),
    (PREDICTIONS, "site"),
    (PREDICTIONS, "case_key"),
    (PREDICTION_FEEDBACK, "ground_truth"),
    (REVIEW_ASSIGNMENTS, "chance"),
    (MONITORING_BASELINES, "films"),
    (MONITORING_BASELINES, "reads"),
)
_SHOWN = ("level", "kind", "families", "sites", "review_sites", "review_shares", "harm_sites",
          "no_harm_sites", "no_harm_bounds", "log_evidence", "shift", "off_support")  # fmt: skip
_EVIDENCE = ("log_m", "log_e", "payoff_mean", "n_units", "shift", "shift_low", "shift_high",
             "flagged")  # fmt: skip

MONITORING_ORIGINS: dict[Key, Origins] = {
    MONITORING_BASELINES: {
        **kept(ENDPOINT_CONFIG, "served_model_name", "artifact_sha256"),
        **kept(FILM_FEATURES, "feature_version"),
        **renamed(PREDICTIONS, {"from_date": "timestamp", "to_date": "timestamp"}),
        **renamed(
            PREDICTIONS, {"sites": "site", "n_films": "request_id", "n_patients": "case_key"}
        ),
        **all_from(PREDICTION_FEEDBACK, ["ground_truth"], ["n_positive_reads", "n_negative_reads"]),
        "films": _JUDGED[:-4],
        "reads": ((PREDICTION_FEEDBACK, "ground_truth"), (REVIEW_ASSIGNMENTS, "chance")),
    },
    MONITORING_DAYS: {
        **renamed(PREDICTIONS, {"date": "timestamp", "n_requests": "request_id"}),
        **kept(PREDICTIONS, "log_position"),
        **kept(MONITORING_BASELINES, "baseline_id"),
        **kept(ENDPOINT_CONFIG, "served_model_name", "artifact_sha256", "experiment_id"),
        **renamed(PREDICTION_FEEDBACK, {"read_rank": "acceptance_rank"}),
        **renamed(PREDICTIONS, {"n_films": "request_id", "n_patients": "case_key"}),
        **renamed(FILM_FEATURES, {"n_missing_features": "problem"}),
        **dict.fromkeys(_SHOWN, _JUDGED),
    },
    MONITORING_EVIDENCE: {
        **kept(MONITORING_DAYS, "date", "baseline_id"),
        **dict.fromkeys(_EVIDENCE, _JUDGED),
    },
}
"""By table, as `lineage.COLUMN_ORIGINS`."""
