"""Gold and silver: what asked for a retraining, the films it was made of, the films it is judged on."""

import polars as pl

from xray_assets import catalog
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import count, label, number, share, text, time

REQUEST_STATES = (ASKED, SKIPPED, RUNNING, GATED, REGISTERED, RECOMMENDED, OPENED, FAILED) = (
    "asked",
    "skipped",
    "running",
    "gated",
    "registered",
    "recommended",
    "opened",
    "failed",
)
"""It waits, or a person is asked; it was due and is not done; it is trained; its candidate failed a
gate; is registered and waits for its backtest; an experiment is recommended, or was opened; its run
failed.
"""
TRIGGERS = (DRIFT, PERFORMANCE, VOLUME, AGE, DATA_QUALITY, MANUAL) = (
    "drift",
    "performance",
    "volume",
    "age",
    "data_quality",
    "manual",
)
METHODS = RETRAIN, RECALIBRATE, SEARCH = ("retrain", "recalibrate", "search")
FILM_SOURCES = DATASET, PRODUCTION = ("dataset", "production")
TRUTH_SOURCES = ("dataset", "consensus", "adjudicated", "pathology")

_PATIENT_KEY = text("patient_key", "Keyed HMAC of the patient id: gold's case_key", nullable=False)
_REQUEST_ID = text("request_id", "The retraining request", nullable=False)

RETRAINING_REQUESTS = Contract(
    catalog.RETRAINING_REQUESTS,
    "One row a request for a retraining: what triggered it, where it stands, what came of it. A retraining that was due and skipped has a row too. Rows change their state and never go.",
    (
        _REQUEST_ID,
        time("asked_at", "When", nullable=False),
        time("updated_at", "When it came to its present state", nullable=False),
        text("triggers", "What asked for it, by commas: " + ", ".join(TRIGGERS), nullable=False),
        text("state", "Where it stands", nullable=False, allowed=REQUEST_STATES),
        text("reason_code", "Why it stands there, a code"),
        text("reason", "Why, a sentence; of a manual one, the person's own words"),
        text("asked_by", "Who or what asked", nullable=False),
        text("method", "What the registered version was made by", allowed=METHODS),
        text("level", "Level of gold.monitoring_record at the time"),
        text("kind", "Its kind"),
        text("sites", "Its sites, by commas; empty: all"),
        text("episode_id", "The monitoring episode that it answers"),
        text("baseline_id", "The baseline in force"),
        text("evidence", "The facts it was decided on, JSON", nullable=False),
        count("new_truths", "Countable truths since the last training set", nullable=False),
        count("budget_left", "Automatic retrainings left in 90 days", nullable=False),
        count("reads_to", "acceptance_rank up to which reads went into its set"),
        text("training_set_sha256", "Digest of its training set"),
        count("training_films", "Films of its training set"),
        text("golden_versions", "Golden versions that judged its candidate, by commas"),
        text("gates", "Each gate of its candidate with value and limit, JSON"),
        text("parent_model", "Served name of the champion that it started from"),
        text("parent_sha256", "SHA-256 of that champion's artifact"),
        text("model", "Registered model of the candidate"),
        count("version", "Registered version"),
        text("artifact_sha256", "SHA-256 of its artifact"),
        text("mlflow_run_id", "MLflow's run of the training"),
        text("experiment_id", "The experiment that was opened for it"),
        text("run_id", "Dagster's run that put it there", nullable=False),
    ),
    unique=("request_id",),
)

TRAINING_FILMS = Contract(
    catalog.TRAINING_FILMS,
    "One row a film of a training set. A set is written once; no test or golden film and no patient of theirs is in one.",
    (
        _REQUEST_ID,
        text("image_id", "The film: image_id of the data set, or its pixel digest", nullable=False),
        text("source", "Where it comes from", nullable=False, allowed=FILM_SOURCES),
        text("file_path", "Where the film lies in the image volume", nullable=False),
        text("pixel_sha256", "SHA-256 of the decoded pixels", nullable=False),
        label("label", "0 normal, 1 pneumonia", nullable=False),
        text("truth_source", "What says so", nullable=False, allowed=TRUTH_SOURCES),
        count("n_readers", "Readers behind a consensus; null for the data set"),
        share("chance", "The logged chance at which it was read; null for the data set"),
        number("weight", "Its weight in training; 1 for the data set", nullable=False, minimum=0),
        text("site", "Where its request came from; null for the data set"),
        time("scored_at", "When its request was scored; null for the data set"),
        _PATIENT_KEY,
        text("dataset_split", "The patient's split", nullable=False, allowed=("train", "val")),
        time("since", "When the set was made", nullable=False),
    ),
    unique=("request_id", "image_id"),
)

GOLDEN_FILMS = Contract(
    catalog.GOLDEN_FILMS,
    "One row a film of a golden version: one a patient, frozen, in no training set. Version 1 is half of the test patients.",
    (
        Column("golden_version", pl.Int64, "The version", nullable=False, minimum=1),
        text("image_id", "The film: image_id of the data set, or its pixel digest", nullable=False),
        text("source", "Where it comes from", nullable=False, allowed=FILM_SOURCES),
        text("file_path", "Where the film lies in the image volume", nullable=False),
        text("pixel_sha256", "SHA-256 of the decoded pixels", nullable=False),
        label("label", "0 normal, 1 pneumonia", nullable=False),
        text("site", "Where its request came from; null for the data set"),
        text("subtype", "Kind of pneumonia where the name tells", allowed=("bacteria", "virus")),
        _PATIENT_KEY,
        time("since", "When the version was frozen", nullable=False),
    ),
    unique=("golden_version", "image_id"),
)
