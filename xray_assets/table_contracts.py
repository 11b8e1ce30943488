"""The contract of every table, in the order of the lineage. Column meanings are those the UI and
the docs show.
"""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHALLENGER, CHAMPION, LABELS, Key
from xray_assets.contracts import TIMESTAMP, Column, Contract

SPLITS = ("train", "test", "val")
EXPERIMENT_STATES = ("open", "ramping", "promoted", "rolled_back", "inconclusive", "closed")
READS = ("pneumonia", "normal", "uncertain", "uninterpretable")
FEEDBACK_TYPES = ("true-positive", "false-positive", "true-negative", "false-negative")
CONFIDENCES = ("confirmed", "uncertain", "needs_review")
READER_ROLES = ("reader", "adjudicator")
FEEDBACK_SOURCES = ("api", "radiologist", "pathology", "manual", "simulation")
VERDICTS = ("PROMOTE", "KEEP_TESTING", "ROLLBACK")


def _text(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.String, description, **promise)  # type: ignore[arg-type]


def _number(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.Float64, description, **promise)  # type: ignore[arg-type]


def _share(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.Float64, description, minimum=0, maximum=1, **promise)  # type: ignore[arg-type]


def _count(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.Int64, description, minimum=0, **promise)  # type: ignore[arg-type]


def _label(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.Int32, description, allowed=(0, 1), **promise)  # type: ignore[arg-type]


def _time(name: str, description: str, **promise: object) -> Column:
    return Column(name, TIMESTAMP, description, **promise)  # type: ignore[arg-type]


def _date(name: str, description: str, **promise: object) -> Column:
    return Column(name, pl.Date, description, **promise)  # type: ignore[arg-type]


_IMAGE_ID = _text("image_id", "Hash of the source-relative path without extension", nullable=False)
_LOG_POSITION = _count("log_position", "Position in the endpoint's inference log", nullable=False)
_EXPERIMENT = _text("experiment_id", "The experiment whose config answered", nullable=False)

KAGGLE_XRAY_METADATA = Contract(
    catalog.KAGGLE_XRAY_METADATA,
    "One row an ingested film, as the source describes it. Rows are added by MERGE on image_id and never change.",
    (
        _IMAGE_ID,
        _text(
            "filename",
            "File name in the source; it carries the label, so it never reaches a reader",
            nullable=False,
        ),
        _text("category", "Class folder", nullable=False, allowed=LABELS),
        _text(
            "dataset_split",
            "The source's own split; silver draws its own",
            nullable=False,
            allowed=SPLITS,
        ),
        _text("file_path", "Where the film lies in the image volume", nullable=False),
        _count("file_size_bytes", "Size of the file", nullable=False),
        _time("ingested_at", "When the film was ingested", nullable=False),
        _text("ingestion_batch_id", "The ingest that brought it", nullable=False),
        _text("sha256", "SHA-256 of the file's bytes", nullable=False),
    ),
    unique=("image_id",),
)

XRAY_METADATA = Contract(
    catalog.XRAY_METADATA,
    "One row a usable film: decoded, validated, unique, assigned to a patient and to one patient-disjoint split.",
    (
        _IMAGE_ID,
        _label("label", "0 normal, 1 pneumonia", nullable=False),
        _text("label_name", "Class name", nullable=False, allowed=LABELS),
        _text(
            "dataset_split", "Split by a stable hash of the patient", nullable=False, allowed=SPLITS
        ),
        _text("file_path", "Where the film lies in the image volume", nullable=False),
        Column("image_width", pl.Int32, "Width in pixels", nullable=False, minimum=1),
        Column("image_height", pl.Int32, "Height in pixels", nullable=False, minimum=1),
        _share("quality_score", "Technical quality, 0 to 1", nullable=False),
        _time("processed_at", "When the film was curated", nullable=False),
        _text("source_batch_id", "The ingest that brought it", nullable=False),
        _text("patient_id", "Patient, from the file name, else the digest", nullable=False),
        _text(
            "patient_id_source",
            "Where the patient id comes from",
            nullable=False,
            allowed=("filename", "digest"),
        ),
        _text("subtype", "Kind of pneumonia where the name tells", allowed=("bacteria", "virus")),
        _text("sha256", "SHA-256 of the file's bytes", nullable=False),
        _text("pixel_sha256", "SHA-256 of the decoded pixels", nullable=False),
    ),
    unique=("image_id",),
)

