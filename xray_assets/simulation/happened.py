"""What the house did by itself in a stretch of time, from its own records, as short lines."""

from datetime import datetime

import polars as pl

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    MONITORING_RECORD,
    RETRAINING_REQUESTS,
)
from xray_assets.contracts.tables.monitoring_record import ALERT, ESCALATION, ORDER
from xray_assets.lake.tables import Tables


def happened(tables: Tables, start: datetime, end: datetime) -> tuple[str, ...]:
    """Lines of what was recorded after `start`, up to `end`, in the order of the house's way:
    monitoring, retraining, experiments, what is served.
    """

    def rows(key: tuple[str, str], column: str) -> list[dict]:
        within = pl.col(column).is_between(start, end, closed="right")
        return tables.read(key).filter(within).sort(column).collect().to_dicts()

    told = []
    for row in rows(MONITORING_RECORD, "recorded_at"):
        if row["event"] == ORDER:
            told.append(f"reads of {row['site']} ordered at {row['chance']:.0%}")
        elif row["event"] in (ALERT, ESCALATION):
            told.append(f"{row['event']}: {row['subject'] or row['reason'] or row['level']}")
    for row in rows(RETRAINING_REQUESTS, "updated_at"):
        what = row["method"] or row["reason_code"] or ""
        version = f" {row['model']} {row['version']}" if row["version"] else ""
        told.append(f"retraining {row['state']} ({row['triggers']}) {what}{version}".strip())
    for row in rows(EXPERIMENTS, "opened_at"):
        told.append(f"experiment {row['experiment_id']} opened: {row['challenger_model']} "
                    f"{row['challenger_version']}")  # fmt: skip
    for row in rows(ENDPOINT_CONFIG, "applied_at"):
        told.append(
            f"{row['served_model_name']} serves {row['traffic_percentage']} %: {row['cause']}"
        )
    return tuple(told)
