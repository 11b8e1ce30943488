"""Gold: what was answered, and both models' scores of it."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION, CLINICAL, PURPOSES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    EXPERIMENT,
    LOG_POSITION,
    SITE,
    count,
    date,
    label,
    number,
    per_role,
    share,
    text,
    time,
)

PREDICTIONS = Contract(
    catalog.PREDICTIONS,
    "One row an image that the endpoint answered or refused, moved here from its inference log exactly once.",
    (
        text("request_id", "Time-ordered id; a batch of n logs `<request>.<i>`", nullable=False),
        text("client_request_id", "Keyed HMAC of the client's own id"),
        text("experiment_id", "The experiment the request counts for, if any"),
        date("date", "Day of the request, UTC", nullable=False),
        time("timestamp", "Time of the request, UTC", nullable=False),
        text("served_model_name", "The served entity that answered", nullable=False),
        text(
            "assigned_model_name",
            "The served entity that traffic assignment chose; differs after a fallback",
            nullable=False,
        ),
        text("model_name", "Registered model that answered", nullable=False),
        count("model_version", "Registered version that answered", nullable=False),
        count("config_version", "Endpoint config in force", nullable=False),
        Column("status_code", pl.Int32, "HTTP status", nullable=False, minimum=100, maximum=599),
        share("prediction", "Probability of pneumonia"),
        label("predicted_label", "1 where the probability reaches the threshold"),
        share("threshold", "Decision threshold of the model that answered"),
        number("latency_ms", "Time in the endpoint, milliseconds", nullable=False, minimum=0),
        text("image_sha256", "SHA-256 of the decoded pixels"),
        text(
            "case_key",
            "Keyed HMAC of the patient id, else the image digest; null where a batch mixes patients",
        ),
        text("case_key_source", "What the case key stands for"),
        SITE,
        text(
            "purpose",
            "What the request was for; only clinical ones count in evidence and figures",
            nullable=False,
            allowed=PURPOSES,
            default=CLINICAL,
        ),
        text("request", "Digest of the request; never bytes, tags or a path"),
        text("response", "The answer as sent"),
        LOG_POSITION,
        text("dicom_modality", "Modality (0008,0060), where the film came as DICOM"),
        text("dicom_view_position", "ViewPosition (0018,5101)"),
        text("dicom_model", "ManufacturerModelName (0008,1090)"),
        count("dicom_bits_stored", "BitsStored (0028,0101)"),
        text("dicom_photometric", "PhotometricInterpretation (0028,0004)"),
        number("dicom_window_center", "First WindowCenter (0028,1050)"),
        number("dicom_window_width", "First WindowWidth (0028,1051)"),
    ),
    unique=("request_id",),
    partition_by=("date",),
    cursor="log_position",
    version=3,
)

PAIRED_PREDICTIONS = Contract(
    catalog.PAIRED_PREDICTIONS,
    "One row an answered request of an experiment, scored by both of its models off the request path: the model that served it is not asked again, the other one scores the stored film.",
    (
        text("request_id", "The request", nullable=False),
        EXPERIMENT,
        text("case_key", "The patient's key", nullable=False),
        SITE,
        date("date", "Day of the request, UTC", nullable=False),
        *per_role(
            text("model", "Registered model", nullable=False),
            count("version", "Registered version", nullable=False),
            share("threshold", "Decision threshold", nullable=False),
            share("probability", "Probability of pneumonia; null where the score failed"),
            label("label", "Label at the threshold; null where the score failed"),
        ),
        text(
            "served_arm",
            "Role of the model that answered",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        text(
            "assigned_arm",
            "Role of the model that assignment chose",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        count("config_version", "Endpoint config in force", nullable=False),
        Column("stratum", pl.Int32, "Served arm x uncertainty band of the served score", minimum=0),
        Column(
            "case_hash",
            pl.Int64,
            "The case key's first 60 bits: a narrow column to look cases up by",
            nullable=False,
        ),
        Column(
            "is_case",
            pl.Boolean,
            "True for the patient's first scored request in the experiment",
            nullable=False,
        ),
        Column(
            "is_first_under_config",
            pl.Boolean,
            "True for the case key's first request under its config",
            nullable=False,
        ),
        Column(
            "is_even_split",
            pl.Boolean,
            "True where the config split traffic evenly and no chance of review was logged: unblinded truth counts there",
            nullable=False,
        ),
        time("scored_at", "When both were scored", nullable=False),
        LOG_POSITION,
    ),
    unique=("request_id", "experiment_id"),
    partition_by=("experiment_id", "date"),
    cursor="log_position",
    version=2,
)
