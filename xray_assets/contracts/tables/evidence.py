"""Gold: reviewed and scored cases, and the performance of what was served."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION, CHANCES, LABELS
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    EXPERIMENT,
    FEEDBACK_TYPES,
    LOG_POSITION,
    count,
    date,
    label,
    number,
    share,
    text,
    time,
)
from xray_assets.statistics.resolution import BINS

REVIEWED_CASES = Contract(
    catalog.REVIEWED_CASES,
    "One row a case with at least one read: the consensus behind the counts of the decision.",
    (
        EXPERIMENT,
        text("request_id", "The case's request", nullable=False),
        text("case_key", "The patient's key", nullable=False),
        date("prediction_date", "Day of that request", nullable=False),
        Column("stratum", pl.Int32, "Served arm x uncertainty band", nullable=False, minimum=0),
        text(
            "served_arm",
            "Role of the model that answered",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        label("champion_label", "Champion's label", nullable=False),
        label("challenger_label", "Challenger's label", nullable=False),
        label("truth", "Consensus of the countable reads; null where there is none"),
        count("n_readers", "Readers behind the consensus", nullable=False),
        count("review_rank", "Order of the case's first read in the experiment", nullable=False),
    ),
    unique=("experiment_id", "request_id"),
    partition_by=("experiment_id", "prediction_date"),
)

REVIEWED_COUNTS = Contract(
    catalog.REVIEWED_COUNTS,
    "One row a batch of reviewed cases, in order of review: their counts, summed up from gold.reviewed_cases again whenever one of its cases changes.",
    (
        EXPERIMENT,
        count("batch", "review_rank // the rule's reviews a batch", nullable=False),
        Column(
            "counts",
            pl.List(pl.Int64),
            "Cases with a truth by stratum, champion's label, challenger's label and truth, in that order, the truth fastest",
            nullable=False,
        ),
    ),
    unique=("experiment_id", "batch"),
    partition_by=("experiment_id",),
    version=2,
    rebuilt_from=("accepted_reads",),
)

SCORED_COUNTS = Contract(
    catalog.SCORED_COUNTS,
    "One row a batch and cell of scored cases: their counts, whose sum over batches is the decision's `scored`, `served` and `failed`.",
    (
        EXPERIMENT,
        text("kind", "What is counted", nullable=False, allowed=("scored", "served", "failed")),
        count("config_version", "Endpoint config (served)"),
        Column("stratum", pl.Int32, "Served arm x uncertainty band (scored)", minimum=0),
        number(
            "chance",
            "The logged chance of review (scored); null where the case was not drawn for the experiment",
            allowed=CHANCES,
        ),
        label("champion_label", "Champion's label (scored)"),
        label("challenger_label", "Challenger's label (scored)"),
        text("assigned_arm", "Assigned role (served)", allowed=(CHAMPION, CHALLENGER)),
        count("n", "How many", nullable=False),
        count("log_position", "Last log position counted", nullable=False),
    ),
    unique=(),
    partition_by=("experiment_id",),
    version=2,
)

PERFORMANCE = Contract(
    catalog.PERFORMANCE,
    "One row a clinical prediction with the consensus of its reads, kept up to date by every run of `evaluate`.",
    (
        text("request_id", "The request", nullable=False),
        date("prediction_date", "Day of the request", nullable=False),
        time("prediction_timestamp", "Time of the request", nullable=False),
        text("served_model_name", "The served entity that answered", nullable=False),
        Column("status_code", pl.Int32, "HTTP status", nullable=False),
        share("prediction_score", "Probability of pneumonia"),
        label("predicted_class", "Label at the threshold"),
        text("feedback_id", "The read that settled the consensus"),
        text("ground_truth", "Consensus truth", allowed=LABELS),
        text("feedback_type", "Of the consensus", allowed=FEEDBACK_TYPES),
        text("radiologist_id", "The reader that settled the consensus"),
        text("feedback_confidence", "Confidence of that read"),
        time("feedback_timestamp", "Time of that read"),
        count("n_readers", "Readers behind the consensus", nullable=False),
        Column("is_correct", pl.Boolean, "Null without a consensus"),
        text(
            "confusion_label",
            "TP, FP, TN or FN; null without a consensus",
            allowed=("TP", "FP", "TN", "FN"),
        ),
        LOG_POSITION,
        count(
            "read_rank", "Highest acceptance rank of its reads; 0 without a read", nullable=False
        ),
    ),
    unique=("request_id",),
    partition_by=("prediction_date",),
    version=2,
    rebuilt_from=("inference_log", "accepted_reads"),
)

_BY_SCORE = f"by truth and probability, {BINS} equal bins a truth, NORMAL first"

SCORE_BANDS = Contract(
    catalog.SCORE_BANDS,
    "One row an experiment and model: its settled cases by truth and probability, each weighted by 1 / the chance that it was reviewed, where that was logged. What costs, net benefit and tiers of risk are worked out from.",
    (
        EXPERIMENT,
        text("role", "The model in the experiment", nullable=False, allowed=(CHAMPION, CHALLENGER)),
        Column("n", pl.List(pl.Int64), f"Cases {_BY_SCORE}", nullable=False),
        Column(
            "weight", pl.List(pl.Float64), f"Their weights, added up, {_BY_SCORE}", nullable=False
        ),
        Column(
            "squares",
            pl.List(pl.Float64),
            f"The weights' squares, added up, {_BY_SCORE}",
            nullable=False,
        ),
    ),
    unique=("experiment_id", "role"),
    rebuilt_from=("reviewed_cases",),
)
