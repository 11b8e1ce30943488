"""Gold: experiments, and what was served for them."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    EXPERIMENT,
    EXPERIMENT_STATES,
    count,
    per_role,
    share,
    text,
    time,
)

EXPERIMENTS = Contract(
    catalog.EXPERIMENTS,
    "One row an experiment: what is compared, what was frozen at its opening, and where it stands. The source of truth for roles.",
    (
        EXPERIMENT,
        *per_role(
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
        text(
            "review_policy_hash",
            "SHA-256 of the review policy, fixed with the rule; null before 0.3.0: no chance of review is logged",
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
    version=3,
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