XRAY_REJECTS = Contract(
    catalog.XRAY_REJECTS,
    "One row a film that curation refused, with the reason.",
    (
        _IMAGE_ID,
        _text("file_path", "Where the film lies in the image volume", nullable=False),
        _text("reason", "Why it was refused: a code, then a sentence", nullable=False),
        _time("rejected_at", "When it was refused", nullable=False),
        _text("source_batch_id", "The ingest that brought it", nullable=False),
    ),
    unique=("image_id",),
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
        _EXPERIMENT,
        *_per_role(
            _text("model", "Registered model", nullable=False),
            _count("version", "Registered version", nullable=False),
            _text("artifact_sha256", "Digest of the serving artifact", nullable=False),
            _share("threshold", "Decision threshold", nullable=False),
        ),
        _text(
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
        _text("state", "Where the experiment stands", nullable=False, allowed=EXPERIMENT_STATES),
        Column(
            "stage",
            pl.Int32,
            "Challenger's share of the traffic that is wanted now",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        _time("opened_at", "When it was opened", nullable=False),
        _time("stage_since", "When the stage was entered", nullable=False),
        _time("closed_at", "When it was closed"),
        _text("opened_by", "Who or what opened it", nullable=False),
        _text("closed_by", "Who or what closed it"),
        _text("decided_by", "Who or what put it where it is", nullable=False),
        _text("cause", "Why it is where it is", nullable=False),
        _text("approved_by", "Who approved the stage's step first, while a second is waited for"),
        _text("approval_reason", "Why they approved"),
        _time("approved_at", "When they approved"),
    ),
    unique=("experiment_id",),
)

ENDPOINT_CONFIG = Contract(
    catalog.ENDPOINT_CONFIG,
    "One row a served entity of each config the endpoint was given and was seen to serve.",
    (
        _count("config_version", "The endpoint's own number of the config", nullable=False),
        _text("experiment_id", "The experiment, where one is open"),
        _text("endpoint_name", "The endpoint", nullable=False),
        _text("served_model_name", "Served entity: <model>-<version>", nullable=False),
        _text("model_name", "Registered model", nullable=False),
        _count("model_version", "Registered version", nullable=False),
        _text(
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
        _text("artifact_sha256", "Digest of the serving artifact", nullable=False),
        _text("decided_by", "Who or what asked for the config", nullable=False),
        _text("cause", "Why", nullable=False),
        _time("applied_at", "When the endpoint was seen to serve it", nullable=False),
    ),
    unique=("config_version", "served_model_name"),
)

PREDICTIONS = Contract(
    catalog.PREDICTIONS,
    "One row an image that the endpoint answered or refused, moved here from its inference log exactly once.",
    (
        _text("request_id", "Time-ordered id; a batch of n logs <request>.<i>", nullable=False),
        _text("client_request_id", "The client's own id"),
        _text("experiment_id", "The experiment the request counts for, if any"),
        _date("date", "Day of the request, UTC", nullable=False),
        _time("timestamp", "Time of the request, UTC", nullable=False),
        _text("served_model_name", "The served entity that answered", nullable=False),
        _text(
            "assigned_model_name",
            "The served entity that traffic assignment chose; differs after a fallback",
            nullable=False,
        ),
        _text("model_name", "Registered model that answered", nullable=False),
        _count("model_version", "Registered version that answered", nullable=False),
        _count("config_version", "Endpoint config in force", nullable=False),
        Column("status_code", pl.Int32, "HTTP status", nullable=False, minimum=100, maximum=599),
        _share("prediction", "Probability of pneumonia"),
        _label("predicted_label", "1 where the probability reaches the threshold"),
        _share("threshold", "Decision threshold of the model that answered"),
        _number("latency_ms", "Time in the endpoint, milliseconds", nullable=False, minimum=0),
        _text("image_sha256", "SHA-256 of the decoded pixels"),
        _text(
            "case_key",
            "Keyed HMAC of the patient id, else the image digest; null where a batch mixes patients",
        ),
        _text("case_key_source", "What the case key stands for"),
        _text("request", "Digest of the request; never bytes, tags or a path"),
        _text("response", "The answer as sent"),
        _LOG_POSITION,
    ),
    unique=("request_id",),
    partition_by=("date",),
    cursor="log_position",
)

PAIRED_PREDICTIONS = Contract(
    catalog.PAIRED_PREDICTIONS,
    "One row an answered request of an experiment, scored by both of its models off the request path.",
    (
        _text("request_id", "The request", nullable=False),
        _EXPERIMENT,
        _text("case_key", "The patient's key", nullable=False),
        _date("date", "Day of the request, UTC", nullable=False),
        *_per_role(
            _text("model", "Registered model", nullable=False),
            _count("version", "Registered version", nullable=False),
            _share("threshold", "Decision threshold", nullable=False),
            _share("probability", "Probability of pneumonia; null where the score failed"),
            _label("label", "Label at the threshold; null where the score failed"),
        ),
        _text(
            "served_arm",
            "Role of the model that answered",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        _text(
            "assigned_arm",
            "Role of the model that assignment chose",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        _count("config_version", "Endpoint config in force", nullable=False),
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
        _time("scored_at", "When both were scored", nullable=False),
        _LOG_POSITION,
    ),
    unique=("request_id", "experiment_id"),
    partition_by=("experiment_id", "date"),
    cursor="log_position",
)

_FEEDBACK_ID = _text("feedback_id", "The feedback", nullable=False)
_INBOX_POSITION = _count("inbox_position", "Position in the feedback inbox", nullable=False)

PREDICTION_FEEDBACK = Contract(
    catalog.PREDICTION_FEEDBACK,
    "One row an accepted read of a prediction. A reader's later answer supersedes the earlier one; both stay.",
    (
        _FEEDBACK_ID,
        _text("prediction_id", "The request the read is about", nullable=False),
        _date("prediction_date", "Day of that request", nullable=False),
        _time("timestamp", "When the read was sent", nullable=False),
        _text("read", "What the reader saw", nullable=False, allowed=READS),
        _text(
            "ground_truth",
            "The truth it stands for; null when uncertain or uninterpretable",
            allowed=LABELS,
        ),
        _text(
            "feedback_type", "Derived from the logged label and the truth", allowed=FEEDBACK_TYPES
        ),
        _text("radiologist_id", "The reader", nullable=False),
        _text("reader_role", "Reader or adjudicator", nullable=False, allowed=READER_ROLES),
        Column("blinded", pl.Boolean, "True when read before the answer was shown", nullable=False),
        _text("confidence", "How sure the reader is", nullable=False, allowed=CONFIDENCES),
        _text("feedback_source", "Where it came from", nullable=False, allowed=FEEDBACK_SOURCES),
        _text("notes", "Free text"),
        _text("superseded_by", "The same reader's later feedback on the same prediction"),
        _INBOX_POSITION,
        _count(
            "acceptance_rank",
            "Running number of acceptance, from 1: later acceptance, higher rank, also for one that waited for its prediction",
            nullable=False,
        ),
    ),
    unique=("feedback_id",),
    partition_by=("prediction_date",),
    cursor="acceptance_rank",
)

_AS_SENT = (
    _FEEDBACK_ID,
    _text("feedback", "The feedback as sent, JSON", nullable=False),
    _text("reason", "Why it is here", nullable=False),
    _time("received_at", "When the inbox took it", nullable=False),
    _INBOX_POSITION,
)

FEEDBACK_REJECTS = Contract(
    catalog.FEEDBACK_REJECTS,
    "One row a feedback that was refused, as sent, with the reason.",
    (*_AS_SENT, _time("rejected_at", "When it was refused", nullable=False)),
    unique=("feedback_id",),
)

FEEDBACK_PENDING = Contract(
    catalog.FEEDBACK_PENDING,
    "One row a feedback whose prediction has not arrived yet. It waits for the log's longest lag, then is rejected.",
    _AS_SENT,
    unique=("feedback_id",),
)

REVIEWED_CASES = Contract(
    catalog.REVIEWED_CASES,
    "One row a case with at least one read: the consensus behind the counts of the decision.",
    (
        _EXPERIMENT,
        _text("request_id", "The case's request", nullable=False),
        _text("case_key", "The patient's key", nullable=False),
        _date("prediction_date", "Day of that request", nullable=False),
        Column("stratum", pl.Int32, "Served arm x uncertainty band", nullable=False, minimum=0),
        _text(
            "served_arm",
            "Role of the model that answered",
            nullable=False,
            allowed=(CHAMPION, CHALLENGER),
        ),
        _label("champion_label", "Champion's label", nullable=False),
        _label("challenger_label", "Challenger's label", nullable=False),
        _label("truth", "Consensus of the countable reads; null where there is none"),
        _count("n_readers", "Readers behind the consensus", nullable=False),
        _count("review_rank", "Order of the case's first read in the experiment", nullable=False),
    ),
    unique=("experiment_id", "request_id"),
    partition_by=("experiment_id", "prediction_date"),
)

REVIEWED_COUNTS = Contract(
    catalog.REVIEWED_COUNTS,
    "One row a segment of reviewed cases, in order of review: their counts, summed up from gold.reviewed_cases again whenever one of its cases changes.",
    (
        _EXPERIMENT,
        _count("segment", "review_rank // the rule's reviews a segment", nullable=False),
        Column(
            "counts",
            pl.List(pl.Int64),
            "Cases with a truth by stratum, champion's label, challenger's label and truth, in that order, the truth fastest",
            nullable=False,
        ),
    ),
    unique=("experiment_id", "segment"),
    partition_by=("experiment_id",),
)

SCORED_COUNTS = Contract(
    catalog.SCORED_COUNTS,
    "Counts of scored cases, one row a batch and cell; their sum over batches is the decision's `scored`, `served` and `failed`.",
    (
        _EXPERIMENT,
        _text("kind", "What is counted", nullable=False, allowed=("scored", "served", "failed")),
        _count("config_version", "Endpoint config (served)"),
        Column("stratum", pl.Int32, "Served arm x uncertainty band (scored)", minimum=0),
        _label("champion_label", "Champion's label (scored)"),
        _label("challenger_label", "Challenger's label (scored)"),
        _text("assigned_arm", "Assigned role (served)", allowed=(CHAMPION, CHALLENGER)),
        _count("n", "How many", nullable=False),
        _count("log_position", "Last log position counted", nullable=False),
    ),
    unique=(),
    partition_by=("experiment_id",),
)

PERFORMANCE = Contract(
    catalog.PERFORMANCE,
    "One row a prediction with the consensus of its reads: a view over predictions and feedback.",
    (
        _text("request_id", "The request", nullable=False),
        _date("prediction_date", "Day of the request", nullable=False),
        _time("prediction_timestamp", "Time of the request", nullable=False),
        _text("served_model_name", "The served entity that answered", nullable=False),
        Column("status_code", pl.Int32, "HTTP status", nullable=False),
        _share("prediction_score", "Probability of pneumonia"),
        _label("predicted_class", "Label at the threshold"),
        _text("feedback_id", "The read that settled the consensus"),
        _text("ground_truth", "Consensus truth", allowed=LABELS),
        _text("feedback_type", "Of the consensus", allowed=FEEDBACK_TYPES),
        _text("radiologist_id", "The reader that settled the consensus"),
        _text("feedback_confidence", "Confidence of that read"),
        _time("feedback_timestamp", "Time of that read"),
        _count("n_readers", "Readers behind the consensus", nullable=False),
        Column("is_correct", pl.Boolean, "Null without a consensus"),
        _text(
            "confusion_label",
            "TP, FP, TN or FN; null without a consensus",
            allowed=("TP", "FP", "TN", "FN"),
        ),
    ),
    unique=("request_id",),
)


def _with_interval(name: str) -> tuple[Column, ...]:
    return (
        _share(name, f"{name.capitalize()}; null where undefined"),
        _share(f"{name}_low", "Lower end of the 95 % interval"),
        _share(f"{name}_high", "Upper end of the 95 % interval"),
    )


COMPARISON_SUMMARY = Contract(
    catalog.COMPARISON_SUMMARY,
    "One row a served entity and day: traffic, coverage and performance with 95 % intervals.",
    (
        _text("served_model_name", "The served entity", nullable=False),
        _date("date", "Day, UTC", nullable=False),
        _count("total_predictions", "Answered requests", nullable=False),
        _count("feedback_count", "Answered requests with a consensus", nullable=False),
        Column(
            "feedback_coverage_pct",
            pl.Float64,
            "Their share in percent",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        *(
            _count(name, f"Consensus counts: {name.upper()}", nullable=False)
            for name in ("tp", "fp", "tn", "fn")
        ),
        *(
            c
            for name in ("accuracy", "sensitivity", "specificity", "precision", "f1")
            for c in _with_interval(name)
        ),
    ),
    unique=("served_model_name", "date"),
)

PROMOTION_DECISION = Contract(
    catalog.PROMOTION_DECISION,
    "One row a verdict, with the figures behind it. Append-only and hash-chained: `xray audit verify` finds an edit.",
    (
        _text("decision_id", "The decision: experiment and chain_position", nullable=False),
        _EXPERIMENT,
        _time("decided_at", "When", nullable=False),
        _text("champion_model", "Served name of the champion", nullable=False),
        _text("challenger_model", "Served name of the challenger", nullable=False),
        _text("verdict", "The verdict", nullable=False, allowed=VERDICTS),
        _text("reasons", "Why, one sentence a line", nullable=False),
        _count("n_reviewed", "Reviewed cases", nullable=False),
        _count("n_positive", "Reviewed cases with pneumonia", nullable=False),
        _count("n_negative", "Reviewed cases without", nullable=False),
        *(
            _number(name, f"E-value: {name}", nullable=False)
            for name in ("e_better", "e_worse", "e_not_missing_more", "e_missing_more")
        ),
        _number("e_sample_ratio", "Sample-ratio e-value; the alarm is 100", nullable=False),
        _number("recent_evidence", "Recent-evidence e-detector; the alarm is 100", nullable=False),
        _text("report", "Every figure of the promotion report, JSON", nullable=False),
        _text("counts", "Counts of reviewed, scored and served cases, JSON", nullable=False),
        _text("rule_version", "Version of the promotion rule", nullable=False),
        _text("rule_hash", "SHA-256 of the promotion rule", nullable=False),
        _text("input_versions", "Delta versions of the tables read, JSON", nullable=False),
        _text("evidence_sha256", "Digest of the counts", nullable=False),
        _text("champion_sha256", "SHA-256 of the champion's artifact", nullable=False),
        _text("challenger_sha256", "SHA-256 of the challenger's artifact", nullable=False),
        _text("decided_by", "What launched the run that decided", nullable=False),
        _text("run_id", "That run, in Dagster", nullable=False),
        _count("chain_position", "Place in the hash chain, from 1", nullable=False),
        _text("previous_hash", "row_hash of the row before it", nullable=False),
        _text("row_hash", "SHA-256 of all other columns, as canonical JSON", nullable=False),
    ),
    unique=("decision_id",),
)

BACKTESTS = Contract(
    catalog.BACKTESTS,
    "One row a backtest: a candidate and the champion of that day on every reviewed film. Append-only; no evidence in any experiment.",
    (
        _text("run_id", "Dagster's run that made it", nullable=False),
        _time("made_at", "When", nullable=False),
        _text("champion_model", "Served name of the champion", nullable=False),
        _text("champion_sha256", "SHA-256 of its artifact", nullable=False),
        _text("candidate_model", "Served name of the candidate", nullable=False),
        _text("candidate_sha256", "SHA-256 of its artifact", nullable=False),
        _count("n_films", "Patients with a settled truth", nullable=False),
        _count("n_scored", "Of those, films that both models scored", nullable=False),
        Column("passed", pl.Boolean, "The gate", nullable=False),
        _text(
            "verdict",
            "What the promotion rule says of these films",
            nullable=False,
            allowed=VERDICTS,
        ),
        _text("reasons", "Why, one sentence a line", nullable=False),
        _text("report", "Every figure of the promotion report, JSON", nullable=False),
    ),
    unique=("run_id",),
)

CONTRACTS: dict[Key, Contract] = {
    contract.key: contract
    for contract in (
        KAGGLE_XRAY_METADATA,
        XRAY_METADATA,
        XRAY_REJECTS,
        EXPERIMENTS,
        ENDPOINT_CONFIG,
        PREDICTIONS,
        PAIRED_PREDICTIONS,
        PREDICTION_FEEDBACK,
        FEEDBACK_REJECTS,
        FEEDBACK_PENDING,
        REVIEWED_CASES,
        REVIEWED_COUNTS,
        SCORED_COUNTS,
        PERFORMANCE,
        COMPARISON_SUMMARY,
        PROMOTION_DECISION,
        BACKTESTS,
    )
}
"""Every contract by its key, in lineage order."""
