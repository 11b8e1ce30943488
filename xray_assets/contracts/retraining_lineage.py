"""Which columns of other tables those of retraining come from."""

from xray_assets.catalog import (
    GOLDEN_FILMS,
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    TRAINING_FILMS,
    XRAY_METADATA,
    Key,
)
from xray_assets.contracts.origins import Origins, kept, renamed, those_of

_TRUTH = ((XRAY_METADATA, "label"), (PREDICTION_FEEDBACK, "ground_truth"))

_OF_A_FILM: Origins = {
    **kept(RETRAINING_REQUESTS, "request_id"),
    **kept(XRAY_METADATA, "file_path", "subtype"),
    **kept(REVIEW_ASSIGNMENTS, "site", "scored_at", "chance"),
    "image_id": ((XRAY_METADATA, "image_id"), (REVIEW_ASSIGNMENTS, "image_sha256")),
    "pixel_sha256": ((XRAY_METADATA, "pixel_sha256"), (REVIEW_ASSIGNMENTS, "image_sha256")),
    "patient_key": ((XRAY_METADATA, "patient_id"), (REVIEW_ASSIGNMENTS, "case_key")),
    "dataset_split": ((XRAY_METADATA, "dataset_split"), (REVIEW_ASSIGNMENTS, "case_key")),
    "label": _TRUTH,
    **renamed(
        PREDICTION_FEEDBACK, {"truth_source": "feedback_source", "n_readers": "radiologist_id"}
    ),
    "weight": ((REVIEW_ASSIGNMENTS, "chance"), (REVIEW_POLICY, "floor")),
}

RETRAINING_ORIGINS: dict[Key, Origins] = {
    RETRAINING_REQUESTS: {
        **kept(MONITORING_RECORD, "level", "kind", "sites", "episode_id", "baseline_id"),
        **renamed(
            PREDICTION_FEEDBACK, {"new_truths": "ground_truth", "reads_to": "acceptance_rank"}
        ),
    },
    TRAINING_FILMS: those_of(TRAINING_FILMS, _OF_A_FILM),
    GOLDEN_FILMS: those_of(GOLDEN_FILMS, _OF_A_FILM),
}
"""By table, as `lineage.COLUMN_ORIGINS`."""
