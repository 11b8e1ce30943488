"""Gold: verdicts and backtests."""

import polars as pl

from xray_assets import catalog
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import EXPERIMENT, VERDICTS, count, number, text, time

REASON_CODES = text("reason_codes", "Why, one code a line, in the order of `reasons`")
"""Null in rows of 0.1.0, as the three heads of a decision are."""

PROMOTION_DECISION = Contract(
    catalog.PROMOTION_DECISION,
    "One row a verdict, with the figures behind it. Unchanged evidence gives no second row. Append-only and hash-chained, with the head in the event of each run and in MLflow: `xray audit verify` finds an edit.",
    (
        text("decision_id", "The decision: experiment and chain_position", nullable=False),
        EXPERIMENT,
        time("decided_at", "When", nullable=False),
        text("champion_model", "Served name of the champion", nullable=False),
        text("challenger_model", "Served name of the challenger", nullable=False),
        text("verdict", "The verdict", nullable=False, allowed=VERDICTS),
        REASON_CODES,
        text("reasons", "Why, one sentence a line", nullable=False),
        count("n_reviewed", "Reviewed cases", nullable=False),
        count("n_positive", "Reviewed cases with pneumonia", nullable=False),
        count("n_negative", "Reviewed cases without", nullable=False),
        *(
            number(name, f"E-value: {name}", nullable=False)
            for name in ("e_better", "e_worse", "e_not_missing_more", "e_missing_more")
        ),
        number("e_sample_ratio", "Sample-ratio e-value; the alarm is 100", nullable=False),
        number("recent_evidence", "Recent-evidence e-detector; the alarm is 100", nullable=False),
        text("report", "Every figure of the promotion report, JSON", nullable=False),
        text("counts", "Counts of reviewed, scored and served cases, JSON", nullable=False),
        text("rule_version", "Version of the promotion rule", nullable=False),
        text("rule_hash", "SHA-256 of the promotion rule", nullable=False),
        text("input_versions", "Delta versions of the tables read, JSON", nullable=False),
        text("evidence_sha256", "Digest of the counts", nullable=False),
        text("champion_sha256", "SHA-256 of the champion's artifact", nullable=False),
        text("challenger_sha256", "SHA-256 of the challenger's artifact", nullable=False),
        text("decided_by", "What launched the run that decided", nullable=False),
        text("run_id", "That run, in Dagster", nullable=False),
        text("experiments_head", "gold.experiments when it was decided: `<generation>:<SHA-256>`"),
        text("configs_head", "Configs served up to then: `<config_version>:<hash of all rows>`"),
        text("reads_head", "Reads accepted up to then: `<acceptance_rank>:<hash of all rows>`"),
        text("draws_head", "Cases drawn up to then: `<log_position>:<hash of all rows>`"),
        count("chain_position", "Place in the hash chain, from 1", nullable=False),
        text("previous_hash", "row_hash of the row before it", nullable=False),
        text("row_hash", "SHA-256 of all other columns, as canonical JSON", nullable=False),
    ),
    unique=("decision_id",),
    version=3,
)

BACKTESTS = Contract(
    catalog.BACKTESTS,
    "One row a backtest: a candidate and the champion of that day on every reviewed film. Append-only; never counted into an experiment. `xray backtest` runs it.",
    (
        text("run_id", "Dagster's run that made it", nullable=False),
        time("made_at", "When", nullable=False),
        text("champion_model", "Served name of the champion", nullable=False),
        text("champion_sha256", "SHA-256 of its artifact", nullable=False),
        text("candidate_model", "Served name of the candidate", nullable=False),
        text("candidate_sha256", "SHA-256 of its artifact", nullable=False),
        count("n_films", "Patients with a settled truth", nullable=False),
        count("n_scored", "Of those, films that both models scored", nullable=False),
        Column("passed", pl.Boolean, "The gate", nullable=False),
        text(
            "verdict",
            "What the promotion rule says of these films",
            nullable=False,
            allowed=VERDICTS,
        ),
        REASON_CODES,
        text("reasons", "Why, one sentence a line", nullable=False),
        text("report", "Every figure of the promotion report, JSON", nullable=False),
    ),
    unique=("run_id",),
    version=2,
)

ERASURES = Contract(
    catalog.ERASURES,
    "One row an attempt to erase a patient, written before rows go: when, by whom, what. Neither an id nor the case key is kept.",
    (
        text("case_key_sha256", "Digest of the patient's case key", nullable=False),
        time("erased_at", "When it began", nullable=False),
        text("erased_by", "Who asked for it", nullable=False),
        count("requests", "Requests that it found", nullable=False),
        Column("log_positions", pl.List(pl.Int64), "Their positions in the inference log"),
        text("reads", "SHA-256 of each read about them, by acceptance_rank, JSON"),
        text("draws", "SHA-256 of each draw of theirs, by log_position, JSON"),
        time("finished_at", "When all was out; a later attempt finishes one that was cut off"),
        text("counts", "How much it took out by store, JSON; null where it was cut off"),
    ),
    unique=("case_key_sha256", "erased_at"),
    version=3,
)
