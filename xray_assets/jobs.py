"""Named selections of the graph."""

import dagster as dg

from xray_assets import catalog

_EVALUATED = (
    catalog.PREDICTIONS,
    catalog.PAIRED_PREDICTIONS,
    catalog.PREDICTION_FEEDBACK,
    catalog.FEEDBACK_REJECTS,
    catalog.FEEDBACK_PENDING,
    catalog.REVIEW_POLICY,
    catalog.REVIEW_ASSIGNMENTS,
    catalog.PERFORMANCE,
    catalog.COMPARISON_SUMMARY,
    catalog.HOURLY_TRAFFIC,
    catalog.RECENT_ERRORS,
    catalog.RECENT_MISTAKES,
    catalog.REVIEW_PROGRESS,
    catalog.SECOND_LOOKS,
    catalog.SCORED_COUNTS,
    catalog.REVIEWED_CASES,
    catalog.REVIEWED_COUNTS,
    catalog.SCORE_BANDS,
    catalog.PROMOTION_DECISION,
)

_FOLLOWED = (
    catalog.PREDICTIONS,
    catalog.PAIRED_PREDICTIONS,
    catalog.REVIEW_POLICY,
    catalog.REVIEW_ASSIGNMENTS,
    catalog.SCORED_COUNTS,
    catalog.REVIEWED_CASES,
    catalog.REVIEWED_COUNTS,
    catalog.HOURLY_TRAFFIC,
    catalog.RECENT_ERRORS,
    catalog.REVIEW_PROGRESS,
)

_MONITORED = (
    catalog.FILM_FEATURES,
    catalog.MONITORING_BASELINES,
    catalog.MONITORING_DAYS,
    catalog.MONITORING_EVIDENCE,
    catalog.MONITORING_RECORD,
    catalog.PROFILE_METRICS,
    catalog.DRIFT_METRICS,
    catalog.ESTIMATED_PERFORMANCE,
)

lineage = dg.define_asset_job(
    "lineage",
    selection=dg.AssetSelection.all(),
    description="The main job: from films to a promotion decision.",
)
train = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets(*(family.model for family in catalog.FAMILIES.values())),
    description="Train and register every classifier; moves no role.",
)
deploy = dg.define_asset_job(
    "deploy",
    selection=dg.AssetSelection.assets(catalog.EXPERIMENTS, catalog.ENDPOINT_CONFIG),
    description=(
        "Make the endpoint serve what the experiment wants, and take the reconciler's next step "
        "where asked."
    ),
)
follow = dg.define_asset_job(
    "follow",
    selection=dg.AssetSelection.assets(*_FOLLOWED),
    description=(
        "Move, pair, draw and count what the endpoint logged, without waiting for feedback; "
        "requested by the sensor requests_logged."
    ),
)
evaluate = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.assets(*_EVALUATED),
    description=(
        "From predictions to the promotion decision; requested by the sensor feedback_arrived."
    ),
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets(
        catalog.RETRAINING_REQUESTS,
        catalog.TRAINING_FILMS,
        catalog.GOLDEN_FILMS,
        catalog.CANDIDATES,
        catalog.BACKTESTS,
    ),
    description=(
        "Decide whether a retraining is due, and carry it out up to a backtested candidate; "
        "requested by the sensor retraining_due and by `xray retrain`. Moves no traffic."
    ),
)
backtest = dg.define_asset_job(
    "backtest",
    selection=dg.AssetSelection.assets(catalog.BACKTESTS),
    description="Judge a candidate (named in the config) on all past feedback.",
)

search = dg.define_asset_job(
    "search",
    selection=dg.AssetSelection.assets(catalog.SEARCH),
    description="Look for a better classifier (the family is named in the config).",
)

monitor = dg.define_asset_job(
    "monitor",
    selection=dg.AssetSelection.assets(*_MONITORED),
    description="Judge and answer the days that are over; requested by the sensor day_closed.",
)

respond = dg.define_asset_job(
    "respond",
    selection=dg.AssetSelection.assets(catalog.MONITORING_RECORD),
    description=(
        "Answer judged days, escalate what nobody answers, send alerts; requested by the sensor "
        "response_due."
    ),
)

NEEDS_ENDPOINT = (lineage.name, deploy.name)
"""Jobs that end with something to be served: `xray materialize` looks first whether it can be."""

jobs = [lineage, train, retrain, deploy, follow, evaluate, backtest, search, monitor, respond]
