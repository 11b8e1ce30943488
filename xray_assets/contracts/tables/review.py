"""Gold: the chance at which a case is to be read, and the draw of each case."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CASE_STATES, CHANCES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import (
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

REVIEW_POLICY = Contract(
    catalog.REVIEW_POLICY,
    "One row an order of review: cases of this site and these labels are read at this chance, from then until then. Where several are in force, the largest chance draws. Rows are only added.",
    (
        text("policy_hash", "SHA-256 of what was ordered together", nullable=False),
        time("effective_from", "Cases scored from then on", nullable=False),
        time("effective_until", "Cases scored before then; null: until its experiment ends"),
        text("experiment_id", "The experiment that froze it; null: every case"),
        text("site", "Cases of this site; `*`: of every site", nullable=False),
        label("champion_label", "Cases with this label of the champion; null: any"),
        label("challenger_label", "Cases with this label of the challenger; null: any"),
        number("chance", "The chance that such a case is read", nullable=False, allowed=CHANCES),
        share("entry_share", "Share of cases that enter a running experiment; null: not said here"),
        number("floor", "The chance of any case that day, in a row of a morning", allowed=CHANCES),
        text("cause", "Why", nullable=False),
        text("decided_by", "Who or what ordered it", nullable=False),
    ),
    unique=("policy_hash", "experiment_id", "site", "champion_label", "challenger_label"),
)

REVIEW_ASSIGNMENTS = Contract(
    catalog.REVIEW_ASSIGNMENTS,
    "One row a case: the chance at which it was drawn for review, the draw, and where its reads stand. The draw never changes. No label, score or model is kept here: it is what a reading room may see.",
    (
        text("experiment_id", "The experiment it counts in; null: sampled for figures alone"),
        text("request_id", "The case's request", nullable=False),
        text("case_key", "The patient's key", nullable=False),
        text("image_sha256", "SHA-256 of the decoded pixels", nullable=False),
        SITE,
        date("prediction_date", "Day of the request, UTC", nullable=False),
        LOG_POSITION,
        time("scored_at", "When it was scored", nullable=False),
        text("policy_hash", "The order of gold.review_policy that gave its chance", nullable=False),
        number("chance", "The chance at which it was drawn", nullable=False, allowed=CHANCES),
        Column(
            "u",
            pl.Float64,
            "Keyed hash of the case key, in [0, 1): drawn where it is below the chance",
            nullable=False,
            minimum=0,
            maximum=1,
        ),
        Column("drawn", pl.Boolean, "True where it is to be read", nullable=False),
        count("reads_wanted", "Readers before an adjudicator: 0, 1 or 2", nullable=False),
        time("due_at", "By when it is to be read; null where it is not drawn"),
        text("state", "Where its reads stand", nullable=False, allowed=CASE_STATES),
        count("n_reads", "Readers who have read it blinded", nullable=False),
    ),
    unique=("request_id",),
    partition_by=("prediction_date", "drawn"),  # what is asked for follows the drawn few
)
