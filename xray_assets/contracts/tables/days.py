"""Gold: what days are compared with, how each closed day was judged, and on what evidence."""

import polars as pl

from xray_assets import catalog
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import count, date, number, share, text, time

BASELINE_KINDS = TRAINING, BASELINE = ("training", "baseline")
"""What a model was trained on, which is shown; what days are compared with, which alarms."""

BASELINE_CAUSES = (FIRST, PROMOTED, ANSWERED, RENEWED, TRAINED) = (
    "first",
    "promoted",
    "answered_drift",
    "renewed",
    "trained",
)
"""Why a baseline was made: there was none; another champion, from its scores of the days before; the
same where its promotion answered a drift, of the days since the change; a person asked; of kind
training.
"""

LEVELS = (NONE, MINOR, MODERATE, MAJOR, CONCEPT, UNKNOWN) = (
    "NONE",
    "MINOR",
    "MODERATE",
    "MAJOR",
    "CONCEPT",
    "UNKNOWN",
)
"""Evidence of a day, from none; UNKNOWN: it could not be judged."""

KINDS = ("prevalence", "covariate", "segment", "performance", "concept", "operations")
"""What changed."""

NOT_SHOWN = ("state", "films", "reads")
"""Columns of these tables that hold bytes for programs."""


def _sites(name: str, description: str) -> Column:
    return Column(name, pl.List(pl.String), f"{description}; the empty name: all", nullable=False)


def _numbers(name: str, description: str) -> Column:
    return Column(name, pl.List(pl.Float64), description, nullable=False)


MONITORING_BASELINES = Contract(
    catalog.MONITORING_BASELINES,
    "One row a baseline: the films and reads that days are compared with, frozen, with their digest. Rows are only added.",
    (
        text("baseline_id", "First day, last day and digest", nullable=False),
        text("kind", "What it is for", nullable=False, allowed=BASELINE_KINDS),
        text("served_model_name", "The champion whose scores it holds", nullable=False),
        text("artifact_sha256", "Digest of that model's serving artifact", nullable=False),
        text("challenger_model_name", "The challenger whose scores it holds too; null: none"),
        text("feature_version", "Version of its features; others do not compare"),
        date("from_date", "First day; null for films of a training"),
        date("to_date", "Last day; null for films of a training"),
        date("effective_from", "First day that is compared with it; null: only shown"),
        count("n_days", "Closed days in it", nullable=False),
        count("n_films", "Films in it", nullable=False),
        count("n_patients", "Patients in it", nullable=False),
        count("n_positive_reads", "Settled reads of pneumonia in it", nullable=False),
        count("n_negative_reads", "Settled reads of normal in it", nullable=False),
        Column("sites", pl.List(pl.String), "Sites in it", nullable=False),
        text("timezone", "Time zone of its days", nullable=False),
        Column("films", pl.Binary, "Its films as Parquet, one row a film", nullable=False),
        Column("reads", pl.Binary, "Its settled reads as Parquet", nullable=False),
        text("sha256", "Digest of films and reads: others are refused", nullable=False),
        time("made_at", "When it was made", nullable=False),
        text("made_by", "Who or what made it", nullable=False),
        text("cause", "Why it was made", nullable=False, allowed=BASELINE_CAUSES),
        text("reason", "A person's reason; null where no person asked"),
        text("replaces", "The baseline in force before it; null: the first"),
        text("level_given_up", "Level of the last judged day before it", allowed=LEVELS),
    ),
    unique=("baseline_id",),
)

MONITORING_DAYS = Contract(
    catalog.MONITORING_DAYS,
    "One row a judged day, in order and once: its level of evidence, before people and cooldowns, and what it was judged on. Rows that came later are counted and change nothing.",
    (
        date("date", "The day, of XRAY_TIMEZONE", nullable=False),
        Column("day", pl.Int32, "Days since the baseline's last day, less one; null without one"),
        text("baseline_id", "What it was compared with; null: no baseline yet"),
        text("served_model_name", "The champion at its end; null: none"),
        text("artifact_sha256", "Digest of the champion's serving artifact"),
        text("experiment_id", "The experiment that ran at its end"),
        text("level", "Level of evidence", nullable=False, allowed=LEVELS),
        text("kind", "What changed; empty: nothing", nullable=False, allowed=("", *KINDS)),
        Column("families", pl.List(pl.String), "Families with a flagged stream", nullable=False),
        _sites("sites", "Sites with a flagged stream"),
        _sites("review_sites", "Sites where more reads are asked for"),
        _numbers("review_shares", "Share of their coming films to review, in that order"),
        _sites("harm_sites", "Sites where harm is proven"),
        _sites("no_harm_sites", "Sites where no harm is shown"),
        _numbers("no_harm_bounds", "Upper bound of the harm there, in that order"),
        number("log_evidence", "Log of the evidence of all families together"),
        number("shift", "Largest shift of a flagged stream, with its sign; null: none is flagged"),
        share("off_support", "Share of films off the baseline's embeddings; null: not known"),
        text("reason_codes", "Why, one code a line, in the order of `reasons`", nullable=False),
        text("reasons", "Why, one sentence a line", nullable=False),
        count("n_requests", "Requests that count", nullable=False),
        number("n_expected", "Requests that its weekday expects; null without a baseline"),
        count("n_films", "Films that were judged: all, or a sample", nullable=False),
        count("n_patients", "Their patients", nullable=False),
        count("n_missing_features", "Of those films, without features", nullable=False),
        count("n_reads", "Reads that were settled on it", nullable=False),
        count(
            "n_late",
            "Requests of days judged before that came after those were: in no judgement",
            nullable=False,
        ),
        count("log_position", "Log position that it was judged up to", nullable=False),
        count("read_rank", "Acceptance rank of reads up to which", nullable=False),
        time("closed_at", "When the day was over", nullable=False),
        time("judged_at", "When it was judged", nullable=False),
        Column(
            "state",
            pl.Binary,
            "What the detectors remember after it; null where no baseline was, and after a week",
        ),
    ),
    unique=("date",),
)

MONITORING_EVIDENCE = Contract(
    catalog.MONITORING_EVIDENCE,
    "One row a judged day, family, site and stream: the evidence that it changed, and by how much.",
    (
        date("date", "The day, of XRAY_TIMEZONE", nullable=False),
        text("baseline_id", "What it was compared with", nullable=False),
        text("family", "Family of streams", nullable=False),
        text("site", "The site; empty: all", nullable=False),
        text("stream", "What is watched, and in which direction", nullable=False),
        _numbers("log_m", "Log evidence by bet"),
        number("log_e", "Log of their mean"),
        number("payoff_mean", "Mean payoff of the day's patients; null without one"),
        count("n_units", "Patients, or reads, behind it", nullable=False),
        number("tolerance", "Change below which it is no news"),
        number("shift", "Estimated change; null where not estimated"),
        number("shift_low", "Lower end of its 95 % confidence sequence"),
        number("shift_high", "Upper end of its 95 % confidence sequence"),
        Column("flagged", pl.Boolean, "True where it is shown as changed", nullable=False),
    ),
    unique=("date", "family", "site", "stream"),
)
