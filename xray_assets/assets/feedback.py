"""Gold, part three: what radiologists said, taken from the feedback inbox exactly once."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from xray_assets import clock
from xray_assets.assets.entries import spec
from xray_assets.catalog import (
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
)
from xray_assets.checks.source_fits import source_fits
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.contracts.tables import FEEDBACK_PENDING as PENDING_CONTRACT
from xray_assets.contracts.tables import FEEDBACK_REJECTS as REJECTS_CONTRACT
from xray_assets.contracts.tables import PREDICTION_FEEDBACK as FEEDBACK_CONTRACT
from xray_assets.resources.feedback import FeedbackInbox
from xray_assets.resources.tables import Tables

_TABLES = (FEEDBACK_CONTRACT, REJECTS_CONTRACT, PENDING_CONTRACT)


@dg.multi_asset(
    name="prediction_feedback",
    specs=[spec(contract.key, deps=[PREDICTIONS]) for contract in _TABLES],
    pool="gold",
)
def prediction_feedback(
    context: dg.AssetExecutionContext, tables: Tables, inbox: FeedbackInbox
) -> Iterator[dg.MaterializeResult]:
    """Take in the inbox's new feedback, and try again what waits for its prediction."""
    from xray_assets.feedback.coverage import coverage_table
    from xray_assets.feedback.intake.run import take_in

    accepted = superseded = rejected = waiting = 0
    days: set[date] = set()
    for step in take_in(tables, inbox, clock.now()):
        accepted, superseded = accepted + step.accepted, superseded + step.superseded
        rejected, waiting = rejected + step.rejected, waiting + step.pending
        days.update(step.days)
        context.log.info(f"accepted {accepted}, rejected {rejected}, pending {waiting}")
    counts = {
        PREDICTION_FEEDBACK: {
            "accepted": accepted,
            "superseded": superseded,
            "inbox_position": inbox.end(),
            "coverage": dg.MetadataValue.md(coverage_table(tables, days)),
        },
        FEEDBACK_REJECTS: {"rejected": rejected},
        FEEDBACK_PENDING: {"pending": waiting},
    }
    for key, figures in counts.items():
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(key), metadata=table_metadata(tables, key) | figures
        )


@dg.asset_check(asset=dg.AssetKey(FEEDBACK_PENDING))
def is_of_this_inbox(tables: Tables, inbox: FeedbackInbox) -> dg.AssetCheckResult:
    """The feedback inbox is the one that the tables took from."""
    return source_fits(inbox, tables)
