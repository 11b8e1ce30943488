"""Gold: what the dashboard reads and nothing larger. Every table here stays small, however much was
predicted: it grows with hours or days, or keeps the newest rows alone.
"""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CASE_STATES, PURPOSES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
    SITE,
    count,
    date,
    number,
    share,
    text,
    time,
)
from xray_assets.statistics.resolution import BINS, BUCKETS, LOWEST, RESOLUTION

ERROR_KINDS = FAILED, REFUSED, FALLBACK = ("failed", "refused", "fallback")
"""Status 500 and above; 400 to 499; answered by another model than was assigned."""
NEWEST_ERRORS = 500

MISTAKES = FALSE_NEGATIVE, FALSE_POSITIVE = ("false-negative", "false-positive")
NEWEST_MISTAKES = 200

_ASSIGNED = text(
    "assigned_model_name", "The served entity that traffic assignment chose", nullable=False
)
_SERVED = text("served_model_name", "The served entity that answered", nullable=False)
_CONFIG = count("config_version", "Endpoint config in force", nullable=False)
_PURPOSE = text("purpose", "What the requests were for", nullable=False, allowed=PURPOSES)

HOURLY_TRAFFIC = Contract(
    catalog.HOURLY_TRAFFIC,
    "One row an hour, config, assigned and served entity, site and purpose: how many images, how many failed, how fast. The highest `log_position` is how far the log is counted.",
    (
        date("date", "Day, UTC", nullable=False),
        Column("hour", pl.Int32, "Hour of the day, UTC", nullable=False, minimum=0, maximum=23),
        _CONFIG,
        _ASSIGNED,
        _SERVED,
        SITE,
        _PURPOSE,
        count("n", "Images", nullable=False),
        count("failed", "Of those, status 500 and above", nullable=False),
        count("refused", "Of those, status 400 to 499", nullable=False),
        count(
            "fallbacks", "Of those, answered by another entity than was assigned", nullable=False
        ),
        count(
            "missing",
            "Positions that the log lacks just before these rows, erased ones excepted",
            nullable=False,
        ),
        Column(
            "latency",
            pl.List(pl.Int64),
            f"Answered images by milliseconds: {BUCKETS} geometric buckets from {LOWEST:g} ms, each {RESOLUTION:.0%} wide; they can be added up",
            nullable=False,
        ),
        count("log_position", "Last log position counted here", nullable=False),
    ),
    unique=(
        "date",
        "hour",
        "config_version",
        "assigned_model_name",
        "served_model_name",
        "site",
        "purpose",
    ),
    rebuilt_from=("inference_log",),
)

RECENT_ERRORS = Contract(
    catalog.RECENT_ERRORS,
    f"One row an image that failed, was refused, or was answered by another model than was assigned: the newest {NEWEST_ERRORS}.",
    (
        text("request_id", "The request", nullable=False),
        time("timestamp", "Time of the request, UTC", nullable=False),
        text("kind", "What happened", nullable=False, allowed=ERROR_KINDS),
        Column("status_code", pl.Int32, "HTTP status", nullable=False),
        _CONFIG,
        _ASSIGNED,
        _SERVED,
        SITE,
        _PURPOSE,
        number("latency_ms", "Time in the endpoint, milliseconds", nullable=False, minimum=0),
        count("log_position", "Position in the endpoint's inference log", nullable=False),
    ),
    unique=("request_id",),
    rebuilt_from=("inference_log",),
)

RECENT_MISTAKES = Contract(
    catalog.RECENT_MISTAKES,
    f"One row a false negative or false positive of what was served, by the consensus of its reads: the newest {NEWEST_MISTAKES} of each.",
    (
        text("request_id", "The request", nullable=False),
        date("prediction_date", "Day of the request", nullable=False),
        _SERVED,
        text("kind", "The mistake", nullable=False, allowed=MISTAKES),
        share("prediction_score", "Probability of pneumonia"),
        count("n_readers", "Readers behind the consensus", nullable=False),
        time("settled_at", "Time of the read that settled it"),
        Column(
            "is_settled",
            pl.Boolean,
            "False while a reader can still be asked about the case: it is shown to nobody",
            nullable=False,
        ),
        count("read_rank", "Highest acceptance rank of its reads", nullable=False),
    ),
    unique=("request_id",),
    rebuilt_from=("inference_log", "accepted_reads"),
)

REVIEW_PROGRESS = Contract(
    catalog.REVIEW_PROGRESS,
    "One row a day of requests, experiment and site: how many cases there are, and where their reads stand.",
    (
        text("experiment_id", "The experiment; empty: sampled for figures alone", nullable=False),
        SITE,
        date("date", "Day of the requests, UTC", nullable=False),
        count("cases", "Cases", nullable=False),
        *(
            count(state, f"Cases that are {state.replace('_', ' ')}", nullable=False)
            for state in CASE_STATES
        ),
        count("reads", "Blinded reads of them", nullable=False),
        count("read_twice", "Cases with two readers or more", nullable=False),
    ),
    unique=("experiment_id", "site", "date"),
    rebuilt_from=("review_assignments",),
)

SECOND_LOOKS = Contract(
    catalog.SECOND_LOOKS,
    "One row a day of requests: what readers made of the models' answers once they had read blind, the latest opinion on each read.",
    (
        date("date", "Day of the requests, UTC", nullable=False),
        count("agree", "The model had said the same", nullable=False),
        count("keep", "It had not, and the reader kept to the read", nullable=False),
        count("change", "The reader would answer otherwise now", nullable=False),
    ),
    unique=("date",),
    rebuilt_from=("accepted_reads",),
)


def _with_interval(name: str, told: str) -> tuple[Column, ...]:
    return (
        share(name, f"{told}; null where undefined"),
        share(f"{name}_low", "Lower end of the 95 % interval"),
        share(f"{name}_high", "Upper end of the 95 % interval"),
    )


COMPARISON_SUMMARY = Contract(
    catalog.COMPARISON_SUMMARY,
    "One row a served entity and day: traffic, coverage and performance with 95 % intervals.",
    (
        text("served_model_name", "The served entity", nullable=False),
        date("date", "Day, UTC", nullable=False),
        count("total_predictions", "Answered requests", nullable=False),
        count("feedback_count", "Answered requests with a consensus", nullable=False),
        Column(
            "feedback_coverage_pct",
            pl.Float64,
            "Their share in percent",
            nullable=False,
            minimum=0,
            maximum=100,
        ),
        *(
            count(name, f"Consensus counts: {name.upper()}", nullable=False)
            for name in ("tp", "fp", "tn", "fn")
        ),
        *(
            c
            for name in ("accuracy", "sensitivity", "specificity", "precision", "f1")
            for c in _with_interval(
                name, f"{name.capitalize()} of what was read, however it was chosen"
            )
        ),
        Column(
            "scores",
            pl.List(pl.Int64),
            f"Consensus counts by truth and probability, {BINS} equal bins a truth, NORMAL first; they can be added up",
            nullable=False,
        ),
        number(
            "label_delay_hours",
            "Median hours from the request to the read that settled it; null without one",
            minimum=0,
        ),
        count("weighted_count", "Drawn and settled cases behind the weighted figures"),
        *(
            c
            for name in ("accuracy", "sensitivity", "specificity")
            for c in _with_interval(
                f"weighted_{name}",
                f"{name.capitalize()} of drawn cases, each weighted by 1 / its logged chance",
            )
        ),
    ),
    unique=("served_model_name", "date"),
    version=2,
    rebuilt_from=("inference_log", "accepted_reads"),
)
