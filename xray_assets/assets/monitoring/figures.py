"""Gold, of monitoring: what is shown of each judged day and never acts."""

from collections.abc import Iterator

import dagster as dg

from xray_assets.assets.entries import spec
from xray_assets.catalog import (
    DRIFT_METRICS,
    ENDPOINT_CONFIG,
    ESTIMATED_PERFORMANCE,
    FILM_FEATURES,
    MONITORING_BASELINES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROFILE_METRICS,
    REVIEW_ASSIGNMENTS,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.tables import Tables

_DESCRIBED = (
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    MONITORING_BASELINES,
    PREDICTIONS,
    PAIRED_PREDICTIONS,
    FILM_FEATURES,
    REVIEW_ASSIGNMENTS,
    PREDICTION_FEEDBACK,
    ENDPOINT_CONFIG,
)
_FIGURES = (PROFILE_METRICS, DRIFT_METRICS, ESTIMATED_PERFORMANCE)


@dg.multi_asset(
    name="monitoring_figures",
    specs=[spec(key, deps=_DESCRIBED) for key in _FIGURES],
    pool="gold",
    op_tags={"dagster/priority": "-1"},
)
def monitoring_figures(
    tables: Tables, monitoring_desk: MonitoringDesk
) -> Iterator[dg.MaterializeResult]:
    """Profiles, classical figures of drift and estimates of each judged day that has none yet."""
    from xray_assets.monitoring.figures.run import bring_up_to_date

    days = bring_up_to_date(tables, monitoring_desk)
    for key in _FIGURES:
        pictures = _pictures(tables) if key == DRIFT_METRICS else {}
        shown = table_metadata(tables, key, days=len(days))
        yield dg.MaterializeResult(asset_key=key, metadata=shown | pictures)


def _pictures(tables: Tables) -> dict[str, dg.MarkdownMetadataValue]:
    """The charts of the reading room's monitoring page."""
    from xray_assets.pictures.drawing import in_markdown, svg_of
    from xray_assets.room.monitoring.board import charts
    from xray_assets.room.monitoring.look import Look

    return {
        one.name: dg.MetadataValue.md(in_markdown(svg_of(one.specification), one.told))
        for one in charts(Look(tables))
    }
