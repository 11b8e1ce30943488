"""Gold: what is served, what was answered, and both models' scores of it."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION, CLINICAL, PURPOSES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    EXPERIMENT,
    EXPERIMENT_STATES,
    LOG_POSITION,
    SITE,
    count,
    date,
    label,
    number,
    share,
    text,
    time,
)


def _per_role(*columns: Column) -> tuple[Column, ...]:
    """The same columns for champion and challenger."""
    return tuple(
        Column(
            f"{role}_{c.name}",
            c.dtype,
            f"{c.description} of the {role}",
            c.nullable,
            c.allowed,
            c.minimum,
            c.maximum,
        )
        for role in (CHAMPION, CHALLENGER)
        for c in columns
    )


EXPERIMENTS = Contract(
    catalog.EXPERIMENTS,
    "One row an experiment: what is compared, what was frozen at its opening, and where it stands. The source of truth for roles.",
    (
        EXPERIMENT,
        *_per_role(
            text("model", "Registered model", nullable=False),
            count("version", "Registered version", nullable=False),
            text("artifact_sha256", "Digest of the serving artifact", nullable=False),
            share("threshold", "Decision threshold", nullable=False),
        ),
        text(
            "rule_hash",
            "SHA-256 of the promotion rule, fixed before the experiment starts",
            nullable=False,
        ),
        Column(
            "starting_share",
            pl.Int32,
            "Challenger's share at the start; 0 is shadow",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        text("state", "Where the experiment stands", nullable=False, allowed=EXPERIMENT_STATES),
        Column(
            "stage",
            pl.Int32,
            "Challenger's share of the traffic that is wanted now",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        time("opened_at", "When it was opened", nullable=False),
        time("stage_since", "When the stage was entered", nullable=False),
        time("closed_at", "When it was closed"),
        text("opened_by", "Who or what opened it", nullable=False),
        text("closed_by", "Who or what closed it"),
        text("decided_by", "Who or what put it where it is", nullable=False),
        text("cause", "Why it is where it is", nullable=False),
        text("approved_by", "Who approved the stage's step first, while a second is waited for"),
        text("approval_reason", "Why they approved"),
        time("approved_at", "When they approved"),
        count("generation", "The save that wrote this row: every save of the table counts one"),
        text("decision_id", "The decision that put it where it is, if one did"),
        text("state_before", "What a person's word may be withdrawn to, until it is carried out"),
        Column("stage_before", pl.Int32, "The stage of that state", minimum=0, maximum=100),
    ),
    unique=("experiment_id",),
    version=2,
)

ENDPOINT_CONFIG = Contract(
    catalog.ENDPOINT_CONFIG,
    "One row a served entity of each config the endpoint was given and was seen to serve.",
    (
        count("config_version", "The endpoint's own number of the config", nullable=False),
        text("experiment_id", "The experiment, where one is open"),
        text("endpoint_name", "The endpoint", nullable=False),
        text("served_model_name", "Served entity: `<model>-<version>`", nullable=False),
        text("model_name", "Registered model", nullable=False),
        count("model_version", "Registered version", nullable=False),
        text(
            "role",
            "What the entity is in the experiment",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        Column(
            "traffic_percentage",
            pl.Int32,
            "Its share of the traffic",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        text("artifact_sha256", "Digest of the serving artifact", nullable=False),
        count("generation", "Generation of gold.experiments that wanted it"),
        text("decided_by", "Who or what asked for the config", nullable=False),
        text("decision_id", "The decision that it was served on, if it was served on one"),
        text("cause", "Why", nullable=False),
        time("applied_at", "When the endpoint was seen to serve it", nullable=False),
    ),
    unique=("config_version", "served_model_name"),
    version=2,
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
    ),
    unique=("request_id",),
    partition_by=("date",),
    cursor="log_position",
    version=2,
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
        *_per_role(
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
            "True where the config split traffic evenly: unblinded truth counts there",
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
