"""Gold, part four: which cases are to be read, and where their reads stand."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.entries import spec
from xray_assets.audit.draws import wrong_draws
from xray_assets.catalog import (
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.review import ReviewDesk
from xray_assets.resources.tables import Tables

NEWEST = 10_000
"""Positions of the log whose draws each run makes again."""


@dg.multi_asset(
    name="review_assignments",
    specs=[
        spec(REVIEW_POLICY, deps=[EXPERIMENTS, PREDICTIONS, PAIRED_PREDICTIONS]),
        spec(
            REVIEW_ASSIGNMENTS,
            deps=[
                REVIEW_POLICY,
                EXPERIMENTS,
                PREDICTIONS,
                PAIRED_PREDICTIONS,
                PREDICTION_FEEDBACK,
            ],
        ),
    ],
    pool="gold",
)
def review_assignments(
    context: dg.AssetExecutionContext,
    tables: Tables,
    review_desk: ReviewDesk,
    inference_log: InferenceLog,
) -> Iterator[dg.MaterializeResult]:
    """Fix the morning's floor where that was not done today, draw new cases once, and settle those
    with new reads or whose time is up. The log keeps the films that wait to be read.
    """
    from xray_assets.cases.assignments import bring_up_to_date, waiting_films
    from xray_assets.review.ordering import mornings

    done = bring_up_to_date(tables, review_desk.key(), budget=review_desk.budget, now=clock.now())
    inference_log.hold_films(waiting_films(tables))
    context.log.info(f"{done.cases} new cases, {done.drawn} drawn; {done.changed} settled again")
    today = mornings(tables).row(-1, named=True)
    yield dg.MaterializeResult(
        asset_key=REVIEW_POLICY,
        metadata=table_metadata(tables, REVIEW_POLICY)
        | {name: today[name] for name in ("floor", "entry_share", "cause")},
    )
    yield dg.MaterializeResult(
        asset_key=REVIEW_ASSIGNMENTS,
        metadata=table_metadata(tables, REVIEW_ASSIGNMENTS)
        | {"new_cases": done.cases, "drawn": done.drawn, "settled_again": done.changed},
    )


@dg.asset_check(asset=dg.AssetKey(REVIEW_ASSIGNMENTS), blocking=True)
def every_draw_is_what_was_ordered(tables: Tables, review_desk: ReviewDesk) -> dg.AssetCheckResult:
    """The newest draws, made again from their cases and orders; `xray audit verify` makes all."""
    checked, found = wrong_draws(tables, review_desk.key(), newest=NEWEST)
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(found or (checked,)),
    )


@dg.asset_check(asset=dg.AssetKey(REVIEW_ASSIGNMENTS))
def reads_keep_up(tables: Tables) -> dg.AssetCheckResult:
    """Few of the last month's drawn cases are overdue: with more, a decision waits (`backlog`)."""
    from xray_assets.cases.evidence_quality import backlog

    since = clock.now().date() - timedelta(days=30)
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", pl.col("prediction_date") >= since)
    finding = backlog(drawn.group_by("state").len().collect())
    return dg.AssetCheckResult(
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=finding.sentence,
        metadata=finding.figures,
    )
