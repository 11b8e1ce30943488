"""Gold, beside the evidence: the small tables that the dashboard reads, so that no page ever waits
for a large one. Kept incrementally, as part four is; `cases/summaries/` says what each row counts.
"""

import dagster as dg

from xray_assets.assets.entries import asset
from xray_assets.catalog import (
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_ASSIGNMENTS,
    REVIEW_PROGRESS,
    REVIEWED_CASES,
    SCORE_BANDS,
    SECOND_LOOKS,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.tables import Tables


@asset(HOURLY_TRAFFIC, deps=[PREDICTIONS])
def hourly_traffic(tables: Tables) -> dg.MaterializeResult:
    """Images, errors and latency by hour, config, assigned and served entity, site and purpose."""
    from xray_assets.cases.summaries.traffic import bring_up_to_date

    counted = bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, HOURLY_TRAFFIC, new_images=counted))


@asset(RECENT_ERRORS, deps=[PREDICTIONS])
def recent_errors(tables: Tables) -> dg.MaterializeResult:
    """The newest requests that failed, were refused, or fell back."""
    from xray_assets.cases.summaries.errors import bring_up_to_date

    bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, RECENT_ERRORS))


@asset(RECENT_MISTAKES, deps=[PERFORMANCE, REVIEW_ASSIGNMENTS])
def recent_mistakes(tables: Tables) -> dg.MaterializeResult:
    """The newest false negatives and false positives by consensus."""
    from xray_assets.cases.summaries.mistakes import bring_up_to_date

    bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, RECENT_MISTAKES))


@asset(REVIEW_PROGRESS, deps=[REVIEW_ASSIGNMENTS])
def review_progress(tables: Tables) -> dg.MaterializeResult:
    """Cases by day, experiment, site and state of their reads."""
    from xray_assets.cases.summaries.progress import bring_up_to_date

    days = bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, REVIEW_PROGRESS, days=days))


@asset(SECOND_LOOKS, deps=[PREDICTION_FEEDBACK])
def second_looks(tables: Tables) -> dg.MaterializeResult:
    """Opinions of readers who saw the models' answers after their read, by day."""
    from xray_assets.cases.summaries.second_looks import bring_up_to_date

    days = bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, SECOND_LOOKS, days=days))


@asset(SCORE_BANDS, deps=[EXPERIMENTS, REVIEWED_CASES, REVIEW_ASSIGNMENTS, PAIRED_PREDICTIONS])
def score_bands(tables: Tables) -> dg.MaterializeResult:
    """Settled cases of the newest experiment by truth and band of both models' scores."""
    from xray_assets.cases.summaries.scores import bring_up_to_date

    cases = bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, SCORE_BANDS, cases=cases))
