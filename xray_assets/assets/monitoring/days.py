"""Gold, of monitoring: how closed days are judged, on what evidence, compared with what."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import dagster as dg

from xray_assets import clock
from xray_assets.assets.entries import spec
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    FILM_FEATURES,
    MONITORING_BASELINES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    XRAY_METADATA,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.monitoring.days.findings import TOLD, findings
from xray_assets.resources.images import ImageVolume
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.tables import Tables

_JUDGED_ON = (
    PREDICTIONS,
    PAIRED_PREDICTIONS,
    FILM_FEATURES,
    REVIEW_ASSIGNMENTS,
    PREDICTION_FEEDBACK,
    ENDPOINT_CONFIG,
)

EVERY_DAY = dg.FreshnessPolicy.cron("0 12 * * *", lower_bound_delta=timedelta(hours=24))
"""Shown on the lineage page; what acts on a day that was not judged reads the rows' age."""


@dg.multi_asset(
    name="monitoring_days",
    specs=[
        spec(MONITORING_BASELINES, deps=[XRAY_METADATA, *_JUDGED_ON]),
        spec(MONITORING_DAYS, deps=[MONITORING_BASELINES, *_JUDGED_ON]).replace_attributes(
            freshness_policy=EVERY_DAY
        ),
        spec(MONITORING_EVIDENCE, deps=[MONITORING_BASELINES, MONITORING_DAYS, *_JUDGED_ON]),
    ],
    pool="gold",
)
def monitoring_days(
    context: dg.AssetExecutionContext,
    tables: Tables,
    monitoring_desk: MonitoringDesk,
    inference_log: InferenceLog,
    shadow: ShadowScorer,
    volume: ImageVolume,
) -> Iterator[dg.MaterializeResult]:
    """Judge the closed days that are due, oldest first, at most seven; make the baseline that they
    are compared with, once there are days enough. Then measure what a new champion was trained on.
    """
    from xray_assets.monitoring.baselines.training import make_reference
    from xray_assets.monitoring.days.run import bring_up_to_date

    done = bring_up_to_date(
        tables,
        monitoring_desk,
        now=clock.now(),
        log_is_taken=inference_log.behind(tables) == 0,
    )
    context.log.info(f"judged {', '.join(map(str, done)) or 'no day: none is due'}")
    with ThreadPoolExecutor(shadow.threads) as pool:
        read, zone = volume.open().read_location, monitoring_desk.timezone
        make_reference(tables, shadow.classifier, read, pool, timezone=zone, now=clock.now())
    shown: dict[str, Any] = {"judged_days": len(done)} | _last_day(tables)
    for key in (MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE):
        more = shown if key == MONITORING_DAYS else {}
        yield dg.MaterializeResult(asset_key=key, metadata=table_metadata(tables, key, **more))


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(name, asset=dg.AssetKey(MONITORING_DAYS), description=told)
        for name, told in TOLD.items()
    ]
)
def the_last_day(tables: Tables, monitoring_desk: MonitoringDesk) -> Iterator[dg.AssetCheckResult]:
    """What the last judged day says. None of them blocks: the ramp's guard acts on the record."""
    from xray_assets.monitoring.days.run import due_days, is_waited_for, last_row

    zone, now = monitoring_desk.timezone, clock.now()
    overdue = [day for day in due_days(tables, zone, now) if not is_waited_for(now, day, zone)]
    for finding in findings(last_row(tables), overdue=len(overdue)):
        yield dg.AssetCheckResult(
            check_name=finding.name,
            asset_key=dg.AssetKey(MONITORING_DAYS),
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.ERROR if finding.grave else dg.AssetCheckSeverity.WARN,
            description=finding.sentence,
        )


def _last_day(tables: Tables) -> dict[str, Any]:
    from xray_assets.monitoring.days.run import last_row

    if (row := last_row(tables)) is None:
        return {"level": "no day was judged yet"}
    names = ("level", "kind", "n_films", "n_reads", "n_late", "reasons")
    return {"last_day": str(row["date"])} | {name: row[name] for name in names}
