"""Gold, of monitoring: what was done about the days, and by whom."""

import dagster as dg

from xray_assets.assets.entries import asset
from xray_assets.audit.coverage import CHAIN_HEAD
from xray_assets.audit.verify import monitoring_record as verified
from xray_assets.catalog import MONITORING_DAYS, MONITORING_RECORD, REVIEW_POLICY
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.alerts import Alerts
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.tables import Tables


@asset(MONITORING_RECORD, deps=[MONITORING_DAYS, REVIEW_POLICY])
def monitoring_record(
    context: dg.AssetExecutionContext,
    tables: Tables,
    alerts: Alerts,
    monitoring_desk: MonitoringDesk,
) -> dg.MaterializeResult:
    """Answer new days and whatever became due by time: levels, orders of review, alerts."""
    from xray_assets.monitoring.response.answer import answer
    from xray_assets.monitoring.response.record import end_of
    from xray_assets.monitoring.response.state import summed

    rows = answer(tables, alerts.senders, now=monitoring_desk.now(), run_id=context.run_id)
    state = summed(rows)
    context.log.info(f"{state.level} since {state.since}; {len(rows)} rows")
    return dg.MaterializeResult(
        metadata=table_metadata(tables, MONITORING_RECORD)
        | {
            "level": state.level,
            "episode": state.episode_id or "none",
            "acknowledged_by": state.acknowledged_by or "nobody",
            "auto_retraining": state.auto_retraining,
        }
        | ({CHAIN_HEAD: str(end_of(rows))} if rows else {})
    )


@dg.asset_check(asset=dg.AssetKey(MONITORING_RECORD))
def the_record_is_unbroken(
    context: dg.AssetCheckExecutionContext, tables: Tables
) -> dg.AssetCheckResult:
    """The whole hash chain and its witnesses, as `xray audit verify`."""
    checked, found = verified(tables, context.instance)
    return _error(found, checked)


@dg.asset_check(asset=dg.AssetKey(MONITORING_RECORD))
def alerts_arrive(
    tables: Tables, alerts: Alerts, monitoring_desk: MonitoringDesk
) -> dg.AssetCheckResult:
    """Every alert of the last week has arrived at every address that it went to."""
    from xray_assets.monitoring.response.deliveries import not_arrived
    from xray_assets.monitoring.response.record import read

    failed = not_arrived(read(tables), monitoring_desk.now())
    places = [sender.address for sender in alerts.senders()]
    return _error(
        [f"{row['alert_id']} to {row['address']}: {row['problem']}" for row in failed],
        f"alerts go to {', '.join(places) or 'nobody: no address is set (XRAY_ALERT_EMAIL)'}",
    )


def _error(found: list[str], otherwise: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(found) or otherwise,
    )
